//! Configuration: built-in defaults < a TOML file < `TRIBUTARY__…` environment variables.
//!
//! A [`Reader`] is asked for one option after the other. It notes every mistake and goes on, so that all of
//! them are reported at once, and in the end it knows every name that exists, so that what is left over is a
//! misspelled one. `config` merges the sources; it is not asked to parse values, because its own parsing turns
//! `00123` into a number and stops at the first error.

mod mistake;
mod reader;
mod sources;

pub use mistake::{Mistake, Mistakes};
pub use reader::Reader;
pub use sources::Sources;

/// What every environment variable begins with; two underscores separate sections too.
const PREFIX: &str = "TRIBUTARY";
/// Name of the file that is read when it is there.
const FILE: &str = "tributary.toml";

/// An option's name as an environment variable: `ingest.listen` is `TRIBUTARY__INGEST__LISTEN`.
pub fn environment_name(option: &str) -> String {
    format!("{PREFIX}__{}", option.replace('.', "__").to_uppercase())
}
