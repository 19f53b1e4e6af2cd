//! The types that people can choose, as the catalogue has them.

use super::Functions;
use crate::problem::Problem;
use crate::views::{
    ChoiceView, ColumnView, ConnectionView, CredentialLabels, EndpointView, FieldView, InputView, TypeList, TypeView,
};
use contract::catalogue::{
    self, Choice, Column, Connection, EndpointRule, Entry, Field, Group, Input, MAPPED_VALUES, QUESTION, Scheme,
};
use contract::limits;

impl Functions {
    /// All types, with all that is to be known before choosing one.
    pub fn types(&self) -> TypeList {
        TypeList { types: catalogue::all().iter().map(entry).collect() }
    }

    /// One type.
    pub fn type_of(&self, id: &str) -> Result<TypeView, Problem> {
        catalogue::find(id).map(entry).ok_or_else(|| Problem::not_found("type: /api/v1/types lists them"))
    }
}

fn entry(entry: &Entry) -> TypeView {
    let group = match entry.group {
        Group::Direct => "direct",
        Group::Vendor => "vendor",
    };
    TypeView {
        id: entry.id.clone(),
        label: entry.label.clone(),
        group: group.to_owned(),
        connections: entry.connections.iter().map(connection).collect(),
    }
}

fn connection(connection: &Connection) -> ConnectionView {
    ConnectionView {
        id: connection.id.clone(),
        label: connection.label.clone(),
        kinds: connection.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        endpoint: match connection.endpoint.clone() {
            EndpointRule::Entered { hint, pattern } => EndpointView::Entered { hint, pattern },
            EndpointRule::Of(url) => EndpointView::Fixed { url },
        },
        credentials: labels(&connection.auth),
        fields: connection.fields.iter().map(field).collect(),
        any_of: connection.any_of.clone(),
        together: connection.together.clone(),
        signed: connection.signed,
        rate_per_s: connection.rate_per_s,
        in_flight: connection.in_flight,
        backfill: connection.backfill,
        cannot: connection.cannot.clone(),
        notes: connection.notes.clone(),
        test_note: connection.test_note.clone(),
    }
}

fn labels(scheme: &Scheme) -> Option<CredentialLabels> {
    let Scheme::Entered { username_label, password_label } = scheme else { return None };
    let or = |label: &Option<String>, usual: &str| label.clone().unwrap_or_else(|| usual.to_owned());
    Some(CredentialLabels { username: or(username_label, "Username"), password: or(password_label, "Password") })
}

fn field(field: &Field) -> FieldView {
    FieldView {
        id: field.id.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        required: field.required,
        secret: field.secret,
        input: input(&field.input),
        default: field.default.clone(),
    }
}

fn input(input: &Input) -> InputView {
    match input.clone() {
        Input::Text { max, pattern, message } => InputView::Text { max, pattern, message },
        Input::Digits => InputView::Digits,
        Input::Host => InputView::Host,
        Input::Email => InputView::Email,
        Input::Url => InputView::Url,
        Input::Checkbox => InputView::Checkbox,
        Input::Choice(choices) => {
            let view = |Choice { value, label }| ChoiceView { value, label };
            InputView::Choice { choices: choices.into_iter().map(view).collect() }
        }
        Input::Names { max } => InputView::Names { max },
        Input::Rows(columns) => {
            let view = |Column { id, label, digits }| ColumnView { id, label, digits };
            InputView::Rows { max: limits::SETTING_ROWS, columns: columns.into_iter().map(view).collect() }
        }
        Input::FieldMap => InputView::FieldMap {
            max: limits::SETTING_ROWS,
            values: MAPPED_VALUES.map(str::to_owned).to_vec(),
            question: QUESTION.to_owned(),
        },
    }
}
