//! The fields of the contribution that depend on other fields of it.

use super::Path;
use super::fields::{Field, Shape};
use super::raw::{Block, entries};
use super::walk::{Expected, Found, OBJECT, TEXT, Walk};
use crate::event::{Kind, Status};
use serde_json::value::RawValue;
use std::borrow::Cow;

impl Walk {
    pub(super) fn depends(
        &mut self,
        block: &Block<'_>,
        field: &Field,
        raw: Option<&RawValue>,
        path: &Path<'_>,
    ) -> Result<Found, Expected> {
        match field.key {
            "refcodes" => self.refcodes(block, raw, path),
            "refcode" | "refcode2" => self.refcode(block, field.key, raw),
            "status" => self.status(block),
            "thanksUrl" => self.link(block, Status::Approved, raw),
            "retryUrl" => self.link(block, Status::Declined, raw),
            _ => self.recurring(block, field.shape, raw),
        }
    }

    /// Every code that has a value. `refcode` and `refcode2` may stand beside the map instead of in it.
    fn refcodes(&mut self, block: &Block<'_>, raw: Option<&RawValue>, path: &Path<'_>) -> Result<Found, Expected> {
        let codes = raw.map_or(Ok(Vec::new()), entries).map_err(|_| OBJECT)?;
        self.out.push('{');
        for key in ["refcode", "refcode2"] {
            let beside = block.get(key).filter(|raw| is_text(raw) && find(&codes, key).is_none());
            if let Some(raw) = beside {
                self.entry(key, raw);
            }
        }
        for (key, raw) in codes {
            if is_text(raw) {
                self.entry(&key, raw);
            } else if !matches!(raw.get(), "null" | "\"\"") {
                self.rejection.push(&path.key(&key), TEXT);
            }
        }
        self.out.push('}');
        Ok(Found::Value)
    }

    /// Repeats the code of the map; what stands beside the map counts only where the map has none.
    fn refcode(&mut self, block: &Block<'_>, key: &str, raw: Option<&RawValue>) -> Result<Found, Expected> {
        let codes = block.get("refcodes").and_then(|raw| entries(raw).ok()).unwrap_or_default();
        let code = find(&codes, key).or(raw);
        code.map_or(Ok(Found::Nothing), |raw| self.value(Shape::Text, raw))
    }

    fn status(&mut self, block: &Block<'_>) -> Result<Found, Expected> {
        let word = match status(block, self.kind)? {
            Status::Approved => "\"approved\"",
            Status::Declined => "\"declined\"",
            Status::Pending => "\"pending\"",
        };
        self.out.push_str(word);
        Ok(Found::Value)
    }

    /// A link that only payments of one status have.
    fn link(&mut self, block: &Block<'_>, of: Status, raw: Option<&RawValue>) -> Result<Found, Expected> {
        if status(block, self.kind) == Ok(of) {
            return raw.map_or(Ok(Found::Nothing), |raw| self.value(Shape::Text, raw));
        }
        Ok(Found::Forbidden)
    }

    /// `isRecurring` and `recurringDuration` follow from the period when upstream left them out.
    fn recurring(&mut self, block: &Block<'_>, shape: Shape, raw: Option<&RawValue>) -> Result<Found, Expected> {
        if let Some(raw) = raw
            && let Found::Value = self.value(shape, raw)?
        {
            return Ok(Found::Value);
        }
        let once = block.text("recurringPeriod").is_none_or(|period| period == "once");
        self.out.push_str(match (shape, once) {
            (Shape::Bool, once) => {
                if once {
                    "false"
                } else {
                    "true"
                }
            }
            (_, true) => "1",
            (_, false) => "\"infinite\"",
        });
        Ok(Found::Value)
    }
}

/// The status of the payment. A refund is always of an approved one.
pub(crate) fn status(contribution: &Block<'_>, kind: Kind) -> Result<Status, Expected> {
    let expected = "approved, declined or pending";
    let Some(raw) = contribution.get("status").filter(|raw| raw.get() != "\"\"") else { return Ok(Status::Approved) };
    let status = serde_json::from_str(raw.get()).map_err(|_| expected)?;
    Ok(if kind == Kind::Refund { Status::Approved } else { status })
}

fn find<'a>(codes: &[(Cow<'a, str>, &'a RawValue)], key: &str) -> Option<&'a RawValue> {
    codes.iter().find(|(name, raw)| name == key && is_text(raw)).map(|(_, raw)| *raw)
}

/// A JSON string with something in it.
fn is_text(raw: &RawValue) -> bool {
    raw.get().starts_with('"') && raw.get().len() > 2
}
