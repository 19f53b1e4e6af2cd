//! What a step looks for in an answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kind of answer: a status and checks that all hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Which statuses.
    pub status: Statuses,
    /// What else must hold. A body that is cut or is not of the form that a check reads fails it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

impl Rule {
    /// Any 2xx; the answer's body decides nothing.
    pub fn any_2xx() -> Self {
        Self { status: Statuses::Any2xx, checks: Vec::new() }
    }

    /// These statuses.
    pub fn status(statuses: &[u16]) -> Self {
        Self { status: Statuses::In(statuses.to_vec()), checks: Vec::new() }
    }

    /// The same with one more check.
    #[must_use]
    pub fn and(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}

/// A set of statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statuses {
    /// 200 to 299.
    #[serde(rename = "any_2xx")]
    Any2xx,
    /// These.
    In(Vec<u16>),
}

impl Statuses {
    /// Whether a status is in the set.
    pub fn has(&self, status: u16) -> bool {
        match self {
            Self::Any2xx => (200..300).contains(&status),
            Self::In(statuses) => statuses.contains(&status),
        }
    }
}

/// Something that an answer's body must show (`formats/plans.md` §4.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The value at an RFC 6901 pointer; of a missing one `empty`, `not_equals` and `not_matches`
    /// hold, and nothing else.
    Json {
        /// `""` is the whole document.
        pointer: String,
        /// What must hold of it.
        is: Operator,
    },
    /// The number of XML elements with this name and these attributes.
    Xml {
        /// Its name.
        element: String,
        /// Names and values.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attributes: Vec<(String, String)>,
        /// At least so many.
        #[serde(default)]
        min: u32,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// A regular expression, without regard to case, finds a match in the body.
    Text {
        /// The expression.
        matches: String,
    },
}

impl Check {
    /// A check of the value at a pointer.
    pub fn json(pointer: impl Into<String>, is: Operator) -> Self {
        Self::Json { pointer: pointer.into(), is }
    }

    /// At least one such element.
    pub fn xml(element: &str, attributes: &[(&str, &str)]) -> Self {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::Xml { element: element.to_owned(), attributes, min: 1, max: None }
    }

    /// No such element.
    pub fn no_xml(element: &str) -> Self {
        Self::Xml { element: element.to_owned(), attributes: Vec::new(), min: 0, max: Some(0) }
    }
}

/// What must hold of a JSON value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// It is there and is this.
    Equals(Value),
    /// It is missing or is another.
    NotEquals(Value),
    /// It is there and is not null.
    Present,
    /// It is absent, null, `[]`, `{}` or `""`.
    Empty,
    /// It is text in which a regular expression finds a match, without regard to case; of a list or an object, its
    /// JSON text.
    Matches(String),
    /// It is not such a text.
    NotMatches(String),
}

/// A value to take from an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// Its name; for [`Scope::Resource`] the whole key.
    pub name: String,
    /// Where it is.
    pub from: From,
    /// Without it the step fails as rejected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// How long it is remembered; empty: for this plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// Only of answers with these statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    /// A regular expression with one group, which is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Only of answers for which this holds.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Check>,
}

/// Where a value stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// At an RFC 6901 pointer; `""` is the whole document. It keeps its JSON type unless a pattern cuts it.
    Json(String),
    /// In a header.
    Header(String),
    /// In an attribute of the first XML element with this name and these attributes.
    Xml {
        /// The element's name.
        element: String,
        /// Names and values.
        attributes: Vec<(String, String)>,
        /// Whose value.
        attribute: String,
    },
}

/// How long a value is remembered (`formats/plans.md` §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In the ledger, for the line item.
    Line,
    /// In the ledger, for the series of payments.
    Series,
    /// In the ledger, for the webhook, under a text key.
    Resource,
}

impl Capture {
    /// A value of a JSON answer that the plan can go on without.
    pub fn json(name: impl Into<String>, pointer: &str) -> Self {
        Self {
            name: name.into(),
            from: From::Json(pointer.to_owned()),
            required: false,
            scopes: Vec::new(),
            status: None,
            pattern: None,
            only_if: None,
        }
    }

    /// The plan can't go on without it.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// It is remembered there too.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }
}
