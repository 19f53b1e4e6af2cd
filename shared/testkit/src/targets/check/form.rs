//! What a field must look like, as data: the tables of a specification.

use super::{Json, Review};
use std::fmt::Write;

/// What a value must look like. The first word of a test is what people are told.
pub(in crate::targets) enum Form {
    /// A text that passes the test.
    Text(&'static str, fn(&str) -> bool),
    /// One of these texts.
    Word(&'static [&'static str]),
    /// A number whose digits, as sent, pass the test.
    Number(&'static str, fn(&str) -> bool),
    /// `true` or `false`.
    Bool,
    /// This one only.
    Only(bool),
    /// The form, or null.
    Nullable(&'static Form),
    /// Between so many and so many of the form.
    List(usize, usize, &'static Form),
    /// These members and no others.
    Object(&'static [Field]),
    /// These members, and others whose names pass the test.
    Open(&'static [Field], &'static str, fn(&str) -> bool, &'static Form),
    /// Anything at all.
    Any,
}

/// A member of an object.
pub(in crate::targets) struct Field {
    pub(in crate::targets) name: &'static str,
    pub(in crate::targets) required: bool,
    pub(in crate::targets) form: Form,
}

/// A field that must be there.
pub(in crate::targets) const fn must(name: &'static str, form: Form) -> Field {
    Field { name, required: true, form }
}

/// A field that may be left out.
pub(in crate::targets) const fn may(name: &'static str, form: Form) -> Field {
    Field { name, required: false, form }
}

impl Form {
    /// Notes everything about `value` that is not so; `path` is its place, such as `$.order`.
    pub(in crate::targets) fn check(&self, value: &Json, path: &str, review: &mut Review) {
        let holds = match (self, value) {
            (Form::Text(_, test), Json::Text(text)) | (Form::Number(_, test), Json::Number(text)) => test(text),
            (Form::Word(words), Json::Text(text)) => words.contains(&text.as_str()),
            (Form::Only(only), Json::Bool(value)) => only == value,
            (Form::Bool, Json::Bool(_)) | (Form::Nullable(_), Json::Null) | (Form::Any, _) => true,
            (Form::Nullable(form), _) => return form.check(value, path, review),
            (Form::List(least, most, form), Json::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    form.check(item, &format!("{path}[{index}]"), review);
                }
                (*least..=*most).contains(&items.len())
            }
            (Form::Object(fields), Json::Object(members)) => return known(&[fields], members, path, review),
            (Form::Open(fields, what, test, form), Json::Object(members)) => {
                let (listed, others): (Vec<_>, Vec<_>) =
                    members.iter().cloned().partition(|(key, _)| fields.iter().any(|field| field.name == key));
                known(&[fields], &listed, path, review);
                for (key, value) in &others {
                    let place = format!("{path}.{key}");
                    review.holds(test(key), &place, format_args!("a name that is {what}"), format_args!("{key:?}"));
                    form.check(value, &place, review);
                }
                repeated(&others, path, review);
                true
            }
            _ => false,
        };
        review.holds(holds, path, self.expected(), value);
    }

    fn expected(&self) -> String {
        match self {
            Form::Text(what, _) | Form::Number(what, _) => (*what).to_owned(),
            Form::Word([word]) => format!("{word:?}"),
            Form::Word(words) => words.iter().fold("one of".to_owned(), |mut text, word| {
                let _ = write!(text, " {word:?}");
                text
            }),
            Form::Bool => "true or false".to_owned(),
            Form::Only(only) => only.to_string(),
            Form::Nullable(form) => format!("{} or null", form.expected()),
            Form::List(least, most, _) if least == most => format!("a list of {least}"),
            Form::List(least, most, _) => format!("a list of {least} to {most}"),
            Form::Object(_) | Form::Open(..) => "an object".to_owned(),
            Form::Any => "anything".to_owned(),
        }
    }
}

/// Checks the members of an object against several tables of fields.
pub(in crate::targets) fn known(tables: &[&[Field]], members: &[(String, Json)], path: &str, review: &mut Review) {
    for field in tables.iter().copied().flatten() {
        let place = format!("{path}.{}", field.name);
        match members.iter().find(|(key, _)| key == field.name) {
            Some((_, value)) => field.form.check(value, &place, review),
            None => review.holds(!field.required, &place, field.form.expected(), "nothing"),
        }
    }
    let mut last = 0;
    for (key, value) in members {
        let place = tables.iter().copied().flatten().position(|field| field.name == key);
        review.holds(place.is_some() || review.takes_unknown, &format!("{path}.{key}"), "no such field", value);
        let place = place.unwrap_or(last);
        review.holds(
            place >= last || !review.wants_order,
            path,
            "the order of the table",
            format_args!("late {key:?}"),
        );
        last = place;
    }
    repeated(members, path, review);
}

fn repeated(members: &[(String, Json)], path: &str, review: &mut Review) {
    for (index, (key, _)) in members.iter().enumerate() {
        let again = members[..index].iter().any(|(before, _)| before == key);
        review.holds(!again, &format!("{path}.{key}"), "the field once", "it again");
    }
}
