//! How a process lives: configuration, telemetry, tasks, health, HTTP, shutdown and the admin endpoint.

#![warn(missing_docs)]

pub mod admin;
pub mod clock;
pub mod config;
pub mod exit;
pub mod health;
pub mod http;
pub mod shutdown;
pub mod task;
pub mod telemetry;
pub mod trace;
