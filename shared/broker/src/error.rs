//! What can go wrong with a broker, as callers need to tell it apart.

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection, no confirm in time, or a negative confirm. Whether a message was published is unknown:
    /// publish it again.
    #[error("the broker is not available: {reason}")]
    Unavailable {
        /// For people.
        reason: String,
        /// What the backend said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The broker had nowhere to put the message.
    #[error("nothing is bound where a message for {queue} was published")]
    Unroutable {
        /// The queue's name.
        queue: String,
    },
    /// The embedded broker's file does not hold what it must.
    #[error("the embedded broker's file is damaged: {what}")]
    Damaged {
        /// What was found.
        what: String,
    },
}

impl Error {
    /// A passing fault.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// A passing fault with its cause.
    pub fn unavailable_for(
        reason: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { reason: reason.into(), source: Some(source.into()) }
    }
}

/// Why a broker can't be opened at all; waiting would not help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL can't be understood.
    #[error("amqp_url is not an AMQP URL such as amqp://user:password@host:5672/vhost")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Names would be longer than AMQP allows.
    #[error("queue_prefix is longer than {most} bytes")]
    Prefix {
        /// Bytes that it may have.
        most: usize,
    },
    /// The folder can't be made or the file can't be opened, for example because another process has it.
    #[error("the data folder {folder} can't be used")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
