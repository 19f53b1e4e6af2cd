//! Donor data as the platforms match them: normalised, then hashed (`formats/ad-tracking.md` §6). A value that is
//! empty after normalisation is none.

use crate::value::{iso2, zip5};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// SHA-256 of the text, as small hex digits.
pub(super) fn hashed(text: Option<&str>) -> Option<String> {
    let digest = Sha256::digest(text.filter(|text| !text.is_empty())?);
    Some(digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// For Meta: lower case.
pub(super) fn meta_email(email: Option<&str>) -> Option<String> {
    Some(email?.trim().to_lowercase())
}

/// For GA4: lower case, without the dots that Gmail ignores.
pub(super) fn ga4_email(email: Option<&str>) -> Option<String> {
    let email = meta_email(email)?;
    match email.rsplit_once('@') {
        Some((name, domain @ ("gmail.com" | "googlemail.com"))) => Some(format!("{}@{domain}", name.replace('.', ""))),
        _ => Some(email),
    }
}

/// For Meta: lower case without punctuation.
pub(super) fn meta_name(name: Option<&str>) -> Option<String> {
    let name: String = name?.to_lowercase().chars().filter(|c| !is_punctuation(*c)).collect();
    Some(name.trim().to_owned())
}

/// For GA4: small letters.
pub(super) fn ga4_name(name: Option<&str>) -> Option<String> {
    letters(name)
}

/// For GA4: small letters, digits and single spaces.
pub(super) fn ga4_street(street: Option<&str>) -> Option<String> {
    let street = street?.to_lowercase();
    let plain: String = street.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    Some(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// For Meta: small letters.
pub(super) fn meta_city(city: Option<&str>) -> Option<String> {
    letters(city)
}

/// For Meta: the two-letter code in the United States, else without spaces and punctuation.
pub(super) fn meta_state(state: Option<&str>, country: Option<&str>) -> Option<String> {
    let state = state?.to_lowercase();
    let plain: String = state.chars().filter(|c| !c.is_whitespace() && !is_punctuation(*c)).collect();
    let is_code = plain.len() == 2 && plain.bytes().all(|byte| byte.is_ascii_lowercase());
    Some(plain).filter(|_| is_code || iso2(country) != Some("US"))
}

/// For Meta: without spaces; five digits in the United States.
pub(super) fn meta_zip(zip: Option<&str>, country: Option<&str>) -> Option<String> {
    let domestic = country.is_none() || iso2(country) == Some("US");
    if domestic && let Some(zip) = zip5(zip) {
        return Some(zip.to_owned());
    }
    Some(zip?.to_lowercase().split_whitespace().collect())
}

/// For Meta: the small code.
pub(super) fn meta_country(country: Option<&str>) -> Option<String> {
    iso2(country).map(str::to_ascii_lowercase)
}

fn letters(text: Option<&str>) -> Option<String> {
    Some(text?.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect())
}

/// The marks of ASCII, and those of other blocks that stand in names and places: a mark that joins letters, such as
/// an accent of its own, is none of them.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c,
            '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '՚'..='՟' | '։' | '־' | '׳' | '״' | '،' | '؛' | '؟' | '।' | '॥'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
            | '\u{3014}'..='\u{301f}' | '\u{30fb}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
            | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}

#[cfg(test)]
mod tests;
