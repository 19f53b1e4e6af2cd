//! What is wrong with a configuration, for the person who repairs it.

use super::environment_name;
use std::fmt;

/// One mistake. It never quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The option's environment variable, or the file.
    pub place: String,
    /// What is wrong and how to put it right.
    pub message: String,
}

impl Mistake {
    /// A mistake in an option, named as in the file: `ingest.listen`.
    pub fn of_option(option: &str, message: impl Into<String>) -> Self {
        Self { place: environment_name(option), message: message.into() }
    }
}

/// Every mistake of a configuration; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} mistake{}:", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {}: {}", mistake.place, mistake.message))
    }
}

impl std::error::Error for Mistakes {}
