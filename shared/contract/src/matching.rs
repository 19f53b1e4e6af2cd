//! Which webhooks take which events.

use crate::event::{self, Event};
use crate::lane::Lane;
use crate::webhook::{Status, Webhook};
use jiff::Timestamp;

/// Why a webhook does not take an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// The webhook is not active.
    Inactive,
    /// Its type takes other kinds.
    Kind,
    /// It came before the activation (live), or not before it (backfill). The other lane has it.
    OtherLane,
    /// Pending, or declined and not asked for.
    NotApproved,
}

/// Whether `webhook` takes `event` on `lane`. The caller has found the webhook by the event's entity or,
/// with `all_managed_pages`, by the entity that manages the form.
///
/// Live takes `received_at ≥ activated_at` and backfill `<`, so the two meet without gap or repeat.
pub fn takes(webhook: &Webhook, event: &Event, lane: Lane) -> Result<(), Miss> {
    let activated_at = heard(webhook, event)?;
    let live = event.received_at >= activated_at;
    if live != (lane == Lane::Live) {
        return Err(Miss::OtherLane);
    }
    approved(webhook, event)
}

/// Whether `webhook` takes `event`, which a backfill of it has selected. [`crate::backfill::Backfill::selects`] has
/// decided by time, and events of files can't be decided by `received_at`: it is when they were read.
pub fn takes_selected(webhook: &Webhook, event: &Event) -> Result<(), Miss> {
    heard(webhook, event)?;
    approved(webhook, event)
}

/// When the webhook was activated, if it is active and hears of this kind.
fn heard(webhook: &Webhook, event: &Event) -> Result<Timestamp, Miss> {
    if webhook.status != Status::Active {
        return Err(Miss::Inactive);
    }
    let Some(activated_at) = webhook.activated_at else { return Err(Miss::Inactive) };
    if webhook.hears(event.kind) { Ok(activated_at) } else { Err(Miss::Kind) }
}

fn approved(webhook: &Webhook, event: &Event) -> Result<(), Miss> {
    match event.status {
        None | Some(event::Status::Approved) => Ok(()),
        Some(event::Status::Declined) if webhook.options.declined => Ok(()),
        Some(event::Status::Declined | event::Status::Pending) => Err(Miss::NotApproved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::id::{EntityId, EventId, WebhookId};
    use crate::webhook::{Endpoint, Options, Type};
    use serde_json::value::RawValue;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn webhook() -> Webhook {
        let mut webhook = Webhook {
            id: WebhookId::parse("wh_1").expect("valid"),
            version: 1,
            entity: EntityId(7),
            kind: Type::DEFAULT,
            connection: None,
            settings: crate::catalogue::Settings::default(),
            endpoint: Endpoint::parse("https://crm.example.org/").expect("valid"),
            status: Status::Draft,
            status_reason: None,
            options: Options::default(),
            created_at: at(0),
            updated_at: at(0),
            activated_at: None,
        };
        webhook.activate(at(100));
        webhook
    }

    fn event(received_at: i64) -> Event {
        Event {
            id: EventId::derive(&["contribution", "1"]),
            kind: Kind::Contribution,
            entity: EntityId(7),
            lineitem: 1,
            status: Some(event::Status::Approved),
            received_at: at(received_at),
            occurred_at: None,
            managing_entity: None,
            upstream_id: None,
            body: RawValue::from_string("{}".into()).expect("JSON"),
            tracking: None,
        }
    }

    #[test]
    fn live_and_backfill_meet_without_gap_or_repeat() {
        for second in 98..=102 {
            let event = event(second);
            let lanes = Lane::ALL.into_iter().filter(|lane| takes(&webhook(), &event, *lane).is_ok());
            assert_eq!(lanes.count(), 1, "received at {second}");
        }
        assert_eq!(takes(&webhook(), &event(100), Lane::Live), Ok(()));
        assert_eq!(takes(&webhook(), &event(99), Lane::Backfill), Ok(()));
    }

    #[test]
    fn an_inactive_webhook_takes_nothing() {
        let mut webhook = webhook();
        webhook.deactivate(None);
        for lane in Lane::ALL {
            assert_eq!(takes(&webhook, &event(100), lane), Err(Miss::Inactive));
        }
        assert_eq!(takes_selected(&webhook, &event(99)), Err(Miss::Inactive));
    }

    #[test]
    fn declined_goes_where_it_was_asked_for_and_pending_nowhere() {
        let check = |status, declined, result| {
            let mut webhook = webhook();
            webhook.options.declined = declined;
            let event = Event { status, ..event(100) };
            assert_eq!(takes(&webhook, &event, Lane::Live), result, "{status:?} {declined}");
            assert_eq!(takes_selected(&webhook, &event), result, "{status:?} {declined}");
        };
        check(Some(event::Status::Declined), false, Err(Miss::NotApproved));
        check(Some(event::Status::Declined), true, Ok(()));
        check(Some(event::Status::Pending), true, Err(Miss::NotApproved));
        check(None, false, Ok(()));
    }

    #[test]
    fn another_kind_is_for_another_webhook() {
        let event = Event { kind: Kind::Refund, ..event(100) };
        assert_eq!(takes(&webhook(), &event, Lane::Live), Err(Miss::Kind));
        assert_eq!(takes_selected(&webhook(), &event), Err(Miss::Kind));
    }

    #[test]
    fn what_a_backfill_selected_is_taken_whenever_it_was_received() {
        for second in [0, 99, 100, 1_000] {
            assert_eq!(takes_selected(&webhook(), &event(second)), Ok(()), "received at {second}");
        }
    }
}
