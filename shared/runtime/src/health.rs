//! What `/readyz` answers: one probe per dependency or stage, each ready or with a reason why not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All probes of a process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    probes: Arc<Mutex<BTreeMap<String, Result<(), String>>>>,
}

/// One dependency or stage; whoever watches it keeps this.
#[derive(Debug, Clone)]
pub struct Probe {
    health: Health,
    name: String,
}

impl Health {
    /// Adds a probe that is not ready until it says so.
    pub fn probe(&self, name: impl Into<String>) -> Probe {
        let probe = Probe { health: self.clone(), name: name.into() };
        probe.not_ready("starting");
        probe
    }

    /// Name and reason of everything that is not ready; empty means ready.
    pub fn not_ready(&self) -> Vec<(String, String)> {
        let probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.iter().filter_map(|(name, state)| Some((name.clone(), state.as_ref().err()?.clone()))).collect()
    }
}

impl Probe {
    /// It works.
    pub fn ready(&self) {
        self.set(Ok(()));
    }

    /// It does not work, and why.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.set(Err(reason.into()));
    }

    fn set(&self, state: Result<(), String>) {
        self.health.probes.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), state);
    }
}
