//! Writes form bodies: pairs in the order of the calls, without what has no value.

use contract::plan::{Body, Part, Reference, Text};

/// A form under construction. Names may repeat.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, Text)>);

impl Form {
    /// A text; none is left out.
    pub(crate) fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.push((name.to_owned(), Part::text(value)));
        }
    }

    /// A value that is known when the plan runs. Without it the step fails.
    pub(crate) fn reference(&mut self, name: &str, reference: Reference) {
        self.0.push((name.to_owned(), vec![Part::Ref(reference)]));
    }

    /// The finished body.
    pub(crate) fn body(self) -> Body {
        Body::Form(self.0)
    }
}
