//! The HTTP layer: thin handlers over [`crate::functions`].

mod auth;
mod backfills;
mod handlers;
mod input;
mod openapi;
mod reading;
mod routes;

pub(crate) use auth::Tokens;
pub(crate) use routes::router;

#[cfg(test)]
mod tests;
