//! Phone numbers.

/// `+19375550142`: cut at the first letter, without anything but digits, a leading `+` kept. Ten digits, or eleven
/// that begin with 1, are a number of the United States or Canada when the country is one of them or unknown. Any
/// other number without `+` is none.
pub(crate) fn phone_e164(phone: Option<&str>, country: Option<&str>) -> Option<String> {
    let phone = phone?.trim();
    let number = phone.split(char::is_alphabetic).next()?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if number.trim_start().starts_with('+') {
        return (!digits.is_empty()).then(|| format!("+{digits}"));
    }
    let north_american = country.is_none_or(|country| matches!(country, "United States" | "Canada"));
    match digits.len() {
        10 if north_american => Some(format!("+1{digits}")),
        11 if north_american && digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

/// `19375550142`
pub(crate) fn phone_digits(phone: Option<&str>, country: Option<&str>) -> Option<String> {
    Some(phone_e164(phone, country)?.trim_start_matches('+').to_owned())
}

/// `9375550142`: ten digits of `+1` numbers, else as [`phone_e164`].
pub(crate) fn phone_local(phone: Option<&str>, country: Option<&str>) -> Option<String> {
    let number = phone_e164(phone, country)?;
    match number.strip_prefix("+1") {
        Some(local) if local.len() == 10 => Some(local.to_owned()),
        _ => Some(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalised_or_left_out() {
        let check = |phone, country, expected: Option<&str>| {
            assert_eq!(phone_e164(Some(phone), country).as_deref(), expected, "{phone} {country:?}");
        };
        check("9375550142", Some("United States"), Some("+19375550142"));
        check("(937) 555-0142 ext. 9", None, Some("+19375550142"));
        check("1 937 555 0142", Some("Canada"), Some("+19375550142"));
        check("+44 20 7946 0958", Some("United Kingdom"), Some("+442079460958"));
        check("020 7946 0958", Some("United Kingdom"), None);
        check("555-0142", None, None);
        check("+", None, None);
        check("call me", None, None);
        assert_eq!(phone_local(Some("9375550142"), None).as_deref(), Some("9375550142"));
        assert_eq!(phone_local(Some("+442079460958"), None).as_deref(), Some("+442079460958"));
        assert_eq!(phone_digits(Some("9375550142"), None).as_deref(), Some("19375550142"));
        assert_eq!(phone_e164(None, None), None);
    }
}
