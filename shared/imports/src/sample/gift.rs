//! Gifts: what the rows of an export are written from.

use super::wall::Wall;
use super::{HEADER, row};

/// What is wrong with a row on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// No `Receipt ID`.
    Receipt,
    /// `Lineitem ID` is no number.
    Lineitem,
    /// `Amount` is zero.
    Amount,
    /// `Date` is in the form of another country.
    Date,
    /// `Mobile` is neither `t` nor `f`.
    Flag,
    /// The last cell is missing.
    Short,
    /// A name with a byte that is no UTF-8.
    Bytes,
    /// A quote that nothing closes.
    Quote,
}

/// One paid or refunded line item, as its row says it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "an export has many columns of t and f")]
pub struct Gift {
    /// The digits of `Receipt ID`.
    pub receipt: u64,
    /// `Lineitem ID`.
    pub lineitem: u64,
    /// `Payment ID`.
    pub payment: u64,
    /// `Recipient ID`.
    pub entity: u64,
    /// `Recurrence Number`; none for a gift of one payment, whose cell is then blank.
    pub number: Option<u64>,
    /// Whether the series is weekly.
    pub weekly: bool,
    /// `Date`.
    pub date: Wall,
    /// `Date` of the first payment, if it is in the export.
    pub began: Option<Wall>,
    /// `Refund Date`.
    pub refunded: Option<Wall>,
    /// `Amount` in cents.
    pub cents: u64,
    /// `Fee` in cents.
    pub fee: Option<u64>,
    /// First and last name, street, city and employer.
    pub words: [&'static str; 5],
    /// `Donor ZIP`.
    pub zip: String,
    /// `Donor Email`.
    pub email: Option<String>,
    /// `Reference Code` and `Reference Code 2`.
    pub codes: [Option<&'static str>; 2],
    /// `Mobile`.
    pub mobile: bool,
    /// `Paypal`.
    pub paypal: bool,
    /// `ActBlue Express Donor`.
    pub express: bool,
    /// `Custom Field 1 Label` and `Value`.
    pub custom: Option<[&'static str; 2]>,
    /// What is wrong with the row.
    pub flaw: Option<Flaw>,
}

/// Gifts without end.
#[derive(Debug)]
pub struct Gifts {
    state: u64,
    made: u64,
    /// One row in so many is bad.
    one_bad_in: u64,
    /// The series that goes on: its last gift and its first date.
    series: Option<Gift>,
}

const FIRST: [&str; 5] = ["Marisol", "Teodor", "Zoë", "李", "Ana \"Nana\""];
const LAST: [&str; 5] = ["Quade", "O'Neil", "Winslade, Jr.", "Ångström", "de la Cruz"];
const STREETS: [&str; 4] = ["41 Alder Ct", "7 Ferry Landing\r\nApt 4", "12 Main St, Rear", "5\" Pipe Rd"];
const CITIES: [&str; 3] = ["Dayton", "Bath", "San José"];
const EMPLOYERS: [&str; 4] = ["Dayton Transit", "Not Employed", "", "A & B\n\"Partners\""];
const CODES: [Option<&str>; 4] = [None, Some("em-0305"), Some("seg, b"), Some("tw_\u{1f600}")];
const FLAWS: [Flaw; 8] =
    [Flaw::Receipt, Flaw::Lineitem, Flaw::Amount, Flaw::Date, Flaw::Flag, Flaw::Short, Flaw::Bytes, Flaw::Quote];

impl Gifts {
    /// Gifts of this seed, of which one in `one_bad_in` has a flaw; none if that is 0.
    pub const fn new(seed: u64, one_bad_in: u64) -> Self {
        Self { state: seed, made: 0, one_bad_in, series: None }
    }

    /// `SplitMix64`, by Steele, Lea and Flood.
    fn roll(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut roll = self.state;
        roll = (roll ^ (roll >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        roll = (roll ^ (roll >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (roll ^ (roll >> 31)) % below
    }

    fn small(&mut self, below: u32) -> u32 {
        u32::try_from(self.roll(u64::from(below))).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let roll = self.small(u32::try_from(of.len()).unwrap_or(1));
        of[roll as usize]
    }

    fn wall(&mut self) -> Wall {
        // Every hour of the days on which the clocks change comes up in a large export.
        let (year, month, day) = (2019 + self.small(7), 1 + self.small(12), 1 + self.small(28));
        Wall { year, month, day, clock: (self.small(24), self.small(60), self.small(60)) }
    }

    fn fresh(&mut self) -> Gift {
        let cents = 1 + self.roll(300_000);
        let (date, recurs) = (self.wall(), self.roll(4) == 0);
        let words =
            [self.pick(&FIRST), self.pick(&LAST), self.pick(&STREETS), self.pick(&CITIES), self.pick(&EMPLOYERS)];
        Gift {
            receipt: 300_000_000 + self.made,
            lineitem: 0,
            payment: 0,
            entity: 48_213,
            number: recurs.then_some(1),
            weekly: recurs && self.roll(3) == 0,
            date,
            began: recurs.then_some(date),
            refunded: None,
            cents,
            fee: (self.roll(5) > 0).then_some(cents * 4 / 100),
            words,
            zip: format!("{:05}", self.roll(99_999)),
            email: (self.roll(5) > 0).then(|| format!("donor{}@example.org", self.made)),
            codes: [self.pick(&CODES), self.pick(&CODES)],
            mobile: self.roll(2) == 0,
            paypal: self.roll(8) == 0,
            express: self.roll(2) == 0,
            custom: (self.roll(6) == 0).then_some(["How did you hear of us?", "A friend,\r\nI think"]),
            flaw: None,
        }
    }
}

impl Iterator for Gifts {
    type Item = Gift;

    fn next(&mut self) -> Option<Gift> {
        let goes_on = self.roll(5) > 0;
        let mut gift = match self.series.take().filter(|_| goes_on) {
            Some(last) => last.instalment(),
            None => self.fresh(),
        };
        gift.lineitem = 600_000_000 + self.made;
        gift.payment = 310_000_000 + self.made;
        gift.refunded = (self.roll(20) == 0).then(|| gift.date.months_later(1));
        self.made += 1;
        if self.one_bad_in > 0 && self.made.is_multiple_of(self.one_bad_in) {
            gift.flaw = Some(self.pick(&FLAWS));
        }
        if gift.flaw == Some(Flaw::Quote) {
            // A row with an open quote ends at its first line, and what is behind that would be a bad row of its own.
            (gift.words[2], gift.words[4], gift.custom) = (STREETS[0], EMPLOYERS[0], None);
        }
        // What is bad may be the number or the date, so no series goes on from it.
        self.series = Some(gift.clone()).filter(|gift| gift.number.is_some() && gift.flaw.is_none());
        Some(gift)
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Gift {
    /// Its row, without the line end.
    pub fn row(&self) -> Vec<u8> {
        let flag = |flag| if flag { "t" } else { "f" };
        let some = |text: Option<String>| text.unwrap_or_default();
        let (lineitem, date, amount) = (self.lineitem.to_string(), self.date.to_string(), money(self.cents));
        let receipt = format!("AB{}", self.receipt);
        let is = |flaw| self.flaw == Some(flaw);
        let [first, last, street, city, employer] = self.words;
        let amount_of = |wanted: bool| if wanted { amount.as_str() } else { "" };
        let cells: &[(&str, &str)] = &[
            ("Receipt ID", if is(Flaw::Receipt) { "" } else { &receipt }),
            ("Date", if is(Flaw::Date) { "05/11/2026" } else { &date }),
            ("Amount", if is(Flaw::Amount) { "0.00" } else { &amount }),
            ("Recurring Total Months", if self.number.is_some() { "unlimited" } else { "" }),
            ("Recurrence Number", &some(self.number.map(|number| number.to_string()))),
            ("Recipient", "Okonedo"),
            ("Fundraising Page", "spring-drive"),
            ("Reference Code", self.codes[0].unwrap_or("")),
            ("Reference Code 2", self.codes[1].unwrap_or("")),
            ("Donor First Name", first),
            ("Donor Last Name", last),
            ("Donor Addr1", street),
            ("Donor City", city),
            ("Donor State", "OH"),
            ("Donor ZIP", &self.zip),
            ("Donor Country", "United States"),
            ("Donor Employer", employer),
            ("Donor Email", self.email.as_deref().unwrap_or("")),
            ("Lineitem ID", if is(Flaw::Lineitem) { "L-1" } else { &lineitem }),
            ("Recipient Committee", "Okonedo for Harbor County"),
            ("Recipient ID", &self.entity.to_string()),
            ("Recipient Gov ID", "C00999901"),
            ("Payment ID", &self.payment.to_string()),
            ("Payment Date", &date),
            ("Refund Date", &some(self.refunded.map(|refunded| refunded.to_string()))),
            ("Fee", &some(self.fee.map(money))),
            ("Recur Weekly", flag(self.weekly)),
            ("Mobile", if is(Flaw::Flag) { "yes" } else { flag(self.mobile) }),
            ("Monthly Recurring Amount", amount_of(self.number.is_some() && !self.weekly)),
            ("Weekly Recurring Amount", amount_of(self.weekly)),
            ("ActBlue Express Donor", flag(self.express)),
            ("Custom Field 1 Label", self.custom.map_or("", |custom| custom[0])),
            ("Custom Field 1 Value", self.custom.map_or("", |custom| custom[1])),
            ("Text Message Opt In", "unknown"),
            ("Paypal", flag(self.paypal)),
            ("Kind", "page"),
        ];
        self.spoil(row(HEADER, cells))
    }

    /// The next payment of its series.
    fn instalment(self) -> Self {
        let date = if self.weekly { Wall { day: self.date.day % 28 + 1, ..self.date } } else { self.date };
        let number = self.number.map(|number| number + 1);
        Self { number, date: date.months_later(1), refunded: None, flaw: None, ..self }
    }

    fn spoil(&self, row: String) -> Vec<u8> {
        let mut bytes = row.into_bytes();
        match self.flaw {
            Some(Flaw::Short) => drop(bytes.pop()),
            // Both stand in front of the first cell behind the comma, which is a date.
            Some(Flaw::Bytes) => insert(&mut bytes, 0xff),
            Some(Flaw::Quote) => insert(&mut bytes, b'"'),
            _ => {}
        }
        bytes
    }
}

fn insert(row: &mut Vec<u8>, byte: u8) {
    let comma = row.iter().position(|byte| *byte == b',').unwrap_or(0);
    row.insert(comma + 1, byte);
}
