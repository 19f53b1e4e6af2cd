//! The reference events.

use contract::event::{Event, Kind};
use contract::upstream;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What an event is to a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    Contribution,
    Instalment,
    Refund,
    Cancellation,
}

impl Occasion {
    pub(crate) const ALL: [Self; 4] = [Self::Contribution, Self::Instalment, Self::Refund, Self::Cancellation];

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Contribution | Self::Instalment => Kind::Contribution,
            Self::Refund => Kind::Refund,
            Self::Cancellation => Kind::Cancellation,
        }
    }

    /// The name of its golden file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Instalment => "instalment",
            _ => self.kind().name(),
        }
    }
}

/// The reference event of an occasion, with `changes` to its body: objects merge, everything else is replaced.
pub(crate) fn event(occasion: Occasion, changes: Value) -> Event {
    let mut body = parse(include_str!("reference/contribution.json"));
    match occasion {
        Occasion::Contribution => {}
        Occasion::Instalment => merge(&mut body, parse(include_str!("reference/instalment.json"))),
        Occasion::Refund => merge(&mut body, parse(include_str!("reference/refund.json"))),
        Occasion::Cancellation => merge(&mut body, parse(include_str!("reference/cancellation.json"))),
    }
    merge(&mut body, changes);
    let message = json!({"type": occasion.kind().name(), "data": body}).to_string();
    upstream::native(message.as_bytes(), Timestamp::UNIX_EPOCH).expect("a good message").remove(0)
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(into.entry(key).or_insert_with(|| Value::Object(Map::new())), change);
            }
        }
        (into, change) => *into = change,
    }
}
