//! Postal codes.

/// `45402`: the first five digits of a ZIP code, with or without its `+4`; none of what begins otherwise.
pub(crate) fn zip5(zip: Option<&str>) -> Option<&str> {
    zip?.get(..5).filter(|five| five.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_with_five_digits_has_them() {
        assert_eq!(zip5(Some("45402-1187")), Some("45402"));
        assert_eq!(zip5(Some("454021187")), Some("45402"));
        assert_eq!(zip5(Some("45402")), Some("45402"));
        for other in ["4540", "K1A 0B1", "4540é", ""] {
            assert_eq!(zip5(Some(other)), None, "{other}");
        }
        assert_eq!(zip5(None), None);
    }
}
