//! The publishes of one channel that wait for their confirms.
//!
//! A confirm does not tell whether its own message was routed: lapin hands a returned message to whichever
//! confirm it completes next. What is known is only this: returned messages are handed out in the order in
//! which they came, each to the next confirm that is completed, and a message's return always comes before its
//! confirm. So a confirm that carries nothing proves that every return so far was handed to a confirm completed
//! before it; and one that carries another message's return proves nothing about its own until then.

use futures_util::future::BoxFuture;
use lapin::message::BasicReturnMessage;
use lapin::{Confirmation, Error};
use std::collections::HashSet;
use std::task::{Context, Poll};
use tokio::time::Instant;
use uuid::Uuid;

/// One message of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) job: u64,
    pub(super) index: usize,
}

/// What became of a publish.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It lies on its queue.
    Confirmed,
    /// There is no such queue.
    Returned,
    /// The queue did not take it.
    Refused,
    /// The channel is gone.
    Lost(Error),
}

struct Flight<'a> {
    ticket: Ticket,
    id: Uuid,
    since: Instant,
    confirm: BoxFuture<'a, lapin::Result<Confirmation>>,
}

/// Publishes in flight.
#[derive(Default)]
pub(super) struct Window<'a> {
    flights: Vec<Flight<'a>>,
    returns: Returns,
}

impl<'a> Window<'a> {
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// When the publish that waits longest was made.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.flights.first().map(|flight| flight.since)
    }

    /// Adds a publish and begins it: its frames are queued before this returns, so that publishes are written
    /// in the order in which they were added, and together.
    pub(super) fn begin(
        &mut self,
        ticket: Ticket,
        id: Uuid,
        mut confirm: BoxFuture<'a, lapin::Result<Confirmation>>,
    ) -> Option<Outcome> {
        // Woken by nobody: the next look at the window asks again.
        match confirm.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(result) => self.note(ticket, id, result),
            Poll::Pending => {
                self.flights.push(Flight { ticket, id, since: Instant::now(), confirm });
                None
            }
        }
    }

    /// Ready when something is decided.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Vec<(Ticket, Outcome)>> {
        let mut decided = Vec::new();
        // Another look until one finds nothing: a return may have been handed to a confirm that was completed
        // after we looked at it and before we looked at the message's own.
        while self.look(cx, &mut decided) {}
        for (ticket, routed) in self.returns.decide(self.flights.is_empty()) {
            decided.push((ticket, if routed { Outcome::Confirmed } else { Outcome::Returned }));
        }
        if decided.is_empty() { Poll::Pending } else { Poll::Ready(decided) }
    }

    fn look(&mut self, cx: &mut Context<'_>, decided: &mut Vec<(Ticket, Outcome)>) -> bool {
        let mut completed = Vec::new();
        self.flights.retain_mut(|flight| match flight.confirm.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(result) => {
                completed.push((flight.ticket, flight.id, result));
                false
            }
        });
        let found = !completed.is_empty();
        for (ticket, id, result) in completed {
            decided.extend(self.note(ticket, id, result).map(|outcome| (ticket, outcome)));
        }
        found
    }

    fn note(&mut self, ticket: Ticket, id: Uuid, result: lapin::Result<Confirmation>) -> Option<Outcome> {
        match result {
            Ok(Confirmation::Ack(carried)) => {
                self.returns.confirmed(ticket, id, carried.is_none());
                self.returns.handed.extend(carried.as_ref().and_then(returned_id));
                None
            }
            Ok(Confirmation::Nack(carried)) => {
                self.returns.handed.extend(carried.as_ref().and_then(returned_id));
                Some(Outcome::Refused)
            }
            // Can't be: the channel confirms. Counted as refused, because nothing was confirmed.
            Ok(Confirmation::NotRequested) => Some(Outcome::Refused),
            Err(error) => Some(Outcome::Lost(error)),
        }
    }
}

fn returned_id(message: &BasicReturnMessage) -> Option<Uuid> {
    message.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok())
}

/// Finds out which confirmed messages were returned.
#[derive(Debug, Default)]
struct Returns {
    /// Handed to some confirm, not yet matched with their own.
    handed: HashSet<Uuid>,
    /// Confirmed in this round: `true` when the confirm carried nothing.
    round: Vec<(Ticket, Uuid, bool)>,
    /// Confirmed in an earlier round by a confirm that carried something else.
    doubtful: Vec<(Ticket, Uuid)>,
}

impl Returns {
    fn confirmed(&mut self, ticket: Ticket, id: Uuid, empty: bool) {
        self.round.push((ticket, id, empty));
    }

    /// Ends a round in which everything that was completed before its last look was noted. `true`: routed.
    fn decide(&mut self, nothing_in_flight: bool) -> Vec<(Ticket, bool)> {
        let proof = self.round.iter().any(|(_, _, empty)| *empty);
        let mut decided = Vec::new();
        let mut doubtful = Vec::new();
        for (ticket, id) in std::mem::take(&mut self.doubtful) {
            if self.handed.remove(&id) {
                decided.push((ticket, false));
            } else if proof || nothing_in_flight {
                decided.push((ticket, true));
            } else {
                doubtful.push((ticket, id));
            }
        }
        for (ticket, id, empty) in self.round.drain(..) {
            if self.handed.remove(&id) {
                decided.push((ticket, false));
            } else if empty || nothing_in_flight {
                decided.push((ticket, true));
            } else {
                doubtful.push((ticket, id));
            }
        }
        self.doubtful = doubtful;
        decided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(index: u128) -> Ticket {
        Ticket { job: 0, index: usize::try_from(index).unwrap() }
    }

    type Confirm = (u128, Option<u128>);

    /// Each round is a list of (message, what its confirm carried) and whether something is still in flight.
    fn check(rounds: &[(&[Confirm], bool)], expected: &[(u128, bool)]) {
        let mut returns = Returns::default();
        let mut decided = Vec::new();
        for (confirms, more) in rounds {
            for (message, carried) in *confirms {
                let id = Uuid::from_u128(*message);
                returns.confirmed(ticket(*message), id, carried.is_none());
                returns.handed.extend(carried.map(Uuid::from_u128));
            }
            decided.extend(returns.decide(!more));
        }
        let expected: Vec<_> = expected.iter().map(|(message, routed)| (ticket(*message), *routed)).collect();
        assert_eq!(decided, expected, "{rounds:?}");
    }

    #[test]
    fn a_return_is_matched_by_its_own_id() {
        // The usual case: nothing returned.
        check(&[(&[(1, None), (2, None)], true)], &[(1, true), (2, true)]);
        // 2 was returned, and its return came with 1's confirm.
        check(&[(&[(1, Some(2)), (2, None)], false)], &[(1, true), (2, false)]);
        // 2's return came with a confirm that we looked at after 2's own.
        check(&[(&[(2, None), (3, Some(2))], true), (&[(4, None)], true)], &[(2, false), (3, true), (4, true)]);
    }

    #[test]
    fn a_confirm_that_carries_another_return_proves_nothing_yet() {
        // 1 and 2 were returned; 2 is confirmed first and carries 1's return, 2's own comes with 1's confirm.
        check(&[(&[(2, Some(1))], true), (&[(1, Some(2))], true)], &[(2, false), (1, false)]);
        // 3 was routed and carries 1's return: decided by the next confirm that carries nothing.
        check(&[(&[(3, Some(1))], true), (&[(1, None)], true)], &[(3, true), (1, false)]);
        // Or by nothing being in flight.
        check(&[(&[(3, Some(1)), (1, Some(4)), (4, None)], false)], &[(3, true), (1, false), (4, false)]);
    }
}
