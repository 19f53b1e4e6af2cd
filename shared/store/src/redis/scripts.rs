//! What has to be atomic. Every script may run twice: a call that timed out may have run.

use redis::Script;

pub(crate) struct Scripts {
    pub(crate) add_webhook: Script,
    pub(crate) swap_webhook: Script,
    pub(crate) swap_secrets: Script,
    pub(crate) put_entity: Script,
    pub(crate) claim: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            add_webhook: Script::new(ADD_WEBHOOK),
            swap_webhook: Script::new(SWAP_WEBHOOK),
            swap_secrets: Script::new(SWAP_SECRETS),
            put_entity: Script::new(PUT_ENTITY),
            claim: Script::new(CLAIM),
        }
    }
}

/// Keys: webhook, secrets, all ids, ids of its entity, ids of its status.
/// Arguments: id, version, entity, row, sealed secrets, channel, announcement.
/// 1 when it is there as asked, 0 when another row has the id.
const ADD_WEBHOOK: &str = r"
local found = redis.call('HGET', KEYS[1], 'row')
if found then
  if found == ARGV[4] then return 1 end
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'entity', ARGV[3], 'row', ARGV[4],
  'by_entity', KEYS[4], 'by_status', KEYS[5])
redis.call('HSET', KEYS[2], 'version', '1', 'sealed', ARGV[5])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('ZADD', KEYS[5], 0, ARGV[1])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1
";

/// Keys: webhook, ids of its new entity, ids of its new status, secrets. (Its old indexes stand in its hash.)
/// Arguments: id, expected version, new version, new entity, row, channel; to replace the secrets with it, their
/// expected version, new version and sealed bytes. The announcement means the secrets too.
/// The entity it had, or 'missing', or 'conflict'.
const SWAP_WEBHOOK: &str = r"
local before = redis.call('HMGET', KEYS[1], 'version', 'entity', 'by_entity', 'by_status')
if not before[1] then return 'missing' end
if before[1] ~= ARGV[2] then return 'conflict' end
if ARGV[7] then
  local secrets = redis.call('HGET', KEYS[4], 'version')
  if not secrets then return 'missing' end
  if secrets ~= ARGV[7] then return 'conflict' end
  redis.call('HSET', KEYS[4], 'version', ARGV[8], 'sealed', ARGV[9])
end
redis.call('ZREM', before[3], ARGV[1])
redis.call('ZREM', before[4], ARGV[1])
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'entity', ARGV[4], 'row', ARGV[5],
  'by_entity', KEYS[2], 'by_status', KEYS[3])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
redis.call('PUBLISH', ARGV[6], '1 webhook ' .. ARGV[1] .. ' ' .. before[2] .. ' ' .. ARGV[4])
return before[2]
";

/// Key: secrets. Arguments: expected version, new version, sealed secrets, channel, announcement.
const SWAP_SECRETS: &str = r"
local version = redis.call('HGET', KEYS[1], 'version')
if not version then return 'missing' end
if version ~= ARGV[1] then return 'conflict' end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'sealed', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 'done'
";

/// Keys: entity, all ids, names. Arguments: row, padded id, channel, announcement, its members of names…
const PUT_ENTITY: &str = r"
local before = redis.call('HGET', KEYS[1], 'names')
if before then
  for member in string.gmatch(before, '[^\n]+') do redis.call('ZREM', KEYS[3], member) end
end
local members = {}
for n = 5, #ARGV do
  members[#members + 1] = ARGV[n]
  redis.call('ZADD', KEYS[3], 0, ARGV[n])
end
redis.call('HSET', KEYS[1], 'row', ARGV[1], 'names', table.concat(members, '\n'))
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
";

/// GCRA by the server's clock. Key: limit. Arguments: interval in µs, burst, slots wanted.
/// The slots taken and the wait until the next one in µs. A call that is lost after it ran costs its
/// slots, so the rate is never exceeded.
const CLAIM: &str = r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead = math.max((tonumber(redis.call('GET', KEYS[1])) or now) - now, 0)
local slack = (burst - 1) * interval
local granted = 0
if ahead <= slack then
  granted = math.min(math.floor((slack - ahead) / interval) + 1, wanted)
end
ahead = ahead + granted * interval
if granted > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000) + 1000)
end
return {granted, math.max(ahead - slack, 0)}
";
