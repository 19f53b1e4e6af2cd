//! The platform's CSV exports (`formats/history-csv.md`): what a row of them says, as the body of a message.

pub(crate) mod cancellation;
mod cells;
mod header;
mod message;
pub(crate) mod payment;
mod time;

pub(crate) use cells::{Cells, Splitter};
pub(crate) use header::{Column, Export, Header};

use contract::limits::IMPORT_RECEIPT_DIGITS;

/// A `Receipt ID` as a number that no other one has: zeros in front of it count. None if it is not `AB` and digits.
pub(crate) fn receipt_number(receipt: &str) -> Option<u64> {
    let digits = receipt.strip_prefix("AB").filter(|digits| (1..=IMPORT_RECEIPT_DIGITS).contains(&digits.len()))?;
    digits.bytes().try_fold(1, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))
}

const _: () = assert!(IMPORT_RECEIPT_DIGITS <= 18, "a one and the digits fit into 64 bits");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_receipts_have_different_numbers() {
        let check = |receipt, number| assert_eq!(receipt_number(receipt), number, "{receipt}");
        check("AB300000118", Some(1_300_000_118));
        check("AB7", Some(17));
        check("AB07", Some(107));
        check("AB999999999999999999", Some(1_999_999_999_999_999_999));
        for bad in ["AB", "", "7", "ab7", "AB7a", "AB-7", "AB 7", "AB1000000000000000000"] {
            check(bad, None);
        }
    }
}
