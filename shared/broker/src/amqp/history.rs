//! Reading the stream of all accepted events.

use super::connection::{Link, call};
use super::wire;
use crate::backend::HistorySource;
use crate::error::Error;
use async_trait::async_trait;
use bytes::Bytes;
use contract::limits;
use futures_util::StreamExt;
use jiff::Timestamp;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use std::time::Duration;
use tokio::time::timeout;

/// A reader's place in the stream. It ends with its connection; a new one begins at the caller's own cursor.
pub(super) struct Reader {
    messages: lapin::Consumer,
    channel: Channel,
    from: Timestamp,
    /// Handed out since the last acknowledgement.
    owed: u16,
}

impl Reader {
    pub(super) async fn open(link: &Link, stream: ShortString, from: Timestamp) -> Result<Self, Error> {
        let channel = link.channel().await?;
        // Without a prefetch the broker refuses consumers of streams.
        call(channel.basic_qos(limits::HISTORY_PREFETCH, BasicQosOptions { global: false })).await?;
        let mut arguments = FieldTable::default();
        // The offset is a chunk whose time the broker's clock gave, so we begin a little earlier and skip.
        let offset = u64::try_from(from.as_second()).unwrap_or_default().saturating_sub(limits::HISTORY_CLOCK_SKEW_S);
        arguments.insert("x-stream-offset".into(), AMQPValue::Timestamp(offset));
        let options = BasicConsumeOptions { no_local: false, no_ack: false, exclusive: false, nowait: false };
        let messages = call(channel.basic_consume(stream, ShortString::default(), options, arguments)).await?;
        Ok(Self { messages, channel, from, owed: 0 })
    }

    async fn advance(&mut self, tag: u64) -> Result<(), Error> {
        self.owed += 1;
        if self.owed < limits::HISTORY_PREFETCH / 4 {
            return Ok(());
        }
        self.owed = 0;
        call(self.channel.basic_ack(tag, BasicAckOptions { multiple: true })).await
    }
}

#[async_trait]
impl HistorySource for Reader {
    async fn next(&mut self, patience: Duration) -> Result<Option<(Timestamp, Bytes)>, Error> {
        loop {
            let message = match timeout(patience, self.messages.next()).await {
                Err(_) => return Ok(None),
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return Err(Error::unavailable_for("the reader's channel is gone", error)),
                Ok(None) => return Err(Error::unavailable("the broker ended the reader")),
            };
            self.advance(message.delivery_tag).await?;
            // Whatever carries no time was not published by us.
            if let Some(at) = wire::published(&message.properties)
                && at >= self.from
            {
                return Ok(Some((at, wire::body(&message.properties, message.data))));
            }
        }
    }
}
