//! The RabbitMQ and the Redis that tests share: the ones that the environment names, or private ones.

use crate::environment::{AMQP_URL, MANAGEMENT_URL, REDIS_URL, variable};
use crate::rabbitmq::RabbitMq;
use crate::redis::Redis;

/// A RabbitMQ and a Redis for many tests. Private ones end with this value.
#[derive(Debug)]
pub struct Services {
    amqp_url: String,
    management_url: Option<String>,
    redis_url: String,
    _private: (Option<RabbitMq>, Option<Redis>),
}

impl Services {
    /// Uses the servers of `TEST_AMQP_URL` and `TEST_REDIS_URL`, and starts what they do not name.
    pub async fn start() -> anyhow::Result<Self> {
        let (rabbitmq, redis) = tokio::try_join!(
            async {
                match variable(AMQP_URL) {
                    Some(_) => Ok(None),
                    None => RabbitMq::start_with_management().await.map(Some),
                }
            },
            async {
                match variable(REDIS_URL) {
                    Some(_) => Ok(None),
                    None => Redis::start_private().await.map(Some),
                }
            },
        )?;
        Ok(Self {
            amqp_url: rabbitmq.as_ref().map(RabbitMq::url).or_else(|| variable(AMQP_URL)).unwrap_or_default(),
            management_url: match &rabbitmq {
                Some(private) => private.management_url(),
                None => variable(MANAGEMENT_URL),
            },
            redis_url: redis.as_ref().map(Redis::url).or_else(|| variable(REDIS_URL)).unwrap_or_default(),
            _private: (rabbitmq, redis),
        })
    }

    /// `amqp://…`
    pub fn amqp_url(&self) -> &str {
        &self.amqp_url
    }

    /// `http://…` of the management API, when there is one.
    pub fn management_url(&self) -> Option<&str> {
        self.management_url.as_deref()
    }

    /// `redis://…`
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// The variables by which tests in another process find these servers.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![(AMQP_URL, self.amqp_url.clone()), (REDIS_URL, self.redis_url.clone())];
        variables.extend(self.management_url.clone().map(|url| (MANAGEMENT_URL, url)));
        variables
    }
}
