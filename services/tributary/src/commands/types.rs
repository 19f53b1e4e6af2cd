//! `tributary types`

use super::path;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{ConnectionView, EndpointView, FieldView, InputView, TypeList, TypeView};
use runtime::exit::Exit;

pub(crate) async fn run(id: Option<String>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    if let Some(id) = id {
        let kind: TypeView = client.get(&path("types", &id, "")?, &()).await?;
        output.answer(&kind, whole)?;
    } else {
        let list: TypeList = client.get("/api/v1/types", &()).await?;
        output.answer(&list, table)?;
    }
    Ok(Exit::Success)
}

fn table(list: &TypeList) -> String {
    let rows = list.types.iter().flat_map(|kind| kind.connections.iter().map(|connection| row(kind, connection)));
    Table { heading: ["TYPE", "LABEL", "CONNECTION", "TAKES"], rows: rows.collect() }.render("no types")
}

fn row(kind: &TypeView, connection: &ConnectionView) -> [String; 4] {
    [kind.id.clone(), kind.label.clone(), connection.id.clone(), connection.kinds.join(", ")]
}

fn whole(kind: &TypeView) -> String {
    let heading = format!("{}: {}", kind.id, kind.label);
    let connections = kind.connections.iter().map(speaking);
    std::iter::once(heading).chain(connections).collect::<Vec<_>>().join("\n\n")
}

fn speaking(connection: &ConnectionView) -> String {
    let mut lines = vec![
        format!("--connection {}: {}", connection.id, connection.label),
        format!("  takes     {}", connection.kinds.join(", ")),
        match &connection.endpoint {
            EndpointView::Entered { hint, .. } => format!("  endpoint  {hint}"),
            EndpointView::Fixed { url } => format!("  endpoint  {url}, not entered"),
        },
        format!("  pace      {} requests a second, {} in flight", connection.rate_per_s, connection.in_flight),
    ];
    if let Some(labels) = &connection.credentials {
        lines.push(format!("  sends     {} and {}, or a token or headers", labels.username, labels.password));
    }
    lines.extend(connection.fields.iter().map(field));
    let one_of = |ids: &Vec<String>| format!("  at least one of {} is needed", ids.join(", "));
    lines.extend(connection.any_of.iter().map(one_of));
    let together = |ids: &Vec<String>| format!("  {} go together", ids.join(", "));
    lines.extend(connection.together.iter().map(together));
    lines.extend(connection.cannot.iter().chain(&connection.notes).map(|sentence| format!("  {sentence}")));
    lines.join("\n")
}

fn field(field: &FieldView) -> String {
    let takes = match &field.input {
        InputView::Checkbox => Some("true or false".to_owned()),
        InputView::Choice { choices } => {
            let values: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
            Some(format!("one of {}", values.join(", ")))
        }
        InputView::Names { .. } => Some("a JSON list of names".to_owned()),
        InputView::Rows { columns, .. } => {
            let keys: Vec<_> = columns.iter().map(|column| column.id.as_str()).collect();
            Some(format!("a JSON list of objects with {}", keys.join(" and ")))
        }
        InputView::FieldMap { .. } => Some("a JSON list of objects with value and name".to_owned()),
        InputView::Text { .. } | InputView::Digits | InputView::Host | InputView::Email | InputView::Url => None,
    };
    let marks = [
        takes,
        field.required.then(|| "required".to_owned()),
        field.secret.then(|| "secret".to_owned()),
        field.default.as_ref().map(|value| format!("default {value}")),
    ];
    let marks: Vec<_> = marks.into_iter().flatten().collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join("; ")) };
    let help = field.help.as_ref().map(|help| format!(". {help}")).unwrap_or_default();
    format!("  {:<9} {}{marks}{help}", field.id, field.label)
}
