//! `tributary undelivered`

use super::path;
use crate::cli::{Undelivered, UndeliveredArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{
    Replayed, UndeliveredCounts, UndeliveredFilter, UndeliveredGroup, UndeliveredList, UndeliveredView,
};
use reqwest::Method;
use runtime::exit::Exit;

pub(crate) async fn run(undelivered: Undelivered, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match undelivered {
        Undelivered::List(args) => {
            let path = path("webhooks", &args.webhook, "/undelivered")?;
            let list: UndeliveredList = client.get(&path, &filter(args)).await?;
            output.answer(&list, table)?;
        }
        Undelivered::Replay { which, yes: false } => {
            let path = path("webhooks", &which.webhook, "/undelivered/count")?;
            let counts: UndeliveredCounts = client.get(&path, &filter(which)).await?;
            output.answer(&counts, groups)?;
            if counts.undelivered > 0 {
                output.remark("nothing was sent: add --yes to send them again");
            }
        }
        Undelivered::Replay { which, yes: true } => {
            let path = path("webhooks", &which.webhook, "/undelivered/replay")?;
            let replayed: Replayed = client.send(Method::POST, &path, Some(&filter(which))).await?;
            let text = |r: &Replayed| format!("{} on their way again, {} left where they are", r.replayed, r.kept);
            output.answer(&replayed, text)?;
        }
    }
    Ok(Exit::Success)
}

fn filter(args: UndeliveredArgs) -> UndeliveredFilter {
    let UndeliveredArgs { since, until, kind, reason, limit, .. } = args;
    UndeliveredFilter { since, until, kind, reason, limit }
}

fn groups(counts: &UndeliveredCounts) -> String {
    let row = |group: &UndeliveredGroup| [group.kind.clone(), group.count.to_string(), group.reason.clone()];
    let rows = counts.groups.iter().map(row).collect();
    Table { heading: ["KIND", "COUNT", "REASON"], rows }.render("nothing is undelivered")
}

fn table(list: &UndeliveredList) -> String {
    let row = |one: &UndeliveredView| {
        [one.delivery.clone(), one.kind.clone(), one.lineitem.to_string(), one.at.to_string(), one.reason.clone()]
    };
    let rows = list.undelivered.iter().map(row).collect();
    Table { heading: ["DELIVERY", "KIND", "LINE ITEM", "AT", "REASON"], rows }.render("nothing is undelivered")
}
