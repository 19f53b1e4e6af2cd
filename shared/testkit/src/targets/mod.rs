//! Receivers that behave as the third-party systems do: as strict as their specification about what they get,
//! and with its answers, failures inside a 200, rate limits and duplicates included.
//!
//! They are written from the specification alone and share nothing with the formatters, so that a mistake
//! there is not repeated here.

pub mod actblue_default;
pub mod action_network;
pub mod actionkit;
pub mod blue_state_digital;
mod check;
pub mod ga4;
pub mod ispolitical;
mod limit;
pub mod meta;
mod mock;
pub mod nation_builder;
pub mod ngpvan;
pub mod osdi;
pub mod salsa_classic;
pub mod salsa_engage;
pub mod switchboard;
pub mod tatango;
#[cfg(test)]
mod trial;

pub use actblue_default::ActBlueDefault;
pub use action_network::ActionNetwork;
pub use actionkit::ActionKit;
pub use blue_state_digital::BlueStateDigital;
pub use ga4::Ga4;
pub use ispolitical::IsPolitical;
pub use meta::Meta;
pub use mock::{Faults, Mock, Target};
pub use nation_builder::NationBuilder;
pub use ngpvan::NgpVan;
pub use osdi::Osdi;
pub use salsa_classic::SalsaClassic;
pub use salsa_engage::SalsaEngage;
pub use switchboard::Switchboard;
pub use tatango::Tatango;
