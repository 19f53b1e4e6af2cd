//! `tributary undelivered`

use super::path;
use crate::cli::{Undelivered, UndeliveredArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{Replayed, UndeliveredFilter, UndeliveredList, UndeliveredView};
use reqwest::Method;
use runtime::exit::Exit;

pub(crate) async fn run(undelivered: Undelivered, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match undelivered {
        Undelivered::List(args) => {
            let path = path("webhooks", &args.webhook, "/undelivered")?;
            let list: UndeliveredList = client.get(&path, &filter(args)).await?;
            output.answer(&list, table)?;
        }
        Undelivered::Replay(args) => {
            let path = path("webhooks", &args.webhook, "/undelivered/replay")?;
            let replayed: Replayed = client.send(Method::POST, &path, Some(&filter(args))).await?;
            let text = |r: &Replayed| format!("{} on their way again, {} left where they are", r.replayed, r.kept);
            output.answer(&replayed, text)?;
        }
    }
    Ok(Exit::Success)
}

fn filter(args: UndeliveredArgs) -> UndeliveredFilter {
    UndeliveredFilter { since: args.since, kind: args.kind, limit: args.limit }
}

fn table(list: &UndeliveredList) -> String {
    let row = |one: &UndeliveredView| {
        [one.delivery.clone(), one.kind.clone(), one.lineitem.to_string(), one.at.to_string(), one.reason.clone()]
    };
    let rows = list.undelivered.iter().map(row).collect();
    Table { heading: ["DELIVERY", "KIND", "LINE ITEM", "AT", "REASON"], rows }.render("nothing is undelivered")
}
