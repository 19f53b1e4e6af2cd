//! Going through a queue for people.

use super::engine::Engine;
use super::record::{Key, Record};
use crate::backend::Decide;
use crate::broker::{Tally, Verdict};
use crate::error::Error;
use crate::message::Stored;
use crate::queue::Queue;
use runtime::clock;
use std::sync::Arc;

/// Reads page by page from the file, so that a mountain does not come into memory. One review runs at a time
/// (the caller sees to it): two could remove the same message.
pub(super) async fn review(engine: &Engine, queue: &Queue, limit: usize, decide: Decide<'_>) -> Result<Tally, Error> {
    let name: Arc<str> = queue.name().into();
    let last = engine.lock().last_seq();
    let (mut tally, mut after, mut seen) = (Tally::default(), Key::START, 0);
    while seen < limit {
        let page = engine.page(&name, after).await?;
        let Some((end, _)) = page.last() else { break };
        after = *end;
        for (key, record) in page {
            let Some(record) = record.filter(|_| key.seq <= last && seen < limit) else { continue };
            engine.room().await?;
            seen += usize::from(decide_one(engine, &name, key, &record, decide, &mut tally));
        }
    }
    if tally.dropped + tally.replaced > 0 {
        // Someone is told what was done.
        engine.flush().await?;
    }
    Ok(tally)
}

/// Decides under the lock, so that what is decided about is still there. `false` when it is not.
fn decide_one(
    engine: &Engine,
    name: &Arc<str>,
    key: Key,
    record: &Record,
    decide: Decide<'_>,
    tally: &mut Tally,
) -> bool {
    let mut state = engine.lock();
    if !state.lies(name, key) {
        return false;
    }
    match decide(&Stored { id: key.id(), body: record.body.clone(), note: record.note.clone() }) {
        Verdict::Keep => tally.kept += 1,
        Verdict::Drop => {
            state.remove(name, key);
            tally.dropped += 1;
        }
        Verdict::Replace(messages) => {
            let now = clock::now();
            for message in messages {
                state.publish(message, now);
            }
            state.remove(name, key);
            tally.replaced += 1;
        }
    }
    true
}
