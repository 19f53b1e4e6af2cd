//! What must hold between options, and the ranges of single ones.

use super::{Purpose, Settings};
use crate::instance::RoleName;
use reqwest::Url;
use runtime::config::{Reader, environment_name};
use runtime::trace::AVAILABLE;
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use store::SecretKeys;

const AGE_H: RangeInclusive<u64> = 1..=24 * 3_660;
const SIZE_MB: RangeInclusive<u64> = 10..=100_000_000;
const WINDOW_S: RangeInclusive<u64> = 1..=31 * 86_400;
const PREFIX_CHARS: usize = 60;

/// Notes everything that does not fit together.
pub(super) fn check(settings: &Settings, purpose: Purpose<'_>, read: &mut Reader) {
    ranges(settings, read);
    scheme(read, "amqp_url", settings.amqp_url.as_ref(), &["amqp://", "amqps://"]);
    scheme(read, "redis_url", settings.redis_url.as_ref(), &["redis://", "rediss://", "redis+unix://", "unix://"]);
    for (option, url) in [("ingest.url", &settings.ingest.url), ("dashboard.url", &settings.dashboard_url)] {
        if url.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
            read.mistake(option, "must begin with http:// or https://");
        }
    }
    if let Some(Err(error)) = settings.secret_key.as_ref().map(SecretKeys::parse) {
        read.mistake("secret_key", error.to_string());
    }
    if settings.ingest.actblue_username.is_some() != settings.ingest.actblue_password.is_some() {
        let message = "the user name and the password of POST /v1/actblue go together: set both or neither";
        read.mistake("ingest.actblue_username", message);
    }
    if let Some(message) = settings.telemetry.otlp_endpoint.as_ref().and_then(|url| no_collector(url, AVAILABLE)) {
        read.mistake("telemetry.otlp_endpoint", message);
    }
    let Purpose::Roles(roles) = purpose else { return };
    backends(settings, roles, read);
    ports(settings, roles, read);
}

fn ranges(settings: &Settings, read: &mut Reader) {
    for (option, number, range) in [
        ("history.age_h", settings.history.age_h, AGE_H),
        ("history.size_mb", settings.history.size_mb, SIZE_MB),
        ("ingest.dedup_window_s", settings.ingest.dedup_window_s, WINDOW_S),
    ] {
        if !range.contains(&number) {
            read.mistake(option, format!("{number} is not from {} to {}", range.start(), range.end()));
        }
    }
    for (option, prefix) in [("queue_prefix", &settings.queue_prefix), ("key_prefix", &settings.key_prefix)] {
        let good = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        if prefix.len() > PREFIX_CHARS || !prefix.chars().all(good) {
            read.mistake(option, format!("must be at most {PREFIX_CHARS} of a-z A-Z 0-9 . _ : -"));
        }
    }
}

/// A URL is a secret, because it can hold a password: it is never quoted.
fn scheme(read: &mut Reader, option: &str, url: Option<&SecretString>, schemes: &[&str]) {
    if url.is_some_and(|url| !schemes.iter().any(|scheme| url.expose_secret().starts_with(scheme))) {
        read.mistake(option, format!("must begin with {}", schemes.join(" or ")));
    }
}

/// What is wrong with the address of a collector. The address is not quoted: it could hold a password.
fn no_collector(url: &Url, available: bool) -> Option<&'static str> {
    if !available {
        return Some("this program was built without the feature otel: leave it out, or build with --features otel");
    }
    if url.scheme() != "http" {
        return Some("must begin with http://: TLS is for a collector nearby to add");
    }
    let more = url.password().is_some() || !url.username().is_empty();
    let more = more || url.query().is_some() || url.fragment().is_some();
    more.then_some("must be an address without a user, a query and a fragment, such as http://127.0.0.1:4318")
}

fn backends(settings: &Settings, roles: &[RoleName], read: &mut Reader) {
    match (&settings.amqp_url, &settings.redis_url) {
        (Some(_), None) => read.mistake("redis_url", with_the_other("amqp_url")),
        (None, Some(_)) => read.mistake("amqp_url", with_the_other("redis_url")),
        (None, None) => {
            if let [role] = roles {
                let role = role.name();
                let message = format!(
                    "the role {role} alone needs RabbitMQ and Redis: set it and {}, or run `tributary all`",
                    environment_name("redis_url")
                );
                read.mistake("amqp_url", message);
            }
            return;
        }
        (Some(_), Some(_)) => {}
    }
    if settings.secret_key.is_none() && roles.iter().any(|role| role.uses_credentials()) {
        let message = "must be set with RabbitMQ and Redis for the roles sender and dashboard: 32 random bytes, made \
                       by `openssl rand -base64 32`";
        read.mistake("secret_key", message);
    }
    for (role, option, tokens) in [
        (RoleName::Ingest, "ingest.tokens", &settings.ingest.tokens),
        (RoleName::Dashboard, "dashboard.tokens", &settings.dashboard.tokens),
    ] {
        if roles.contains(&role) && tokens.is_empty() {
            read.mistake(option, "must have at least one token, for example made by `openssl rand -hex 32`");
        }
    }
}

fn with_the_other(other: &str) -> String {
    let other = environment_name(other);
    format!("must be set too, because {other} is: the distributed system needs both, the embedded one neither")
}

fn ports(settings: &Settings, roles: &[RoleName], read: &mut Reader) {
    let mut taken: Vec<(&str, SocketAddr)> = vec![("admin.listen", settings.admin.listen)];
    for (role, option, listen) in [
        (RoleName::Ingest, "ingest.listen", settings.ingest.listen),
        (RoleName::Dashboard, "dashboard.listen", settings.dashboard.listen),
    ] {
        if !roles.contains(&role) {
            continue;
        }
        let other = taken.iter().find(|(_, other)| listen.port() != 0 && *other == listen).map(|(other, _)| *other);
        if let Some(other) = other {
            read.mistake(option, format!("{listen} is taken by {}: choose another port", environment_name(other)));
        }
        taken.push((option, listen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::config::Sources;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn mistakes(purpose: Purpose<'_>, environment: &[(&str, &str)]) -> Vec<String> {
        let environment = environment.iter().map(|(name, value)| (format!("TRIBUTARY__{name}"), (*value).to_owned()));
        let loaded = Settings::load(Sources::new(None, environment.collect()), purpose);
        let mistakes = loaded.err().map(|mistakes| mistakes.0).unwrap_or_default();
        mistakes.into_iter().map(|mistake| mistake.place.replace("TRIBUTARY__", "")).collect()
    }

    #[test]
    fn nothing_configured_is_right_for_everything_in_one_process() {
        assert!(mistakes(Purpose::Roles(&RoleName::ALL), &[]).is_empty());
        assert!(mistakes(Purpose::Client, &[]).is_empty());
        assert_eq!(mistakes(Purpose::Roles(&[RoleName::Router]), &[]), ["AMQP_URL"]);
    }

    #[test]
    fn the_distributed_system_needs_both_servers_a_key_and_tokens() {
        let all = Purpose::Roles(&RoleName::ALL);
        let (amqp, redis) = (("AMQP_URL", "amqp://localhost"), ("REDIS_URL", "redis://localhost"));
        assert_eq!(mistakes(all, &[amqp]), ["REDIS_URL", "SECRET_KEY", "INGEST__TOKENS", "DASHBOARD__TOKENS"]);
        assert_eq!(mistakes(Purpose::Roles(&[RoleName::Sender]), &[redis, ("SECRET_KEY", KEY)]), ["AMQP_URL"]);
        assert!(mistakes(Purpose::Roles(&[RoleName::Sender]), &[amqp, redis, ("SECRET_KEY", KEY)]).is_empty());
        assert!(mistakes(Purpose::Client, &[amqp, redis]).is_empty(), "commands need none of it");
    }

    #[test]
    fn only_roles_that_use_credentials_need_the_key() {
        let servers = [("AMQP_URL", "amqp://localhost"), ("REDIS_URL", "redis://localhost")];
        for (role, needed) in [
            (RoleName::Ingest, &["INGEST__TOKENS"][..]),
            (RoleName::Router, &[]),
            (RoleName::Formatter, &[]),
            (RoleName::Sender, &["SECRET_KEY"]),
            (RoleName::Backfill, &[]),
            (RoleName::Dashboard, &["SECRET_KEY", "DASHBOARD__TOKENS"]),
        ] {
            assert_eq!(mistakes(Purpose::Roles(&[role]), &servers), needed, "{role:?}");
        }
        assert!(mistakes(Purpose::Roles(&RoleName::ALL), &servers).contains(&"SECRET_KEY".to_owned()));
    }

    #[test]
    fn values_out_of_range_are_named_all_at_once() {
        let wrong = [
            ("SENDER__CONCURRENCY", "0"),
            ("INGEST__DEDUP_WINDOW_S", "0"),
            ("HISTORY__AGE_H", "0"),
            ("QUEUE_PREFIX", "a b"),
            ("AMQP_URL", "http://x"),
            ("SECRET_KEY", "short"),
            ("DASHBOARD__URL", "localhost:8080"),
            ("INGEST__ACTBLUE_USERNAME", "ana"),
            ("SENDER__ALLOW_NETWORKS", "10.0.0.0/8,everything"),
        ];
        let mut found = mistakes(Purpose::Client, &wrong);
        found.sort();
        let mut named: Vec<_> = wrong.iter().map(|(name, _)| (*name).to_owned()).collect();
        named.sort();
        assert_eq!(found, named);
    }

    #[test]
    fn a_collector_has_a_plain_address_and_a_program_that_exports() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        for good in ["http://127.0.0.1:4318", "http://collector:4318/", "http://collector/base"] {
            assert_eq!(no_collector(&url(good), true), None, "{good}");
            let message = no_collector(&url(good), false).expect("nothing exports here");
            assert!(message.starts_with("this program was built without the feature otel"), "{message}");
        }
        for bad in ["https://collector:4318", "ftp://collector", "http://ana:hunter2@collector", "http://collector?a=b"]
        {
            let message = no_collector(&url(bad), true).expect("a mistake");
            assert!(message.contains("http://") && !message.contains("hunter2"), "{bad}: {message}");
        }
        let endpoint = [("TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:4318")];
        let expected: &[&str] = if AVAILABLE { &[] } else { &["TELEMETRY__OTLP_ENDPOINT"] };
        assert_eq!(mistakes(Purpose::Client, &endpoint), expected);
    }

    #[test]
    fn two_doors_never_share_a_port() {
        let same = [("INGEST__LISTEN", "127.0.0.1:9"), ("DASHBOARD__LISTEN", "127.0.0.1:9")];
        assert_eq!(mistakes(Purpose::Roles(&RoleName::ALL), &same), ["DASHBOARD__LISTEN"]);
        let free = [("INGEST__LISTEN", "127.0.0.1:0"), ("DASHBOARD__LISTEN", "127.0.0.1:0")];
        assert!(mistakes(Purpose::Roles(&RoleName::ALL), &free).is_empty());
    }
}
