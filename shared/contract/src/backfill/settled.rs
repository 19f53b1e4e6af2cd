//! How deliveries of a backfill end.

/// How a delivery was settled for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// The receiver has it.
    Done,
    /// It was given up and lies with the undelivered, so a later backfill may send it again.
    Failed,
    /// It was not sent on purpose.
    Skipped,
}

impl Settled {
    /// Its count.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether no backfill of the webhook sends it again.
    pub const fn is_recorded(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }
}
