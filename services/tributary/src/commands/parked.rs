//! `tributary parked`

use super::path;
use crate::cli::Parked;
use crate::client::{Client, NOTHING};
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{Limit, StoredList, StoredView};
use reqwest::Method;
use runtime::exit::Exit;
use serde_json::json;

pub(crate) async fn run(parked: Parked, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match parked {
        Parked::List { limit } => {
            let list: StoredList = client.get("/api/v1/parked", &Limit { limit }).await?;
            output.answer(&list, table)?;
        }
        Parked::Show { id } => {
            let message: StoredView = client.get(&path("parked", &id, "")?, &()).await?;
            output.answer(&message, whole)?;
        }
        Parked::Replay { id } => {
            let () = client.send(Method::POST, &path("parked", &id, "/replay")?, NOTHING).await?;
            output.answer(&json!({ "replayed": id }), |_| format!("{id} is on its way again"))?;
        }
        Parked::Drop { id } => {
            let () = client.send(Method::DELETE, &path("parked", &id, "")?, NOTHING).await?;
            output.answer(&json!({ "dropped": id }), |_| format!("{id} is gone"))?;
        }
    }
    Ok(Exit::Success)
}

fn table(list: &StoredList) -> String {
    let row = |message: &StoredView| {
        [
            message.id.clone(),
            message.at.map(|at| at.to_string()).unwrap_or_default(),
            message.stage.clone(),
            message.origin.clone(),
            message.bytes.to_string(),
            message.reason.clone(),
        ]
    };
    let rows = list.messages.iter().map(row).collect();
    Table { heading: ["ID", "AT", "STAGE", "FROM", "BYTES", "REASON"], rows }.render("nothing is parked")
}

fn whole(message: &StoredView) -> String {
    let body = message.body.as_deref().or(message.body_base64.as_deref()).unwrap_or_default();
    format!("{}\n\n{body}", table(&StoredList { messages: vec![message.clone()] }))
}
