//! The load: contributions as upstream publishes them, over AMQP or HTTP, at once or at a steady rate.

use anyhow::{Context, Result};
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use std::ops::Range;
use std::time::{Duration, Instant};
use testkit::builders::message;
use tests::installation::Installation;
use tokio::time::{Instant as Moment, sleep_until};

/// The first line item of every run.
pub(crate) const FIRST_ID: u64 = 1_000_000;

/// Publishes that may wait for their confirm.
const WINDOW: usize = 512;
/// Documents of one HTTP request at full speed.
const DOCUMENTS: usize = 500;
/// Documents of a long run that are held at once.
const HELD: u64 = 5_000;

/// A contribution for each of these line items, to the entity that `entity` gives for it.
pub(crate) fn contributions(ids: Range<u64>, entity: impl Fn(u64) -> u64) -> Vec<Vec<u8>> {
    ids.map(|id| message("contribution").lineitems(&[(entity(id), id)]).to_vec()).collect()
}

/// The way in.
pub(crate) enum Entrance {
    /// An exchange or a queue of RabbitMQ.
    Amqp {
        /// Its channel, in confirm mode.
        channel: Box<Channel>,
        /// Kept open beside its channel.
        connection: Box<Connection>,
        /// The exchange; empty for the default one.
        exchange: String,
        /// The routing key.
        key: String,
    },
    /// `POST /v1/events`
    Http {
        /// Keeps its connections.
        client: reqwest::Client,
        /// The whole address.
        url: String,
        /// The bearer token.
        token: String,
    },
}

impl Entrance {
    /// Publishes to RabbitMQ.
    pub(crate) async fn amqp(url: &str, exchange: String, key: String) -> Result<Self> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self::Amqp { channel: Box::new(channel), connection: Box::new(connection), exchange, key })
    }

    /// Posts to ingest.
    fn http(url: String, token: String) -> Result<Self> {
        Ok(Self::Http { client: reqwest::Client::builder().no_proxy().build()?, url, token })
    }

    /// The way into an installation over HTTP.
    pub(crate) fn into(installation: &Installation) -> Result<Self> {
        let way = installation.entrance();
        Self::http(way.url, way.token)
    }

    /// Publishes a contribution for each of these line items, however many, as [`contributions`] makes them.
    pub(crate) async fn pour_all(&self, ids: Range<u64>, entity: impl Fn(u64) -> u64) -> Result<()> {
        for first in ids.clone().step_by(usize::try_from(HELD)?) {
            self.pour(&contributions(first..ids.end.min(first + HELD), &entity)).await?;
        }
        Ok(())
    }

    /// Publishes everything as fast as it is confirmed.
    pub(crate) async fn pour(&self, documents: &[Vec<u8>]) -> Result<()> {
        match self {
            Self::Amqp { .. } => {
                let mut confirming = FuturesUnordered::new();
                for document in documents {
                    if confirming.len() == WINDOW {
                        confirming.next().await.context("a confirm")??;
                    }
                    confirming.push(self.publish(document.clone()));
                }
                while let Some(confirmed) = confirming.next().await {
                    confirmed?;
                }
            }
            Self::Http { .. } => {
                for chunk in documents.chunks(DOCUMENTS) {
                    self.publish(chunk.join(&b'\n')).await?;
                }
            }
        }
        Ok(())
    }

    /// Publishes one by one at `per_s` a second; returns when each was handed over.
    pub(crate) async fn drip(&self, documents: &[Vec<u8>], per_s: u32) -> Result<Vec<Instant>> {
        let began = Moment::now();
        let mut handed = Vec::with_capacity(documents.len());
        let mut confirming = FuturesUnordered::new();
        for (number, document) in (0_u32..).zip(documents) {
            let due = began + Duration::from_secs(1) / per_s * number;
            loop {
                tokio::select! {
                    biased;
                    () = sleep_until(due) => break,
                    Some(confirmed) = confirming.next() => { let () = confirmed?; }
                }
            }
            handed.push(Instant::now());
            confirming.push(self.publish(document.clone()));
        }
        while let Some(confirmed) = confirming.next().await {
            confirmed?;
        }
        Ok(handed)
    }

    async fn publish(&self, document: Vec<u8>) -> Result<()> {
        match self {
            Self::Amqp { channel, exchange, key, .. } => {
                let properties = BasicProperties::default().with_delivery_mode(2);
                let options = BasicPublishOptions { mandatory: true, ..Default::default() };
                let confirm = channel
                    .basic_publish(exchange.as_str().into(), key.as_str().into(), options, &document, properties)
                    .await?;
                anyhow::ensure!(confirm.await?.is_ack(), "the broker did not confirm");
            }
            Self::Http { client, url, token } => {
                let answer = client.post(url).bearer_auth(token).body(document).send().await?;
                anyhow::ensure!(answer.status() == 202, "ingest answered {}", answer.status());
            }
        }
        Ok(())
    }

    /// Closes what it holds open.
    pub(crate) async fn close(self) -> Result<()> {
        if let Self::Amqp { connection, .. } = self {
            connection.close(200, "done".into()).await?;
        }
        Ok(())
    }
}
