//! What the reader gives for whole files.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod accounting;
mod cancelled;
mod export;
mod json;
mod rejects;
mod rules;
mod sources;
mod support;
