//! Wall times, with the offset that US Eastern has then, by the law and not by a database.

use std::fmt;

/// A time as a clock in New York shows it, from 2007 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall {
    /// The year.
    pub year: u32,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
    /// The hour, minute and second.
    pub clock: (u32, u32, u32),
}

impl Wall {
    /// As an event has it: the first of two equal hours, and an hour later where there is none.
    pub fn sent(&self) -> String {
        let (hour, minute, second) = self.clock;
        let (begins, ends) = (sunday(self.year, 2), sunday(self.year, 1));
        let (day, hours) = ((self.month, self.day), (self.month, self.day, hour));
        let summer = hours >= (3, begins, 2) && hours < (11, ends, 2);
        let hour = if day == (3, begins) && hour == 2 { 3 } else { hour };
        let offset = if summer { "-04:00" } else { "-05:00" };
        format!("{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}{offset}", self.year, self.month, self.day)
    }

    /// The same clock time in a later month, counted on from this one.
    #[must_use]
    pub fn months_later(self, months: u32) -> Self {
        let months = self.month - 1 + months;
        Self { year: self.year + months / 12, month: months % 12 + 1, ..self }
    }
}

/// As an export has it.
impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, clock: (hour, minute, second) } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// The day of the month of the first or second Sunday of March and of November.
fn sunday(year: u32, which: u32) -> u32 {
    // Sakamoto's method, for the first of March; the first of November is the same day of the week.
    let weekday = (year + year / 4 - year / 100 + year / 400 + 2 + 1) % 7;
    (7 - weekday) % 7 + 1 + 7 * (which - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changes_of_the_clocks_are_on_the_right_days() {
        let days =
            [(2019, 10, 3), (2020, 8, 1), (2023, 12, 5), (2024, 10, 3), (2025, 9, 2), (2026, 8, 1), (2027, 14, 7)];
        for (year, march, november) in days {
            assert_eq!((sunday(year, 2), sunday(year, 1)), (march, november), "{year}");
        }
    }
}
