//! Amounts in US dollars, as whole cents.

use std::fmt;

/// An amount that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    cents: u64,
}

impl Money {
    /// An amount of this many cents.
    pub const fn of_cents(cents: u64) -> Self {
        Self { cents }
    }

    /// The amount in cents.
    pub const fn cents(self) -> u64 {
        self.cents
    }

    /// Reads digits with at most two decimals: `25`, `25.5`, `25.77`. No sign, exponent or separator.
    pub fn parse(text: &str) -> Option<Self> {
        let (dollars, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(dollars) || !digits(fraction) || fraction.len() > 2 {
            return None;
        }
        let scale = if fraction.len() == 1 { 10 } else { 1 };
        let fraction: u64 = fraction.parse().ok()?;
        let cents = dollars.parse::<u64>().ok()?.checked_mul(100)?.checked_add(fraction * scale)?;
        Some(Self { cents })
    }
}

/// One or two decimals, a trailing zero trimmed: `25.0`, `25.5`, `25.05`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, fraction) = (self.cents / 100, self.cents % 100);
        if fraction % 10 == 0 { write!(f, "{dollars}.{}", fraction / 10) } else { write!(f, "{dollars}.{fraction:02}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_trimmed_to_one_decimal() {
        let check = |cents, text: &str| assert_eq!(Money::of_cents(cents).to_string(), text);
        check(2_500, "25.0");
        check(2_550, "25.5");
        check(2_505, "25.05");
        check(2_577, "25.77");
        check(100_000, "1000.0");
        check(50, "0.5");
        check(5, "0.05");
        check(0, "0.0");
        check(u64::MAX, "184467440737095516.15");
    }

    #[test]
    fn only_digits_with_at_most_two_decimals_are_an_amount() {
        for bad in
            ["", ".", "1.", ".5", "-1", "+1", "1.234", "1e2", "1,000", "$1", "1.-5", " 1", "184467440737095516.16"]
        {
            assert_eq!(Money::parse(bad), None, "{bad}");
        }
        assert_eq!(Money::parse("007.5"), Some(Money::of_cents(750)));
    }

    proptest::proptest! {
        #[test]
        fn an_amount_survives_being_written_and_read(cents: u64) {
            let money = Money::of_cents(cents);
            proptest::prop_assert_eq!(Money::parse(&money.to_string()), Some(money));
        }
    }
}
