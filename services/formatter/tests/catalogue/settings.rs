//! Settings that any connection takes.

use contract::catalogue::{Connection, Field, Input, MAPPED_VALUES, QUESTION};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Texts of which one matches what a field asks for.
const TEXTS: [&str; 6] =
    ["okonedo", "50123", "G-FICT1234", "FICT123", "0d5c0a55-6c1f-4b0a-9a7e-2f3b1c9d8e77", "Donate"];

/// All fields filled in and all boxes ticked; of choices, the one at `choice`, or the last one.
pub(crate) fn filled(connection: &Connection, choice: usize) -> Value {
    settings(connection, |field| Some(value(connection, field, choice)))
}

/// Only what is required, and no box ticked.
pub(crate) fn bare(connection: &Connection) -> Value {
    let one_of_any: Vec<&String> = connection.any_of.iter().filter_map(|fields| fields.last()).collect();
    settings(connection, |field| match &field.input {
        Input::Checkbox => Some(json!(false)),
        _ if field.default.is_some() => None,
        _ => (field.required || one_of_any.contains(&&field.id)).then(|| value(connection, field, 0)),
    })
}

fn settings(connection: &Connection, value: impl Fn(&Field) -> Option<Value>) -> Value {
    let open = connection.fields.iter().filter(|field| !field.secret);
    Value::Object(open.filter_map(|field| Some((field.id.clone(), value(field)?))).collect::<Map<_, _>>())
}

fn value(connection: &Connection, field: &Field, choice: usize) -> Value {
    match &field.input {
        Input::Text { .. } => text(connection, field),
        Input::Digits => json!("18754"),
        Input::Host => json!("crm.example.org"),
        Input::Email => json!("integrations@okonedo.example.org"),
        Input::Url => json!("https://crm.example.org/signups"),
        Input::Checkbox => json!(true),
        Input::Choice(choices) => json!(choices[choice.min(choices.len() - 1)].value),
        Input::Names { .. } => json!(["tributary-donor", "a, \"b\""]),
        Input::Rows(columns) => {
            let row =
                columns.iter().map(|column| (column.id.clone(), json!(if column.digits { "48213" } else { "x" })));
            json!([row.collect::<Map<_, _>>()])
        }
        Input::FieldMap => {
            let question = format!("{QUESTION}Can you volunteer?");
            let values = MAPPED_VALUES.iter().copied().chain([question.as_str()]);
            let rows = values.enumerate().map(|(at, value)| json!({"value": value, "name": format!("field_{at}")}));
            Value::Array(rows.collect())
        }
    }
}

fn text(connection: &Connection, field: &Field) -> Value {
    let good = |text: &&str| {
        let entered = BTreeMap::from([(field.id.clone(), json!(text))]);
        !connection.check(&entered, |_| true).iter().any(|error| error.field == field.id)
    };
    json!(TEXTS.iter().find(|text| good(text)).expect("one of these texts matches"))
}
