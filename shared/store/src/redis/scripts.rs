//! What has to be atomic. Every script may run twice: a call that timed out may have run.

use redis::Script;

pub(crate) struct Scripts {
    pub(crate) add_webhook: Script,
    pub(crate) swap_webhook: Script,
    pub(crate) swap_secrets: Script,
    pub(crate) put_entity: Script,
    pub(crate) claim: Script,
    pub(crate) read_ledger: Script,
    pub(crate) write_ledger: Script,
    pub(crate) renew_lease: Script,
    pub(crate) release_lease: Script,
    pub(crate) add_backfill: Script,
    pub(crate) swap_backfill: Script,
    pub(crate) begin: Script,
    pub(crate) settle: Script,
    pub(crate) sent: Script,
    pub(crate) append_notice: Script,
    pub(crate) tell_age: Script,
    pub(crate) largest_age: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            add_webhook: Script::new(ADD_WEBHOOK),
            swap_webhook: Script::new(SWAP_WEBHOOK),
            swap_secrets: Script::new(SWAP_SECRETS),
            put_entity: Script::new(PUT_ENTITY),
            claim: Script::new(CLAIM),
            read_ledger: Script::new(READ_LEDGER),
            write_ledger: Script::new(WRITE_LEDGER),
            renew_lease: Script::new(RENEW_LEASE),
            release_lease: Script::new(RELEASE_LEASE),
            add_backfill: Script::new(ADD_BACKFILL),
            swap_backfill: Script::new(SWAP_BACKFILL),
            begin: Script::new(BEGIN),
            settle: Script::new(SETTLE),
            sent: Script::new(SENT),
            append_notice: Script::new(APPEND_NOTICE),
            tell_age: Script::new(TELL_AGE),
            largest_age: Script::new(LARGEST_AGE),
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

/// Keys: resources, their expiry, a line item, and perhaps a series.
/// Arguments: lifetime and least age of a use to note in ms, names of resources…
/// The names and values of the line item, those of the series, and the value of each resource or false.
const READ_LEDGER: &str = r"
local lifetime, use = tonumber(ARGV[1]), tonumber(ARGV[2])
local function whole(key)
  if not key then return {} end
  local left = redis.call('PTTL', key)
  if left == -2 then return {} end
  if left < lifetime - use then redis.call('PEXPIRE', key, ARGV[1]) end
  return redis.call('HGETALL', key)
end
local line, series, resources = whole(KEYS[3]), whole(KEYS[4]), {}
if ARGV[3] then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local noted = false
  for n = 3, #ARGV do
    local expires = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[n]) or 0)
    resources[n - 2] = expires > now and redis.call('HGET', KEYS[1], ARGV[n])
    if resources[n - 2] and expires < now + lifetime - use then
      redis.call('ZADD', KEYS[2], string.format('%.0f', now + lifetime), ARGV[n])
      noted = true
    end
  end
  for n = 1, 2 do
    if noted and redis.call('PTTL', KEYS[n]) < lifetime then redis.call('PEXPIRE', KEYS[n], ARGV[1]) end
  end
end
return {line, series, resources}
";

/// Keys: resources, their expiry, and the hash of each value.
/// Arguments: lifetime in ms, expired resources to remove at most, and of each value its name and row.
const WRITE_LEDGER: &str = r"
local lifetime = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function keep(key)
  if redis.call('PTTL', key) < lifetime then redis.call('PEXPIRE', key, ARGV[1]) end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
for n = 3, #KEYS do
  local name, row = ARGV[2 * n - 3], ARGV[2 * n - 2]
  redis.call('HSET', KEYS[n], name, row)
  keep(KEYS[n])
  if KEYS[n] == KEYS[1] then
    redis.call('ZADD', KEYS[2], 'GT', string.format('%.0f', now + lifetime), name)
    keep(KEYS[2])
  end
end
return 1
";

/// Key: lease. Arguments: its holder, time from now in ms.
const RENEW_LEASE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
";

/// Key: lease. Argument: its holder.
const RELEASE_LEASE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Keys: backfill, all ids, ids of its webhook, ids of its status. Arguments: id, version, webhook, status, row.
/// 1 when it is there as asked, 0 when another row has the id.
const ADD_BACKFILL: &str = r"
local found = redis.call('HGET', KEYS[1], 'row')
if found then
  if found == ARGV[5] then return 1 end
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'webhook', ARGV[3], 'status', ARGV[4], 'row', ARGV[5],
  'by_status', KEYS[4])
for n = 2, 4 do redis.call('ZADD', KEYS[n], 0, ARGV[1]) end
return 1
";

/// Keys: backfill, ids of its new status. (Its old index stands in its hash.)
/// Arguments: id, expected version, new version, new status, row.
const SWAP_BACKFILL: &str = r"
local before = redis.call('HMGET', KEYS[1], 'version', 'by_status')
if not before[1] then return 'missing' end
if before[1] ~= ARGV[2] then return 'conflict' end
redis.call('ZREM', before[2], ARGV[1])
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'status', ARGV[4], 'row', ARGV[5], 'by_status', KEYS[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 'done'
";

/// Whether a sent record has a fingerprint, and what is in its bucket. The bytes of two neighbours can look like a
/// fingerprint too: only what begins at a multiple of 8 is one.
macro_rules! recorded {
    () => {
        r"
local function recorded(record, bucket, bytes)
  local packed = redis.call('HGET', record, bucket) or ''
  local at = string.find(packed, bytes, 1, true)
  while at and at % 8 ~= 1 do at = string.find(packed, bytes, at + 1, true) end
  return at ~= nil, packed
end
"
    };
}

/// Keys: backfill, window, counts.
/// Arguments: the running status, what sent records begin with, capacity, and of each delivery its id, bucket and
/// bytes. Nothing when it is not running; else the room left, and of each delivery 0 for no room, 1 for new, 2 for
/// outstanding, 3 for repeated.
const BEGIN: &str = concat!(
    recorded!(),
    r"
local of = redis.call('HMGET', KEYS[1], 'webhook', 'status')
if of[2] ~= ARGV[1] then return false end
local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[2])
local admissions, new = {}, 0
for n = 4, #ARGV, 3 do
  local delivery, bucket, bytes = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local admission = 0
  if recorded(ARGV[2] .. of[1], bucket, bytes) then
    admission = 3
  elseif redis.call('HEXISTS', KEYS[2], delivery) == 1 then
    admission = 2
  elseif room > new then
    admission, new = 1, new + 1
    redis.call('HSET', KEYS[2], delivery, bytes .. bucket)
  end
  admissions[#admissions + 1] = admission
end
if new > 0 then redis.call('HINCRBY', KEYS[3], 'sent', new) end
return {math.max(room - new, 0), admissions}
"
);

/// Keys: backfill, window, counts.
/// Arguments: what sent records begin with, and of each delivery its id, its count, and 1 if it is to be recorded.
/// Of each delivery whether it was in the window.
const SETTLE: &str = concat!(
    recorded!(),
    r"
local record = ARGV[1] .. (redis.call('HGET', KEYS[1], 'webhook') or '')
local counted = {}
for n = 2, #ARGV, 3 do
  local held = redis.call('HGET', KEYS[2], ARGV[n])
  if held then
    redis.call('HDEL', KEYS[2], ARGV[n])
    redis.call('HINCRBY', KEYS[3], ARGV[n + 1], 1)
  end
  if held and ARGV[n + 2] == '1' then
    local bytes, bucket = string.sub(held, 1, 8), string.sub(held, 9)
    local known, packed = recorded(record, bucket, bytes)
    if not known then redis.call('HSET', record, bucket, packed .. bytes) end
  end
  counted[#counted + 1] = held and 1 or 0
end
return counted
"
);

/// Key: sent record. Arguments: of each event its bucket and bytes. Of each whether it is recorded.
const SENT: &str = concat!(
    recorded!(),
    r"
local found = {}
for n = 1, #ARGV, 2 do
  found[#found + 1] = recorded(KEYS[1], ARGV[n], ARGV[n + 1]) and 1 or 0
end
return found
"
);

/// Keys: notice, all ids. Arguments: id, row, lifetime in s, what notices begin with, expired ones to forget at most.
const APPEND_NOTICE: &str = r"
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[5] - 1)) do
  if redis.call('EXISTS', ARGV[4] .. old) == 1 then break end
  redis.call('ZREM', KEYS[2], old)
end
return 1
";

/// By the server's clock. Key: what seconds begin with. Arguments: age in ms, lifetime in s.
const TELL_AGE: &str = r"
local second = KEYS[1] .. redis.call('TIME')[1]
if (tonumber(redis.call('GET', second)) or -1) < tonumber(ARGV[1]) then
  redis.call('SET', second, ARGV[1], 'EX', ARGV[2])
end
return 1
";

/// By the server's clock. Key: what seconds begin with. Argument: how many full seconds to look back.
/// The largest age told in them and in this one, or nothing.
const LARGEST_AGE: &str = r"
local now, seconds, largest = tonumber(redis.call('TIME')[1]), {}, false
for back = 0, tonumber(ARGV[1]) do seconds[back + 1] = KEYS[1] .. string.format('%.0f', now - back) end
for _, age in ipairs(redis.call('MGET', unpack(seconds))) do
  if age and (not largest or tonumber(age) > tonumber(largest)) then largest = age end
end
return largest
";
