//! What must hold of a run.

use anyhow::{Result, ensure};

/// What was looked at, and whether it holds.
#[derive(Default)]
pub(crate) struct Checks(Vec<(bool, String)>);

impl Checks {
    /// Notes whether this holds.
    pub(crate) fn expect(&mut self, holds: bool, what: String) {
        self.0.push((holds, what));
    }

    /// Prints all of them; an error when one does not hold.
    pub(crate) fn verdict(self) -> Result<()> {
        println!();
        for (holds, what) in &self.0 {
            println!("{:<8}{what}", if *holds { "ok" } else { "MISSED" });
        }
        let missed = self.0.iter().filter(|(holds, _)| !holds).count();
        ensure!(missed == 0, "{missed} of {} missed", self.0.len());
        Ok(())
    }
}
