//! The only module of the test kit that reads the environment.

use anyhow::Context;

/// A RabbitMQ to use instead of a private one.
pub(crate) const AMQP_URL: &str = "TEST_AMQP_URL";
/// The management API of that RabbitMQ. With it every test gets a virtual host of its own, without it a
/// queue prefix of its own.
pub(crate) const MANAGEMENT_URL: &str = "TEST_AMQP_MANAGEMENT_URL";
/// A Redis to use instead of a private one.
pub(crate) const REDIS_URL: &str = "TEST_REDIS_URL";
/// Where the `rabbitmq-server` script is, when it is not where Debian puts it.
pub(crate) const RABBITMQ_SERVER: &str = "RABBITMQ_SERVER";
/// Where `redis-server` is, when it is not on the path.
pub(crate) const REDIS_SERVER: &str = "REDIS_SERVER";
/// The seed of the tests that roll dice: a number that a failure named, or another one to try.
const SEED: &str = "TEST_SEED";
const ORDINARY_SEED: u64 = 20_261_124;

/// What the dice of a test are seeded with: always the same, unless `TEST_SEED` names another number.
pub fn seed() -> anyhow::Result<u64> {
    let Some(text) = variable(SEED) else { return Ok(ORDINARY_SEED) };
    text.parse().with_context(|| format!("{SEED} is not a number: {text}"))
}

/// The value of a variable; an empty one counts as absent.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which servers to use")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
