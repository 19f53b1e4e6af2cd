//! The whole pipeline under test: real processes, driven as their users drive them.

pub mod backfills;
pub mod installation;
pub mod process;
