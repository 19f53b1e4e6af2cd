//! Made-up exports of paid and refunded contributions, for tests and measurements.
//!
//! A [`Gift`] is the record from which a row is written, and from which a test can tell what its events must be. The
//! same seed always gives the same gifts.

mod gift;
mod wall;

pub use gift::{Flaw, Gift, Gifts};
pub use wall::Wall;

use std::io::{self, Write};

/// The header of the paid and refunded exports: 101 columns, `Reserved` among them seven times.
pub const HEADER: &str = "Receipt ID,Date,Amount,Recurring Total Months,Recurrence Number,Recipient,Fundraising Page,\
Fundraising Partner,Reference Code 2,Reference Code,Donor First Name,Donor Last Name,Donor Addr1,Donor Addr2,Donor City,\
Donor State,Donor ZIP,Donor Country,Donor Occupation,Donor Employer,Donor Email,Donor Phone,New Express Signup,Comments,\
Check Number,Check Date,Employer Addr1,Employer Addr2,Employer City,Employer State,Employer ZIP,Employer Country,\
Donor ID,Fundraiser ID,Fundraiser Recipient ID,Fundraiser Contact Email,Fundraiser Contact First Name,\
Fundraiser Contact Last Name,Partner ID,Partner Contact Email,Partner Contact First Name,Partner Contact Last Name,\
Reserved,Lineitem ID,AB Test Name,AB Variation,Recipient Committee,Recipient ID,Recipient Gov ID,Recipient Election,\
Reserved,Payment ID,Payment Date,Disbursement ID,Disbursement Date,Recovery ID,Recovery Date,Refund ID,Refund Date,Fee,\
Recur Weekly,ActBlue Express Lane,Reserved,Card Type,Reserved,Reserved,Reserved,Reserved,Mobile,Recurring Upsell Shown,\
Recurring Upsell Succeeded,Double Down,Smart Recurring,Monthly Recurring Amount,Apple Pay,\
Card Replaced by Account Updater,ActBlue Express Donor,Custom Field 1 Label,Custom Field 1 Value,\
Donor US Passport Number,Text Message Opt In,Gift Identifier,Gift Declined,Shipping Addr1,Shipping City,Shipping State,\
Shipping Zip,Shipping Country,Weekly Recurring Amount,Smart Boost Amount,Smart Boost Shown,Bump Recurring Seen,\
Bump Recurring Succeeded,Weekly to Monthly Rollover Date,Weekly Recurring Sunset,Recurring Type,Recurring Pledged,Paypal,\
Kind,Managed Entity Name,Managed Entity Committee Name";

/// The header of the cancelled export: 49 columns, one of them misspelled as the platform does.
pub const CANCELLED_HEADER: &str = "Receipt ID,Recurrence Amount,Total Amount,Initial Pledge Length,\
Recurrence Frequency,Initial Contribution Date,Cancelled On,Express Donor,Donor First Name,Donor Last Name,Donor Address,\
Donor City,Donor State,Donor ZIP,Donor Country,Donor Occupation,Donor Employer,Donor Email,Donor Phone,Reference Code,\
Bump Recurring Seen,Bump Recurring Succeeded,Contribution Form,Credit Card Expiration,Recurring Period,\
Recurring Duration,AB Test Name,Weekly Recurring Sunset,Is Paypal,Is Mobile,AB Test Variation,With Express Lane,\
Express Sign Up,Text Message Option,Gift Declined,Gift Identifier,Smart Boost Amount,Recur Completed,Cancelation Reason,\
Is Eligible For Express Lane,Sequence,FEC Id,Committee Name,Recurring Amount,Form Name,Form Kind,Managed Entitity Name,\
Managed Entity Committee Name,Owner Email";

/// One row under `header`: the named cells, and blanks. A name that the header does not have is left out.
pub fn row(header: &str, cells: &[(&str, &str)]) -> String {
    let value = |name: &str| cells.iter().find(|(column, _)| *column == name).map_or("", |(_, value)| *value);
    header.split(',').map(|name| cell(value(name))).collect::<Vec<_>>().join(",")
}

/// A cell, in quotes if it needs them.
pub fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Writes an export of these gifts. Tells the line on which each of them begins.
pub fn export(out: &mut impl Write, gifts: &[Gift]) -> io::Result<Vec<u64>> {
    write!(out, "{HEADER}\r\n")?;
    let (mut line, mut lines) = (2, Vec::with_capacity(gifts.len()));
    for gift in gifts {
        let row = gift.row();
        lines.push(line);
        line += 1 + memchr::memchr_iter(b'\n', &row).count() as u64;
        out.write_all(&row)?;
        out.write_all(b"\r\n")?;
    }
    Ok(lines)
}
