//! What becomes of outcomes: the one place that turns them into messages and counts them.

use crate::handler::{Item, Made, Outcome};
use crate::telemetry::{self, Settled};
use broker::{Note, Outgoing, Queue};
use bytes::Bytes;
use contract::envelope::{self, Header, Line};
use contract::lane::{Lane, Tier};
use contract::limits;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::time::Duration;

/// An item that was decided about.
pub(crate) struct Decided<'a> {
    pub(crate) original: &'a Bytes,
    pub(crate) header: Option<&'a Header>,
    pub(crate) outcome: Outcome,
}

/// How an item waits.
struct Wait {
    after: Duration,
    why: String,
    /// What its line carries instead of what it came with.
    body: Option<Box<RawValue>>,
}

/// Turns outcomes into messages: lines for one queue travel together.
pub(crate) struct Publishing<'a> {
    queue: &'a Queue,
    stage: &'static str,
    now: Timestamp,
    lines: Vec<(Queue, Vec<Bytes>)>,
    messages: Vec<Outgoing>,
    pub(crate) settled: Vec<Settled>,
}

impl<'a> Publishing<'a> {
    pub(crate) fn new(queue: &'a Queue, stage: &'static str, now: Timestamp) -> Self {
        Self { queue, stage, now, lines: Vec::new(), messages: Vec::new(), settled: Vec::new() }
    }

    pub(crate) fn add(&mut self, decided: Decided<'_>) {
        let Decided { original, header, outcome } = decided;
        match outcome {
            Outcome::Forward(made) => {
                made.into_iter().for_each(|made| self.made(made));
                self.settled.push(Settled::Forwarded);
            }
            Outcome::Retry { after, why, body } => {
                telemetry::waits(self.stage, &why);
                self.wait(original, header, Wait { after, why, body }, Settled::Retried);
            }
            Outcome::Defer { after, why, body } => {
                telemetry::waits(self.stage, why);
                self.wait(original, header, Wait { after, why: why.to_owned(), body }, Settled::Deferred);
            }
            Outcome::Undelivered { webhook, line, why } => {
                let note = self.note(why);
                self.messages.push(Outgoing::noted(Queue::Undelivered(webhook), line, note));
                self.settled.push(Settled::Undelivered);
            }
            Outcome::Park(why) => self.park("handler", original, header, &why),
            Outcome::Skip(why) => {
                telemetry::skipped(self.stage, why);
                self.settled.push(Settled::Skipped);
            }
        }
    }

    fn made(&mut self, made: Made) {
        match made {
            Made::Line(queue, line) => self.line(queue, line),
            Made::Message(message) => self.messages.push(message),
        }
    }

    fn line(&mut self, queue: Queue, line: Bytes) {
        match self.lines.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, lines)) => lines.push(line),
            None => self.lines.push((queue, vec![line])),
        }
    }

    /// An item that came early waits on, as it is.
    pub(crate) fn wait_on(&mut self, item: &impl Item) {
        let Some(header) = item.header() else { return };
        self.delay(header.lane, remaining(Some(header), self.now), item.original().clone());
        self.settled.push(Settled::Deferred);
    }

    fn wait(&mut self, original: &Bytes, header: Option<&Header>, wait: Wait, settled: Settled) {
        let Some(header) = header else {
            return self.park("handler", original, None, "it was asked to wait but has no envelope");
        };
        let mut again = header.clone();
        again.attempt += u32::from(settled == Settled::Retried);
        again.not_before = self.now.checked_add(wait.after).ok();
        again.why = Some(wait.why);
        let line = match wait.body {
            None => envelope::under(original, again),
            Some(body) => Line::new(again, &body).encode(body.get().len()),
        };
        match line {
            Ok(line) => {
                self.delay(header.lane, wait.after, line);
                self.settled.push(settled);
            }
            Err(error) => self.park("unencodable", original, Some(header), &error.to_string()),
        }
    }

    fn delay(&mut self, lane: Lane, wait: Duration, line: Bytes) {
        self.line(Queue::Delay(lane, Tier::within(wait).unwrap_or(Tier::S1)), line);
    }

    pub(crate) fn park(&mut self, kind: &'static str, original: &Bytes, header: Option<&Header>, why: &str) {
        telemetry::parked(self.stage, kind, header.map_or("", |header| &header.id), why);
        let note = self.note(why.to_owned());
        self.messages.push(Outgoing::noted(Queue::Parked, original.clone(), note));
        self.settled.push(Settled::Parked);
    }

    fn note(&self, reason: String) -> Note {
        Note { stage: self.stage.to_owned(), reason, origin: self.queue.name(), at: self.now }
    }

    pub(crate) fn finish(self) -> Vec<Outgoing> {
        let mut outgoing = self.messages;
        for (queue, lines) in self.lines {
            let most = match queue {
                Queue::Sender(_) | Queue::Delay(..) => limits::SENDER_BATCH_LINES,
                _ => limits::BATCH_LINES,
            };
            let batches = envelope::batches(lines, most, limits::BATCH_BYTES);
            outgoing.extend(batches.into_iter().map(|body| Outgoing::new(queue.clone(), body)));
        }
        outgoing
    }
}

/// How long an item still has to wait.
pub(crate) fn remaining(header: Option<&Header>, now: Timestamp) -> Duration {
    let until = header.and_then(|header| header.not_before);
    until.map_or(Duration::ZERO, |until| Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::{Taken, envelopes};
    use telemetry::Settled::{Deferred, Forwarded, Parked, Retried, Skipped};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn line() -> Bytes {
        let header = Header::new("evt_1", String::new(), Lane::Live, NOW);
        let header = Header { not_before: Some(NOW + Duration::from_secs(90)), ..header };
        Line::new(header, 1).encode(1).expect("encodes")
    }

    #[test]
    fn everything_is_settled_once_in_the_order_in_which_it_came() {
        let taken = Taken { id: String::new(), redelivered: false, body: line() };
        let early = envelopes::<u8>(&taken).remove(0).expect("decodes");
        let mut publishing = Publishing::new(&Queue::Ingest, "test", NOW);
        publishing.park("undecodable", &line(), None, "poison");
        publishing.wait_on(&early);
        let (after, why) = (Duration::from_secs(5), "why");
        for outcome in [
            Outcome::Skip(why),
            Outcome::Forward(vec![Made::Line(Queue::Parked, line()), Made::Line(Queue::Ingest, line())]),
            Outcome::Retry { after, why: why.to_owned(), body: None },
            Outcome::Defer { after, why, body: None },
            Outcome::Park(why.to_owned()),
        ] {
            publishing.add(Decided { original: early.original(), header: early.header(), outcome });
        }
        // Without an envelope it can't wait.
        let outcome = Outcome::Defer { after, why, body: None };
        publishing.add(Decided { original: early.original(), header: None, outcome });
        assert_eq!(publishing.settled, [Parked, Deferred, Skipped, Forwarded, Retried, Deferred, Parked, Parked]);
    }

    #[test]
    fn a_line_that_waits_can_carry_something_else_and_stays_the_same_line() {
        let taken = Taken { id: String::new(), redelivered: false, body: line() };
        let item = envelopes::<u8>(&taken).remove(0).expect("decodes");
        let body = || serde_json::value::to_raw_value(&2).ok();
        let (after, why) = (Duration::from_secs(5), "why");
        let retry = Outcome::Retry { after, why: why.to_owned(), body: body() };
        for (outcome, tries, carried) in [
            (Outcome::Retry { after, why: why.to_owned(), body: None }, 1, 1),
            (retry, 1, 2),
            (Outcome::Defer { after, why, body: body() }, 0, 2),
        ] {
            let mut publishing = Publishing::new(&Queue::Ingest, "test", NOW);
            publishing.add(Decided { original: item.original(), header: item.header(), outcome });
            let made = publishing.finish();
            let [Outgoing { body, .. }] = made.as_slice() else { panic!("{made:?}") };
            let line = Line::<u8>::decode(body).expect("an envelope");
            assert_eq!((line.header.attempt, line.body), (tries, carried));
            assert_eq!(line.header.not_before, Some(NOW + after));
            let same = Header { attempt: 0, not_before: item.header.not_before, why: None, ..line.header };
            assert_eq!(same, item.header);
        }
    }
}
