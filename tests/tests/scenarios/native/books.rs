//! What each receiver has stored, in words that all of them share.

use testkit::receiver::{Answer, Request};
use testkit::targets::{
    ActionKit, ActionNetwork, BlueStateDigital, Faults, Ga4, IsPolitical, Meta, NationBuilder, NgpVan, Osdi,
    SalsaClassic, SalsaEngage, Switchboard, Target, Tatango,
};

/// A receiver whose books can be looked at.
pub(crate) trait Books: Target {
    /// Line item and cents of each payment, in any order.
    fn payments(&self) -> Vec<(u64, u64)>;

    /// What was given back: the keys of its payments or, where the receiver knows no better, its orders.
    fn refunds(&self) -> Vec<String> {
        Vec::new()
    }

    /// The series that were cancelled, by order or series.
    fn cancellations(&self) -> Vec<String> {
        Vec::new()
    }

    /// What came marked as a test.
    fn tests(&self) -> usize {
        0
    }

    /// Refuses the next payment in an answer that says 200.
    fn refuse_inside_200(&mut self) {}

    /// Asks to slow down next time.
    fn limit(&mut self) {}
}

/// A receiver that does what it is asked to and, once, when that has added a payment to its books, breaks the
/// connection in the place of the answer.
pub(crate) struct Breaking<T> {
    pub(crate) target: T,
    broke: bool,
}

impl<T> Breaking<T> {
    pub(crate) fn new(target: T) -> Self {
        Self { target, broke: false }
    }
}

impl<T: Books> Target for Breaking<T> {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let before = self.payments().len();
        let answer = self.target.answer(request, faults);
        let breaks = !self.broke && self.payments().len() > before;
        self.broke |= breaks;
        if breaks { Answer::reset() } else { answer }
    }
}

impl<T: Books> Books for Breaking<T> {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.target.payments()
    }
}

/// The number at the end of a key: `tributary-612004411`.
fn number(key: &str) -> u64 {
    key.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

impl Books for ActionKit {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.transactions.iter().map(|made| (number(&made.trans_id), made.amount_cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        let reversed = self.transactions.iter().filter(|made| made.is_reversed);
        reversed.map(|made| made.trans_id.clone()).collect()
    }

    fn cancellations(&self) -> Vec<String> {
        let cancelled = self.profiles.iter().filter(|(_, profile)| profile.cancelled.is_some());
        cancelled.map(|(id, _)| id.clone()).collect()
    }
}

impl Books for ActionNetwork {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.donations.iter().map(|made| (number(&made.identifier), made.amount_cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.marks.iter().filter(|mark| mark.amount_cents > 0).map(|mark| mark.order.clone()).collect()
    }

    fn cancellations(&self) -> Vec<String> {
        self.marks.iter().filter(|mark| mark.amount_cents == 0).map(|mark| mark.order.clone()).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

impl Books for BlueStateDigital {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.contributions.iter().map(|made| (number(&made.external_id), made.amount_cents)).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }
}

impl Books for Ga4 {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.purchases.iter().map(|made| (number(&made.transaction), made.cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.purchases.iter().filter(|made| made.refunds > 0).map(|made| made.transaction.clone()).collect()
    }

    fn tests(&self) -> usize {
        usize::try_from(self.validations).unwrap_or_default()
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

impl Books for IsPolitical {
    fn payments(&self) -> Vec<(u64, u64)> {
        let payments = self.records.iter().filter(|made| !made.is_refund);
        payments.map(|made| (number(&made.unique_identifier), made.amount_cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.records.iter().filter(|made| made.is_refund).map(|made| made.unique_identifier.clone()).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }
}

impl Books for Meta {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.events.iter().map(|event| (number(&event.id), event.cents)).collect()
    }

    fn tests(&self) -> usize {
        self.events.iter().filter(|event| event.is_test).count()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

impl Books for NationBuilder {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.nation.donations.iter().map(|made| (number(made.key()), made.cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        let cancelled = self.nation.donations.iter().filter(|made| made.canceled_at.is_some());
        cancelled.map(|made| made.key().to_owned()).collect()
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

impl Books for NgpVan {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.contributions.iter().map(|made| (number(&made.reference), made.amount_cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        let adjusted = self.contributions.iter().filter(|made| made.refunded_cents == made.amount_cents);
        adjusted.map(|made| made.reference.clone()).collect()
    }
}

impl Books for Osdi {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.donations.iter().map(|made| (number(&made.identifier), made.amount_cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.donations.iter().filter(|made| made.credited.is_some()).map(|made| made.identifier.clone()).collect()
    }

    fn cancellations(&self) -> Vec<String> {
        self.cancellations.iter().map(|(_, order)| order.clone()).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }
}

impl Books for SalsaClassic {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.donations.iter().map(|made| (number(&made.uid), made.cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.donations.iter().filter(|made| made.refunded.is_some()).map(|made| made.uid.clone()).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }
}

impl Books for SalsaEngage {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.charges.iter().map(|made| (number(&made.transaction), made.cents)).collect()
    }

    fn refunds(&self) -> Vec<String> {
        self.charges.iter().filter(|made| made.refunded.is_some()).map(|made| made.transaction.clone()).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_200(1);
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

impl Books for Switchboard {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.donations.iter().map(|made| (number(&made.provider_donation_id), made.cents)).collect()
    }

    fn tests(&self) -> usize {
        usize::try_from(self.tests).unwrap_or_default()
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}

/// It has no payments: donors join a list.
impl Books for Tatango {
    fn payments(&self) -> Vec<(u64, u64)> {
        self.subscribers.values().map(|_| (0, 0)).collect()
    }

    fn refuse_inside_200(&mut self) {
        self.fail_inside_201(1);
    }

    fn limit(&mut self) {
        self.limit_next(1);
    }
}
