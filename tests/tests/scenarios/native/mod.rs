//! Types that speak to a vendor's own interface, in front of receivers as strict as its specification.

pub(crate) mod living;
pub(crate) mod recording;
pub(crate) mod refused;
pub(crate) mod repeating;
pub(crate) mod trying;

mod books;
mod connections;
mod donor;
mod events;
mod listeners;
mod watched;
