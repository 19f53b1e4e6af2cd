use super::*;
use bytes::Bytes;
use contract::catalogue::Settings;
use contract::id::{EntityId, WebhookId};
use contract::webhook::{Endpoint, Options, Status, Type};
use serde_json::json;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn webhook(kind: &str, settings: &[(&str, &str)]) -> Webhook {
    let settings = settings.iter().map(|(id, value)| ((*id).to_owned(), json!(value))).collect();
    Webhook {
        id: WebhookId::parse("wh_a").expect("valid"),
        version: 1,
        entity: EntityId(7),
        kind: kind.parse::<Type>().expect("a type"),
        connection: None,
        settings: Settings::new(settings),
        endpoint: Endpoint::parse("https://a.example").expect("a URL"),
        status: Status::Active,
        status_reason: None,
        options: Options::default(),
        created_at: NOW,
        updated_at: NOW,
        activated_at: None,
    }
}

fn secrets(fields: &[(&str, &str)]) -> Secrets {
    let fields = fields.iter().map(|(id, value)| ((*id).to_owned(), SecretString::from(*value)));
    Secrets { fields: fields.collect(), ..Secrets::default() }
}

fn request(url: &str) -> Request {
    let (method, url) = (reqwest::Method::POST, url::Url::parse(url).expect("a URL"));
    Request { method, url, headers: HeaderMap::new(), body: Bytes::from_static(b"{}"), decides: false, once: false }
}

/// The request that a type's connection makes of this one.
fn applied(webhook: &Webhook, secrets: &Secrets, url: &str, now: Timestamp) -> Result<Request, Failure> {
    let entry = webhook.kind.entry().expect("it is in the catalogue");
    let connection = entry.connections.iter().find(|connection| !matches!(connection.auth, Scheme::Entered { .. }));
    let mut request = request(url);
    apply(&Party { webhook, connection, secrets }, &Proof::Stored, &mut request, now).map(|()| request)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let value = request.headers.get(name)?;
    assert!(value.is_sensitive(), "{name} is kept out of logs");
    value.to_str().ok()
}

#[test]
fn basic_is_filled_from_settings_and_secrets() {
    let webhook = webhook("ngpvan", &[("application", "TributaryApp")]);
    let good = applied(&webhook, &secrets(&[("api_key", "0000-FICTIONAL-key")]), "https://a.example/", NOW);
    // `formats/ngpvan.md` §1
    let expected = "Basic VHJpYnV0YXJ5QXBwOjAwMDAtRklDVElPTkFMLWtleXwx";
    assert_eq!(header(&good.expect("applied"), "authorization"), Some(expected));
    for missing in [secrets(&[]), secrets(&[("api_key", "")])] {
        assert_eq!(applied(&webhook, &missing, "https://a.example/", NOW).map(|_| ()), Err(MISSING));
    }
}

#[test]
fn a_token_goes_into_its_header() {
    let request =
        applied(&webhook("action_network", &[]), &secrets(&[("token", "FICTIONAL")]), "https://a.example/", NOW);
    assert_eq!(header(&request.expect("applied"), "osdi-api-token"), Some("FICTIONAL"));
}

#[test]
fn a_token_goes_where_the_customer_wants_it() {
    let token = secrets(&[("token", "a b&c")]);
    let made = |token_in: &[(&str, &str)], secrets: &Secrets| {
        let request = applied(&webhook("osdi", token_in), secrets, "https://a.example/?x=a%2Fb+c", NOW);
        let request = request.expect("applied");
        (header(&request, "osdi-api-token").map(str::to_owned), request.url.query().unwrap_or_default().to_owned())
    };
    let plain = "x=a%2Fb+c".to_owned();
    assert_eq!(made(&[("token_in", "header")], &token), (Some("a b&c".to_owned()), plain.clone()));
    assert_eq!(made(&[], &token), (Some("a b&c".to_owned()), plain.clone()));
    assert_eq!(made(&[("token_in", "query")], &token), (None, format!("{plain}&osdi-api-token=a%20b%26c")));
    assert_eq!(made(&[("token_in", "query")], &secrets(&[])), (None, plain), "an open server gets none");
}

#[test]
fn a_bsd_query_is_signed_at_this_moment() {
    let secret = secrets(&[("api_secret", "0123456789abcdef0123456789abcdef01234567"), ("http_password", "hunter2")]);
    let url = "https://a.example/page/api/contribution/add_external_contribution";
    let now = Timestamp::from_second(1_709_680_969).expect("a time");
    // `formats/blue-state-digital.md` §2.2, vector 3
    let mac = "d06a5f6a2c062111a96894bd22600e95e8da6e28";
    let expected = format!("{url}?api_id=tributary&api_ts=1709680969&api_ver=2&api_mac={mac}");
    let open = applied(&webhook("blue_state_digital", &[("api_id", "tributary")]), &secret, url, now);
    let open = open.expect("applied");
    assert_eq!((open.url.as_str(), header(&open, "authorization")), (expected.as_str(), None));

    let settings = [("api_id", "tributary"), ("http_user", "ana")];
    let closed = applied(&webhook("blue_state_digital", &settings), &secret, url, now).expect("applied");
    assert_eq!(
        (closed.url.as_str(), header(&closed, "authorization")),
        (expected.as_str(), Some("Basic YW5hOmh1bnRlcjI="))
    );
    let later = Timestamp::from_second(1_709_681_000).expect("a time");
    let again = applied(&webhook("blue_state_digital", &settings), &secret, url, later).expect("applied");
    assert_ne!(again.url.as_str(), expected, "an old signature is refused");
}

#[test]
fn custom_headers_go_along_unless_they_are_ours() {
    let headers = vec![("X-Tenant".to_owned(), "okonedo".into()), ("Host".to_owned(), "evil.example".into())];
    let made = custom_headers(&Secrets { headers, ..Secrets::default() }).expect("headers");
    assert_eq!(made.len(), 1);
    assert!(made["x-tenant"].is_sensitive());
    let headers = vec![("X Tenant".to_owned(), "okonedo".into())];
    assert!(custom_headers(&Secrets { headers, ..Secrets::default() }).is_err());
}
