//! One test's own place on shared servers.

use crate::management::Management;
use crate::redis;
use crate::services::Services;
use anyhow::Context;
use tokio::sync::OnceCell;
use url::Url;

/// The servers of this process, started by the first test that asks.
static SERVICES: OnceCell<Services> = OnceCell::const_new();

/// One test's own place on a RabbitMQ and a Redis: no other test sees its queues or its keys. What is left
/// in it is removed with this value (on a RabbitMQ without management API, queues stay).
#[derive(Debug)]
pub struct Isolated {
    /// Of a virtual host of its own, where the broker's management API is known.
    pub amqp_url: String,
    /// The same Redis for every test.
    pub redis_url: String,
    /// Begins the name of every queue and exchange; ends in a full stop.
    pub queue_prefix: String,
    /// Begins every key; ends in a colon.
    pub key_prefix: String,
    vhost: Option<(Management, String)>,
}

/// A place on the servers that `TEST_AMQP_URL` and `TEST_REDIS_URL` name. Without them it starts private ones,
/// once for this process.
pub async fn isolated() -> anyhow::Result<Isolated> {
    let services = SERVICES.get_or_try_init(Services::start).await?;
    let name = format!("t{:08x}", rand::random::<u32>());
    let mut place = Isolated {
        amqp_url: services.amqp_url().to_owned(),
        redis_url: services.redis_url().to_owned(),
        queue_prefix: format!("{name}."),
        key_prefix: format!("{name}:"),
        vhost: None,
    };
    if let Some(url) = services.management_url() {
        let management = Management::new(url)?;
        let mut amqp_url = Url::parse(&place.amqp_url).context("not an AMQP URL")?;
        amqp_url.set_path(&name);
        place.amqp_url = amqp_url.into();
        place.vhost = Some((management.clone(), name.clone()));
        tokio::task::spawn_blocking(move || management.add_vhost(&name)).await??;
    }
    Ok(place)
}

impl Drop for Isolated {
    fn drop(&mut self) {
        // Tidying is a courtesy to the tests that follow: a failure to tidy fails none.
        if let Some((management, name)) = &self.vhost {
            management.remove_vhost(name).ok();
        }
        redis::remove_keys(&self.redis_url, &self.key_prefix).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp;

    #[tokio::test]
    async fn every_test_has_its_own_place_and_leaves_none_behind() {
        let (one, other) = (isolated().await.unwrap(), isolated().await.unwrap());
        assert_ne!(one.queue_prefix, other.queue_prefix);
        assert_ne!(one.key_prefix, other.key_prefix);
        amqp::handshake(&one.amqp_url).unwrap();
        redis::ping(&one.redis_url).unwrap();
        let (url, own_vhost) = (one.amqp_url.clone(), one.vhost.is_some());
        drop(one);
        assert_eq!(amqp::handshake(&url).is_err(), own_vhost);
        amqp::handshake(&other.amqp_url).unwrap();
    }
}
