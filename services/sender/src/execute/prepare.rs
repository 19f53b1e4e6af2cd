//! What has to be known before a plan runs: whether it still may, whether it already did, and the ledger's values.

use super::Executor;
use super::values::Values;
use crate::memory::DELIVERED_AT;
use contract::delivery::Planned;
use contract::plan::{After, Body, Condition, NoPlan, OnMissing, Part, Plan, Reference, Step, Text, To};
use jiff::Timestamp;

/// May it run?
#[derive(Debug)]
pub(crate) enum Ready {
    /// With these values.
    Go(Values),
    /// It has succeeded before, and only its acknowledgement is missing.
    Already,
    /// Never.
    Skip(NoPlan),
    /// Not before what it is about was delivered.
    NotYet,
}

impl Executor {
    /// Looks before anything is sent. Plans that use no ledger cost no question. `redelivered` says that an earlier
    /// handling of the same message may have come to its end.
    pub(crate) async fn prepare(
        &self,
        planned: &Planned,
        redelivered: bool,
        now: Timestamp,
    ) -> Result<Ready, store::Error> {
        let Planned { delivery, plan, progress } = planned;
        if plan.expires_at.is_some_and(|end| end <= now) {
            return Ok(Ready::Skip(NoPlan::TooOld));
        }
        // What staff send again is meant to be sent again.
        let noted = redelivered && plan.notes_delivery && !delivery.recheck;
        let mut values = Values { captured: progress.captured.clone(), ..Values::default() };
        let Some(keys) = needs(plan, noted) else { return Ok(Ready::Go(values)) };
        values.ledger = self.memory.read(delivery, plan.series.as_deref(), &keys).await?;
        if noted && values.ledger.line.contains_key(DELIVERED_AT) {
            return Ok(Ready::Already);
        }
        let original = match plan.after {
            None => true,
            Some(After::Line) => values.ledger.line.contains_key(DELIVERED_AT),
            Some(After::Series) => values.ledger.series.contains_key(DELIVERED_AT),
        };
        if original && plan.requires.iter().all(|reference| values.get(reference).is_some()) {
            return Ok(Ready::Go(values));
        }
        Ok(match plan.on_missing {
            OnMissing::Retry => Ready::NotYet,
            OnMissing::Skip => Ready::Skip(NoPlan::OriginalNotDelivered),
        })
    }
}

/// The keys of the resources that a plan refers to; none when it needs nothing of the ledger at all.
fn needs(plan: &Plan, noted: bool) -> Option<Vec<String>> {
    let mut named = Vec::new();
    plan.steps.iter().for_each(|step| references(step, &mut named));
    named.extend(&plan.requires);
    let any = noted || plan.after.is_some() || named.iter().any(|named| !matches!(named, Reference::Capture(_)));
    let key = |named: &&Reference| match named {
        Reference::Resource(key) => Some(key.clone()),
        _ => None,
    };
    any.then(|| named.iter().filter_map(key).collect())
}

fn references<'a>(step: &'a Step, named: &mut Vec<&'a Reference>) {
    named.extend(step.when.iter().map(|condition| match condition {
        Condition::Present(reference) | Condition::Absent(reference) | Condition::Differs(reference, _) => reference,
    }));
    match &step.to {
        To::Endpoint => {}
        To::Path(text) | To::Url(text) => in_text(text, named),
    }
    step.query.iter().for_each(|(_, text)| in_text(text, named));
    match &step.body {
        Body::None | Body::Event => {}
        Body::Json(text) | Body::JsonAsForm(text) => in_text(text, named),
        Body::Form(pairs) => pairs.iter().for_each(|(_, text)| in_text(text, named)),
    }
}

fn in_text<'a>(text: &'a Text, named: &mut Vec<&'a Reference>) {
    named.extend(text.iter().filter_map(|part| match part {
        Part::Text(_) => None,
        Part::Ref(reference) | Part::Maybe(_, reference, _) => Some(reference),
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::plan::Method;

    #[test]
    fn only_plans_that_name_the_ledger_ask_it() {
        let plain = Plan::new(1, vec![Step::new("deliver", Method::Post, Body::Event)]);
        assert_eq!(needs(&plain, false), None);
        assert_eq!(needs(&plain, true), Some(Vec::new()));
        assert_eq!(needs(&Plan { after: Some(After::Line), ..plain.clone() }, false), Some(Vec::new()));

        let reference = |reference: Reference| vec![Part::Ref(reference)];
        let of = |body| Plan::new(1, vec![Step::new("deliver", Method::Post, body)]);
        let captured = of(Body::Json(reference(Reference::Capture("van_id".to_owned()))));
        assert_eq!(needs(&captured, false), None);
        let line = of(Body::Form(vec![("key".to_owned(), reference(Reference::Line("donation_key".to_owned())))]));
        assert_eq!(needs(&line, false), Some(Vec::new()));
        let page = || Reference::Resource("page:spring".to_owned());
        for step in [
            Step { when: vec![Condition::Absent(page())], ..plain.steps[0].clone() },
            Step { to: To::Path(reference(page())), ..plain.steps[0].clone() },
            Step { query: vec![("a".to_owned(), reference(page()))], ..plain.steps[0].clone() },
        ] {
            assert_eq!(needs(&Plan::new(1, vec![step]), false), Some(vec!["page:spring".to_owned()]));
        }
    }
}
