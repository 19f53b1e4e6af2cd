//! Native formats: the plans of the reference events (`formats/plans.md` §2) against golden files that are written
//! from the examples of each specification, and what makes no plan.
//!
//! A golden file holds the whole plan as its wire form has it, but for the bodies: one that is JSON is shown as
//! that JSON, with `{"$ref": "capture.van_id"}` where a reference stands, and a form as text, with
//! `<ledger.line.donation_key>`.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod action_network;
mod actionkit;
mod ad_tracking;
mod blue_state_digital;
mod harness;
mod ispolitical;
mod nationbuilder;
mod ngpvan;
mod osdi;
mod reference;
mod salsa;
mod shown;
mod switchboard;
mod tatango;
mod webhook;
