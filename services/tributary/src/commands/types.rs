//! `tributary types`

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{TypeList, TypeView};
use runtime::exit::Exit;

pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let list: TypeList = client.get("/api/v1/types", &()).await?;
    output.answer(&list, |list| {
        let rows = list.types.iter().map(row).collect();
        Table { heading: ["TYPE", "LABEL", "TAKES", "ENDPOINT"], rows }.render("no types")
    })?;
    Ok(Exit::Success)
}

fn row(listed: &TypeView) -> [String; 4] {
    [listed.id.clone(), listed.label.clone(), listed.kinds.join(", "), listed.endpoint_hint.clone()]
}
