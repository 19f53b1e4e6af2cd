//! What the services say to each other, and every decision that needs no clock, network or dice.
//!
//! Nothing here is asynchronous and nothing reads the time: `now` and a roll are arguments.
//! In the order data flows: an upstream document becomes [`event::Event`]s, a webhook that takes one
//! makes a [`delivery::Delivery`], its format makes a [`plan::Plan`], and each try at it an
//! [`attempt::Attempt`]. A [`backfill::Backfill`] selects past events that take the same path.

pub mod limits;

pub mod attempt;
pub mod backfill;
pub mod body;
pub mod catalogue;
pub mod delivery;
pub mod envelope;
pub mod event;
pub mod id;
pub mod lane;
pub mod matching;
pub mod network;
pub mod plan;
pub mod retry;
pub mod signature;
pub mod trace;
pub mod upstream;
pub mod webhook;
