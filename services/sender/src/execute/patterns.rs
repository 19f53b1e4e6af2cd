//! Regular expressions of a plan. They come from our own formatters; their size is bounded all the same, because
//! plans travel through queues.

use contract::limits;
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;

/// The expressions that one attempt has met so far. None stands for one that can't be used: nothing matches it.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<(bool, String), Option<Regex>>);

impl Patterns {
    /// Whether a match is found, without regard to case.
    pub(crate) fn find(&mut self, pattern: &str, text: &str) -> bool {
        self.compiled(pattern, true).is_some_and(|regex| regex.is_match(text))
    }

    /// What the first group of a match holds.
    pub(crate) fn group<'t>(&mut self, pattern: &str, text: &'t str) -> Option<&'t str> {
        let found = self.compiled(pattern, false)?.captures(text)?;
        Some(found.get(1)?.as_str())
    }

    fn compiled(&mut self, pattern: &str, any_case: bool) -> Option<&Regex> {
        let compile = || {
            let mut builder = RegexBuilder::new(pattern);
            builder.case_insensitive(any_case).size_limit(limits::PATTERN_BYTES).dfa_size_limit(limits::PATTERN_BYTES);
            builder.build().ok()
        };
        self.0.entry((any_case, pattern.to_owned())).or_insert_with(compile).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_or_too_large_matches_nothing() {
        let mut patterns = Patterns::default();
        assert!(patterns.find("already EXISTS|duplicate", "It Already exists."));
        assert!(!patterns.find("(", "("));
        assert!(!patterns.find(&format!("(?:{}){{1000}}", "\\w{100}"), "anything"));
        assert_eq!(patterns.group("/pages/([0-9a-f-]{36})", "https://x/pages/none"), None);
        assert_eq!(patterns.group("/t/([0-9]+)/", "https://x/T/1/, /t/17/"), Some("17"));
        assert_eq!(patterns.group("no group", "no group"), None);
    }
}
