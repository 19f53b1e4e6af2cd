//! Where the trace of an event begins: at the entrance, or already with whoever sent it.

use contract::trace::Traceparent;
use runtime::trace::Trace;

/// The `traceparent` of what came in.
#[derive(Debug, Clone)]
pub(crate) enum Entered {
    /// Made here.
    New(String),
    /// Sent along.
    Given(String),
}

impl Entered {
    /// Carries on what was sent along; a malformed header counts as none.
    pub(crate) fn of(header: Option<&str>) -> Self {
        let given = header.and_then(|header| Traceparent::parse(header.trim()));
        given.map_or_else(|| Self::New(begin()), |given| Self::Given(given.to_string()))
    }

    /// As it goes into envelopes.
    pub(crate) fn traceparent(&self) -> &str {
        match self {
            Self::New(traceparent) | Self::Given(traceparent) => traceparent,
        }
    }

    /// As the span of the entrance has it.
    pub(crate) fn span(&self) -> Trace<'_> {
        match self {
            Self::New(traceparent) => Trace::Begun(traceparent),
            Self::Given(traceparent) => Trace::Continued(traceparent),
        }
    }
}

/// A new trace.
pub(crate) fn begin() -> String {
    Traceparent::new(rand::random(), rand::random()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    #[test]
    fn what_was_sent_along_is_carried_on() {
        let entered = Entered::of(Some(&format!(" {GIVEN} ")));
        assert_eq!(entered.traceparent(), GIVEN);
        assert!(matches!(entered.span(), Trace::Continued(GIVEN)));
    }

    #[test]
    fn without_a_good_one_a_trace_begins_here() {
        for header in [None, Some("nonsense"), Some("")] {
            let entered = Entered::of(header);
            assert!(Traceparent::parse(entered.traceparent()).is_some_and(Traceparent::is_sampled));
            assert!(matches!(entered.span(), Trace::Begun(traceparent) if traceparent == entered.traceparent()));
        }
    }
}
