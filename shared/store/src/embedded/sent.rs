//! The sent record of a webhook: a row for each bucket, with the fingerprints one behind another.

use contract::backfill::Fingerprint;
use redb::{ReadableTable, Table};

/// Bytes of a fingerprint.
const WIDTH: usize = 8;

pub(super) fn is_recorded(
    table: &impl ReadableTable<(&'static str, u16), &'static [u8]>,
    webhook: &str,
    event: Fingerprint,
) -> Result<bool, redb::Error> {
    let found = table.get((webhook, event.bucket()))?;
    Ok(found.is_some_and(|packed| has(packed.value(), event)))
}

/// Adds the event, unless it is there.
pub(super) fn record(
    table: &mut Table<'_, (&'static str, u16), &'static [u8]>,
    webhook: &str,
    event: Fingerprint,
) -> Result<(), redb::Error> {
    let key = (webhook, event.bucket());
    let mut packed = table.get(key)?.map(|packed| packed.value().to_vec()).unwrap_or_default();
    if !has(&packed, event) {
        packed.extend(event.bytes());
        table.insert(key, packed.as_slice())?;
    }
    Ok(())
}

fn has(packed: &[u8], event: Fingerprint) -> bool {
    packed.chunks_exact(WIDTH).any(|bytes| bytes == event.bytes())
}
