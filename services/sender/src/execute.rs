//! Runs plans: what is known before, the request of each step, its answer, what is captured, what it means.

pub(crate) mod answer;
mod body;
mod captures;
mod patterns;
mod prepare;
mod ran;
mod request;
mod run;
pub(crate) mod text;
pub(crate) mod url;
pub(crate) mod values;
pub(crate) mod verdict;
mod xml;

pub(crate) use prepare::Ready;
pub(crate) use ran::{Attempted, Ran};

use crate::auth::{Auth, Party};
use crate::client::Client;
use crate::gate::Gate;
use crate::memory::Memory;
use contract::delivery::Planned;
use contract::lane::Lane;
use store::Store;

/// Executes plans.
pub(crate) struct Executor {
    client: Client,
    auth: Auth,
    memory: Memory,
    pub(crate) gate: Gate,
}

/// One plan to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) planned: &'a Planned,
    pub(crate) party: Party<'a>,
    pub(crate) lane: Lane,
    /// An earlier handling of the same message may have made requests.
    pub(crate) redelivered: bool,
}

impl Executor {
    /// Sends through this client, each step at the pace of this gate.
    pub(crate) fn new(client: Client, store: &Store, memory: Memory, gate: Gate) -> Self {
        Self { client, auth: Auth::new(store.clone()), memory, gate }
    }
}
