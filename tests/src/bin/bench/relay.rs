//! The yardstick: four quorum-queue hops and a POST, one message at a time, persistent and confirmed.
//!
//! Nothing is parsed, looked up or signed. Each hop keeps up to 256 messages in hand, so that it waits for
//! no single confirm, which is the strongest form of a relay that does not batch.

use anyhow::{Context, Result, bail};
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer};

/// Hops between the first queue and the POST.
pub(crate) const HOPS: usize = 4;
const IN_HAND: u16 = 256;

/// The name of queue number `hop`.
pub(crate) fn queue(prefix: &str, hop: usize) -> String {
    format!("{prefix}relay.{hop}")
}

/// Declares the four queues, empty.
pub(crate) async fn declare(url: &str, prefix: &str) -> Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for hop in 0..HOPS {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        channel.queue_declare(queue(prefix, hop).into(), options, arguments).await?;
    }
    connection.close(200, "declared".into()).await.context("closing")
}

/// Removes the four queues.
pub(crate) async fn remove(url: &str, prefix: &str) -> Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for hop in 0..HOPS {
        channel.queue_delete(queue(prefix, hop).into(), QueueDeleteOptions::default()).await?;
    }
    connection.close(200, "removed".into()).await.context("closing")
}

/// Runs every hop until the process is ended.
pub(crate) async fn run(url: &str, prefix: &str, sink: &str) -> Result<()> {
    let (publishing, consuming) = (connect(url).await?, connect(url).await?);
    let mut hops = Vec::new();
    for hop in 0..HOPS - 1 {
        let consumer = consume(&consuming, &queue(prefix, hop)).await?;
        let out = publishing.create_channel().await?;
        out.confirm_select(ConfirmSelectOptions::default()).await?;
        hops.push(relay(consumer, out, queue(prefix, hop + 1)));
    }
    let last = consume(&consuming, &queue(prefix, HOPS - 1)).await?;
    let (_, posted) = tokio::try_join!(futures_util::future::try_join_all(hops), post(last, sink))?;
    Ok(posted)
}

async fn connect(url: &str) -> Result<Connection> {
    Connection::connect(url, ConnectionProperties::default()).await.context("connecting")
}

async fn consume(connection: &Connection, queue: &str) -> Result<Consumer> {
    let channel = connection.create_channel().await?;
    channel.basic_qos(IN_HAND, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    channel.basic_consume(queue.into(), "relay".into(), options, FieldTable::default()).await.context("consuming")
}

async fn relay(mut consumer: Consumer, out: Channel, to: String) -> Result<()> {
    let mut confirming = FuturesUnordered::new();
    loop {
        tokio::select! {
            delivery = consumer.next() => {
                let delivery = delivery.context("the queue went away")??;
                let properties = BasicProperties::default().with_delivery_mode(2);
                let options = BasicPublishOptions { mandatory: true, ..Default::default() };
                let confirm = out
                    .basic_publish("".into(), to.as_str().into(), options, &delivery.data, properties)
                    .await?;
                confirming.push(async move {
                    match confirm.await? {
                        Confirmation::Ack(_) => acknowledge(delivery).await,
                        other => bail!("not confirmed: {other:?}"),
                    }
                });
            }
            Some(done) = confirming.next() => done?,
        }
    }
}

async fn post(mut consumer: Consumer, sink: &str) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut posting = FuturesUnordered::new();
    loop {
        tokio::select! {
            delivery = consumer.next() => {
                let delivery = delivery.context("the queue went away")??;
                let (client, sink) = (client.clone(), sink.to_owned());
                posting.push(async move {
                    let body = bytes::Bytes::from(delivery.data.clone());
                    client.post(sink).header("content-type", "application/json").body(body).send().await?.error_for_status()?;
                    acknowledge(delivery).await
                });
            }
            Some(done) = posting.next() => done?,
        }
    }
}

async fn acknowledge(delivery: Delivery) -> Result<()> {
    anyhow::ensure!(delivery.ack(BasicAckOptions::default()).await?, "the acknowledgement came too late");
    Ok(())
}
