//! Amounts, from whole cents.

use crate::view::Amount;

/// An amount in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cents(u64);

impl Cents {
    pub(crate) const fn of(cents: u64) -> Self {
        Self(cents)
    }

    /// `cents(money)`: `2750`.
    pub(crate) const fn whole(self) -> u64 {
        self.0
    }

    /// `dec2(money)` as text, `num(money)` as a JSON number: `27.50`.
    pub(crate) fn decimal(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl From<Amount> for Cents {
    fn from(amount: Amount) -> Self {
        Self(amount.0.cents())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn two_decimals_are_the_cents(cents: u64) {
            let text = Cents::of(cents).decimal();
            let (dollars, rest) = text.split_once('.').expect("a point");
            proptest::prop_assert_eq!(rest.len(), 2);
            proptest::prop_assert_eq!(format!("{dollars}{rest}").parse::<u64>().expect("digits"), cents);
        }
    }
}
