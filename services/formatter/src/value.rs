//! The value helpers that mapping tables name (`formats/plans.md` §3).

mod country;
mod money;
mod phone;
mod slug;
mod time;
mod zip;

pub(crate) use country::iso2;
pub(crate) use money::Cents;
pub(crate) use phone::{phone_digits, phone_e164, phone_local};
pub(crate) use slug::{answers, slug};
pub(crate) use time::{date, eastern, unix, utc, utc_ms, utc_naive, utc_text};
pub(crate) use zip::zip5;
