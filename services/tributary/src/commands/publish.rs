//! `tributary publish`: NDJSON to a running ingest, in requests that it can take.

mod lines;

use crate::cli::{Publish, Target};
use crate::client::{self, bearer, find_token, unreachable};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::tokens::Door;
use indicatif::{ProgressBar, ProgressStyle};
use lines::{Chunk, Chunks};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use runtime::exit::Exit;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::time::Duration;

/// Tries at a chunk while ingest has no room or no broker; with the waits between them about a minute.
const TRIES: u32 = 12;
/// The wait when ingest asks for none, and the longest that is obeyed.
const WAIT_S: u64 = 5;

/// What became of everything.
#[derive(Debug, Default, Serialize)]
struct Published {
    /// Events that are on their way now.
    accepted: u64,
    /// Events that were accepted before.
    duplicates: u64,
    /// Lines that were wrong.
    rejected: u64,
    /// What is wrong with them.
    errors: Vec<Wrong>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wrong {
    /// Counted from 1 in the file.
    line: u64,
    /// Where in the document.
    path: String,
    /// What must be there.
    expected: String,
}

/// What ingest answers, when everything was good and when not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Receipt {
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    errors: Vec<Wrong>,
    more: u64,
    detail: String,
}

struct Entrance {
    http: reqwest::Client,
    base: Url,
    events: Url,
    token: HeaderValue,
}

pub(crate) async fn run(
    publish: Publish,
    target: &Target,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let configured = publish.ingest.clone().or_else(|| settings.ingest.url.clone());
    let base = configured.map_or_else(|| client::url_of(settings.ingest.listen), Ok)?;
    let tokens = &settings.ingest.tokens;
    let token = find_token(settings, target.token_file.as_deref(), Door::Ingest, tokens)?;
    let events = base.join("/v1/events").map_err(|error| Failure::usage(format!("--ingest {base}: {error}")))?;
    let door = Entrance { http: client::http()?, base, events, token: bearer(&token)? };

    let (source, bar) = open(&publish.file)?;
    let mut published = Published::default();
    for chunk in Chunks::new(source, publish.from_line) {
        let chunk = chunk.map_err(|error| Failure::of(&publish.file, &error))?;
        let receipt = door.publish(&chunk).await.map_err(|failure| resumable(&failure, &chunk, &publish.file))?;
        bar.inc(chunk.read_bytes);
        for wrong in &receipt.errors {
            let Wrong { line, path, expected } = wrong;
            bar.suspend(|| output.remark(&format!("line {line}: {path}: {expected}")));
        }
        if receipt.more > 0 {
            bar.suspend(|| output.remark(&format!("and {} more mistakes", receipt.more)));
        }
        published.add(receipt);
    }
    bar.finish_and_clear();
    output.answer(&published, |all| {
        format!("{} events accepted, {} known already, {} lines rejected", all.accepted, all.duplicates, all.rejected)
    })?;
    Ok(if published.rejected == 0 { Exit::Success } else { Exit::Failure })
}

impl Published {
    fn add(&mut self, receipt: Receipt) {
        self.accepted += receipt.accepted;
        self.duplicates += receipt.duplicates;
        self.rejected += receipt.rejected;
        self.errors.extend(receipt.errors);
    }
}

impl Entrance {
    /// Publishes a chunk, waiting while ingest asks for it. Repeating is safe: ingest knows what it has accepted.
    async fn publish(&self, chunk: &Chunk) -> Result<Receipt, Failure> {
        for _ in 1..TRIES {
            match self.send(chunk).await? {
                Sent::Done(receipt) => return Ok(receipt),
                Sent::Later(wait) => tokio::time::sleep(wait).await,
            }
        }
        match self.send(chunk).await? {
            Sent::Done(receipt) => Ok(receipt),
            Sent::Later(_) => Err(Failure::unavailable("ingest can't accept anything now")),
        }
    }

    async fn send(&self, chunk: &Chunk) -> Result<Sent, Failure> {
        let request = self.http.post(self.events.clone()).body(chunk.body.clone());
        let request = request.header(AUTHORIZATION, self.token.clone()).header(CONTENT_TYPE, "application/x-ndjson");
        let response = request.send().await.map_err(|error| unreachable(&self.base, &error))?;
        let status = response.status();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Ok(Sent::Later(Duration::from_secs(asked.unwrap_or(WAIT_S).min(WAIT_S))));
        }
        let body = response.bytes().await.map_err(|error| unreachable(&self.base, &error))?;
        let receipt: Option<Receipt> = serde_json::from_slice(&body).ok();
        let receipt = receipt.unwrap_or_default();
        match status {
            StatusCode::ACCEPTED => Ok(Sent::Done(receipt)),
            StatusCode::UNPROCESSABLE_ENTITY if receipt.rejected > 0 => Ok(Sent::Done(chunk.in_file(receipt))),
            _ if receipt.detail.is_empty() => Err(Failure::new(format!("ingest answered {status}"))),
            _ => Err(Failure::new(format!("ingest answered {status}: {}", receipt.detail))),
        }
    }
}

enum Sent {
    Done(Receipt),
    Later(Duration),
}

impl Chunk {
    /// Ingest counts the lines of its request; people count those of their file.
    fn in_file(&self, mut receipt: Receipt) -> Receipt {
        for wrong in &mut receipt.errors {
            wrong.line += self.first_line - 1;
        }
        receipt
    }
}

/// What was published stays published; says where to go on.
fn resumable(failure: &Failure, chunk: &Chunk, file: &str) -> Failure {
    let line = chunk.first_line;
    let message = format!(
        "{}\neverything before line {line} is published; go on with `tributary publish {file} --from-line {line}`",
        failure.message
    );
    Failure { exit: failure.exit, message }
}

fn open(file: &str) -> Result<(Box<dyn BufRead>, ProgressBar), Failure> {
    if file == "-" {
        let bar = ProgressBar::no_length().with_style(style("{spinner} {bytes} {bytes_per_sec}"));
        return Ok((Box::new(BufReader::new(io::stdin())), bar));
    }
    let failed = |error| Failure::usage(format!("{file} can't be read: {error}"));
    let opened = File::open(file).map_err(failed)?;
    let length = opened.metadata().map_err(failed)?.len();
    let bar = ProgressBar::new(length).with_style(style("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}"));
    Ok((Box::new(BufReader::new(opened)), bar))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
