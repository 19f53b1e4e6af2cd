//! `tributary queues`

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::QueueList;
use runtime::exit::Exit;

pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let list: QueueList = client.get("/api/v1/queues", &()).await?;
    output.answer(&list, |list| {
        let row = |queue: &dashboard::views::QueueView| {
            [queue.queue.clone(), queue.ready.to_string(), queue.consumers.to_string()]
        };
        let rows = list.queues.iter().map(row).collect();
        Table { heading: ["QUEUE", "WAITING", "CONSUMERS"], rows }.render("no queues")
    })?;
    Ok(Exit::Success)
}
