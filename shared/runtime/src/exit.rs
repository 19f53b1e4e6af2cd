//! How the program ends: the documented exit codes.

use std::process::{ExitCode, Termination};

/// What the exit code says. The numbers follow `sysexits.h` where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked to.
    Success,
    /// It could not, for a reason that it printed.
    Failure,
    /// Arguments or configuration are wrong; nothing was started.
    Usage,
    /// The instance, the broker or the store can't be reached.
    Unavailable,
    /// A second signal ended it before it had finished what it held.
    Interrupted,
}

impl Exit {
    /// The number that a shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Interrupted => 130,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
