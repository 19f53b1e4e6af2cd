//! ActionKit's REST API (`formats/actionkit.md`): gifts as donations of an import stub, whose series have profiles.

mod body;

use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::value::Cents;
use contract::plan::{
    After, Body, Capture, Check, Condition, From, Method, NoPlan, Operator, Part, Plan, Reference, Remember, Rule,
    Scope, Statuses, Step, Text, To,
};

/// In the ledger, of a line and of a series: the order that `donationpush` made.
const ORDER: &str = "order_id";
/// In the ledger, of a line: the transaction that `recurringpaymentpush` made.
const TRANSACTION: &str = "transaction_id";
/// In the ledger, of a series: what its profile charges, which is what ActionKit takes for the amount of a payment.
const PROFILE_AMOUNT: &str = "profile_amount";

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution => contribution(input),
        Occasion::Instalment => instalment(input),
        Occasion::Refund => Ok(refund(input)),
        Occasion::Cancellation => Ok(cancellation(input)),
    }
}

fn contribution(input: &Input<'_>) -> Result<Plan, Refusal> {
    let later = input.body.lineitem().recurring_amount.map(Cents::from);
    let later = later.filter(|later| input.recurring() && *later != input.amount());
    let mut steps = vec![push(input)?];
    steps.extend(later.map(|amount| profile(input, amount)));
    Ok(Plan { remember: remember(input, later.unwrap_or(input.amount())), ..input.plan(steps) })
}

/// The last two steps serve a webhook that starts in the middle of a series, and a series whose contribution ActionKit
/// had already. Its profile can be there with another amount, which would be that of every later payment.
fn instalment(input: &Input<'_>) -> Result<Plan, Refusal> {
    let amount = input.amount();
    let order = || Reference::Series(ORDER.to_owned());
    let not_found = Condition::Absent(Reference::Capture(TRANSACTION.to_owned()));
    // A plan that is made anew after its push pays no second time.
    let not_pushed = Condition::Absent(Reference::Line(ORDER.to_owned()));
    let lookup = Step { recheck: true, ..search("lookup", "/transaction/", ("trans_id", input.key()), TRANSACTION) };
    let profile_differs = Condition::Differs(Reference::Series(PROFILE_AMOUNT.to_owned()), amount.decimal());
    let mut steps = vec![
        lookup,
        Step { when: vec![Condition::Present(order()), profile_differs, not_found.clone()], ..profile(input, amount) },
        Step { when: vec![Condition::Present(order()), not_pushed, not_found], ..payment(input) },
        Step { when: vec![Condition::Absent(order())], ..push(input)? },
    ];
    if input.recurring() {
        let pushed = Condition::Present(Reference::Capture(ORDER.to_owned()));
        steps.push(Step { name: "pushed_profile".to_owned(), when: vec![pushed], ..profile(input, amount) });
    }
    Ok(Plan { remember: remember(input, amount), ..input.plan(steps) })
}

/// The first step serves a contribution that ActionKit had already, because its 409 gives no order id.
fn refund(input: &Input<'_>) -> Plan {
    let order = || Reference::Line(ORDER.to_owned());
    let transaction = || Reference::Line(TRANSACTION.to_owned());
    let steps = vec![
        Step {
            when: vec![Condition::Absent(order()), Condition::Absent(transaction())],
            ..search("find", "/order/", ("import_id", input.key()), ORDER)
        },
        Step { when: vec![Condition::Present(order())], ..reverse("order", order()) },
        Step {
            when: vec![Condition::Absent(order()), Condition::Present(transaction())],
            ..reverse("transaction", transaction())
        },
    ];
    Plan { after: Some(After::Line), ..input.plan(steps) }
}

fn cancellation(input: &Input<'_>) -> Plan {
    let step = post("cancel", Part::text("/profilecancelpush/"), Body::Json(body::cancellation(input)));
    Plan { after: Some(After::Series), ..input.plan(vec![step]) }
}

fn push(input: &Input<'_>) -> Result<Step, Refusal> {
    let email = input.body.donor.email.get().ok_or(NoPlan::NoEmail)?;
    let mut order = Capture::json(ORDER, "/order/id").required().scope(Scope::Line);
    if input.recurring() {
        order = order.scope(Scope::Series);
    }
    Ok(Step {
        success: vec![Rule::status(&[200, 201]).and(Check::json("/order/id", Operator::Present))],
        duplicate: vec![Rule::status(&[409])],
        capture: vec![order],
        ..post("push", Part::text("/donationpush/"), Body::Json(body::donation(input, email)))
    })
}

fn profile(input: &Input<'_>, amount: Cents) -> Step {
    post("profile", Part::text("/profileupdatepush/"), Body::Json(body::profile(input, amount)))
}

fn payment(input: &Input<'_>) -> Step {
    let location = Capture {
        from: From::Header("location".to_owned()),
        pattern: Some("/transaction/([0-9]+)/".to_owned()),
        ..Capture::json(TRANSACTION, "")
    };
    Step {
        capture: vec![location.scope(Scope::Line)],
        ..post("payment", Part::text("/recurringpaymentpush/"), Body::Json(body::payment(input)))
    }
}

/// Gives a whole payment back, in ActionKit's books only.
fn reverse(of: &str, id: Reference) -> Step {
    let path = vec![Part::Text(format!("/{of}/")), Part::Ref(id), Part::Text("/reverse/".to_owned())];
    let reversed = Check::json("/order_id", Operator::Matches("already been reversed".to_owned()));
    Step {
        success: vec![Rule::status(&[200, 201, 202])],
        duplicate: vec![Rule::status(&[400]).and(reversed)],
        ..post(of, path, Body::None)
    }
}

/// A change that ActionKit answers with 200 or 201.
fn post(name: &str, path: Text, body: Body) -> Step {
    Step {
        to: To::Path(path),
        headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
        success: vec![Rule::status(&[200, 201])],
        ..Step::new(name, Method::Post, body)
    }
}

/// The id of the first record that a list has for this filter. A 400 says that there is no such filter, and so
/// counts as not found.
fn search(name: &str, list: &str, (filter, value): (&str, String), found: &str) -> Step {
    let id = Capture { status: Some(Statuses::In(vec![200])), ..Capture::json(found, "/objects/0/id") };
    Step {
        to: To::Path(Part::text(list)),
        query: vec![(filter.to_owned(), Part::text(value))],
        success: vec![Rule::status(&[200, 400])],
        capture: vec![id.scope(Scope::Line)],
        ..Step::new(name, Method::Get, Body::None)
    }
}

/// What the series' profile charges when the plan has succeeded.
fn remember(input: &Input<'_>, amount: Cents) -> Vec<Remember> {
    let amount = Remember { scope: Scope::Series, name: PROFILE_AMOUNT.to_owned(), value: amount.decimal() };
    input.recurring().then_some(amount).into_iter().collect()
}
