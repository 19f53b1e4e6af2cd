//! Fictional contributions, a refund and a cancellation.

use contract::event::Kind;
use contract::id::EntityId;
use dashboard::sample::{body, set};
use serde_json::{Value, json};

const DONORS: [(&str, &str); 6] = [
    ("Marisol", "Quade"),
    ("Teodor", "Winslade"),
    ("Imani", "Kessler"),
    ("Rosalind", "Ferro"),
    ("Anselm", "Okafor"),
    ("Beatriz", "Lund"),
];
const AMOUNTS: [&str; 5] = ["27.5", "5.0", "250.0", "18.25", "75.0"];
/// Contributions before the refund and the cancellation.
const FIRST: usize = 5;

/// Makes messages that are all different.
pub(super) struct Samples {
    entity: EntityId,
    made: usize,
}

impl Samples {
    pub(super) fn new(entity: u64) -> Self {
        Self { entity: EntityId(entity), made: 0 }
    }

    /// Contributions, then the refund of the first and the cancellation of the second.
    pub(super) fn first(&mut self) -> Vec<Value> {
        let mut messages: Vec<_> = (0..FIRST).map(|_| self.next()).collect();
        messages.push(self.message(Kind::Refund, 0));
        messages.push(self.message(Kind::Cancellation, 1));
        messages
    }

    /// One more contribution.
    pub(super) fn next(&mut self) -> Value {
        self.made += 1;
        self.message(Kind::Contribution, self.made - 1)
    }

    fn message(&self, kind: Kind, number: usize) -> Value {
        let mut data = body(kind, self.entity);
        let (first, last) = DONORS[number % DONORS.len()];
        set(&mut data, "/donor/firstname", json!(first));
        set(&mut data, "/donor/lastname", json!(last));
        set(&mut data, "/donor/email", json!(format!("{}@example.org", first.to_lowercase())));
        set(&mut data, "/contribution/orderNumber", json!(format!("AB{}", 300_000_118 + number)));
        set(&mut data, "/lineitems/0/amount", json!(AMOUNTS[number % AMOUNTS.len()]));
        set(&mut data, "/lineitems/0/lineitemId", json!(612_004_411 + number));
        json!({ "type": kind.name(), "data": data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_sample_is_a_valid_message_and_an_event_of_its_own() {
        let mut samples = Samples::new(48_213);
        let mut messages = samples.first();
        messages.extend((0..20).map(|_| samples.next()));
        let events = messages.iter().map(|message| {
            let events = contract::upstream::native(message.to_string().as_bytes(), runtime::clock::now());
            let events = events.expect("valid");
            assert_eq!(events.len(), 1);
            events[0].id.clone()
        });
        assert_eq!(events.collect::<BTreeSet<_>>().len(), messages.len());
    }
}
