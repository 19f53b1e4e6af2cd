use crate::place::{KEY, OTHER_KEY, Place, Server, id, keys, until, webhook};
use contract::signature::SigningSecret;
use contract::webhook::{Signing, Webhook};
use futures_util::future::join_all;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::convert::Infallible;
use store::{Access, AddError, Authorization, ChangeError, Error, SecretKeys, Secrets, SigningKey};

pub(crate) fn secrets() -> Secrets {
    Secrets {
        authorization: Authorization::Basic { username: "ana".to_owned(), password: "hunter2-hunter2".into() },
        headers: vec![("X-Api-Key".to_owned(), "open sesame".into())],
        signing: vec![SigningKey {
            secret: SigningSecret::of_bytes([7; 32]),
            private: None,
            made_at: Timestamp::UNIX_EPOCH,
            replaced_at: None,
        }],
        fields: BTreeMap::from([
            ("client_secret".to_owned(), "swordfish".into()),
            ("refresh_token".to_owned(), "refresh-one".into()),
        ]),
        access: Some(Access { token: "access-one".into(), expires_at: Timestamp::UNIX_EPOCH }),
        origin: Some("https://crm.example.org".to_owned()),
    }
}

/// The authorization, the headers with the fields and the access token, and the signing secrets.
pub(crate) fn shown(secrets: &Secrets) -> (String, Vec<(String, String)>, Vec<String>) {
    let authorization = match &secrets.authorization {
        Authorization::None => String::new(),
        Authorization::Basic { username, password } => format!("{username}:{}", password.expose_secret()),
        Authorization::Bearer { token } => token.expose_secret().to_owned(),
    };
    let header = |(name, value): &(String, secrecy::SecretString)| (name.clone(), value.expose_secret().to_owned());
    let field = |(id, value): (&String, &secrecy::SecretString)| (id.clone(), value.expose_secret().to_owned());
    let access =
        secrets.access.iter().map(|access| (access.expires_at.to_string(), access.token.expose_secret().to_owned()));
    let signing = secrets.signing.iter().map(|key| key.secret.expose().to_owned()).collect();
    let named = secrets.headers.iter().map(header).chain(secrets.fields.iter().map(field)).chain(access);
    (authorization, named.collect(), signing)
}

pub(crate) async fn secrets_come_back_and_rotate(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let credentials = place.store.credentials();
    let found = credentials.get(&id(1)).await.expect("read").expect("there");
    assert_eq!(shown(&found), shown(&secrets()));
    assert_eq!(found.origin, secrets().origin);

    let now = runtime::clock::now();
    let rotate = credentials
        .change(&id(1), |secrets| {
            let secret = SigningSecret::of_bytes([8; 32]);
            secrets.rotate(SigningKey { secret, ..SigningKey::generate(now) }, true);
            secrets.authorization = Authorization::Bearer { token: "token".into() };
            Ok::<(), Infallible>(())
        })
        .await;
    let stored = rotate.expect("rotated");
    let found = credentials.get(&id(1)).await.expect("read").expect("there");
    assert_eq!(shown(&found), shown(&stored));
    assert_eq!(shown(&found).0, "token");
    let live: Vec<String> =
        found.signers(Signing::SharedSecret, now).iter().map(|signer| signer.secret.expose().to_owned()).collect();
    assert_eq!(live, [SigningSecret::of_bytes([8; 32]).expose(), SigningSecret::of_bytes([7; 32]).expose()]);

    assert!(credentials.get(&id(2)).await.expect("read").is_none());
    let missing = credentials.change(&id(2), |_| Ok::<(), Infallible>(())).await;
    assert!(matches!(missing, Err(ChangeError::NotFound)));
}

pub(crate) async fn rotations_made_at_once_are_all_kept(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let credentials = place.store.credentials();
    let id = id(1);
    let add_header = |number: usize| {
        credentials.change(&id, move |secrets| {
            secrets.headers.push((format!("X-{number}"), "value".into()));
            Ok::<(), Infallible>(())
        })
    };
    for changed in join_all((0..8).map(add_header)).await {
        changed.expect("changed");
    }
    assert_eq!(credentials.get(&id).await.expect("read").expect("there").headers.len(), 9);
}

pub(crate) async fn a_renewed_token_replaces_both_tokens_at_once_in_every_directory(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let (own, other) = (place.store.directory(), elsewhere.directory());
    let known = async || other.secrets(&id(1)).await.expect("read").is_some();
    until("they are known", known).await;
    own.secrets(&id(1)).await.expect("read");
    let tokens = |secrets: &Secrets| {
        let text = |secret: Option<&secrecy::SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
        [text(secrets.field("refresh_token")), text(secrets.access.as_ref().map(|access| &access.token))]
    };
    let expected = |number: &str| [Some(format!("refresh-{number}")), Some(format!("access-{number}"))];
    // As the documentation of `change` has it: refused when another one was entered meanwhile.
    let renew = async |used: &str, number: &str| {
        let (used, number) = (used.to_owned(), number.to_owned());
        let change = move |secrets: &mut Secrets| {
            if secrets.field("refresh_token").map(ExposeSecret::expose_secret) != Some(used.as_str()) {
                return Err("another one was entered");
            }
            secrets.fields.insert("refresh_token".to_owned(), format!("refresh-{number}").into());
            let expires_at = Timestamp::UNIX_EPOCH;
            secrets.access = Some(Access { token: format!("access-{number}").into(), expires_at });
            Ok(())
        };
        place.store.credentials().change(&id(1), change).await
    };
    renew("refresh-one", "two").await.expect("renewed");
    assert_eq!(tokens(&own.secrets(&id(1)).await.expect("read").expect("there")), expected("two"), "at once");
    let heard = async || {
        let found = tokens(&other.secrets(&id(1)).await.expect("read").expect("there"));
        assert!(found == expected("one") || found == expected("two"), "never one without the other: {found:?}");
        found == expected("two")
    };
    until("the other directory knows both", heard).await;
    let late = renew("refresh-one", "three").await;
    assert!(matches!(late, Err(ChangeError::Refused("another one was entered"))), "{late:?}");
    let found = place.store.credentials().get(&id(1)).await.expect("read").expect("there");
    assert_eq!(tokens(&found), expected("two"));
    assert_eq!(found.field("client_secret").map(ExposeSecret::expose_secret), Some("swordfish"));
    assert!(found.are_for(&webhook(1, 4411).endpoint));
}

pub(crate) async fn secrets_are_stored_sealed_and_open_under_their_key_only(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let stored = stored_bytes(place).await;
    assert!(!stored.is_empty());
    for secret in ["hunter2-hunter2", "open sesame", "swordfish", "refresh-one", "access-one", "whsec_"] {
        assert!(!stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} lies open");
    }
    place.reopen(keys(OTHER_KEY)).await;
    let error = place.store.credentials().get(&id(1)).await.expect_err("another key");
    assert!(matches!(&error, Error::UnknownKey { key } if key.contains(id(1).as_str())), "{error:?}");
    place.reopen(keys(&format!("{OTHER_KEY},{KEY}"))).await;
    let found = place.store.credentials().get(&id(1)).await.expect("an older key opens").expect("there");
    assert_eq!(shown(&found), shown(&secrets()));
}

pub(crate) async fn without_a_key_webhooks_are_read_and_changed_but_no_secrets(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    place.reopen(SecretKeys::none()).await;
    let (webhooks, credentials) = (place.store.webhooks(), place.store.credentials());
    let no_key = |error: &Error, number| matches!(error, Error::NoKey { key } if key.contains(id(number).as_str()));
    let error = credentials.get(&id(1)).await.expect_err("no key");
    assert!(no_key(&error, 1) && !error.is_unavailable(), "{error:?}");
    let error = place.store.directory().secrets(&id(1)).await.expect_err("no key");
    assert!(no_key(&error, 1), "{error:?}");
    let changed = credentials.change(&id(1), |_| Ok::<(), Infallible>(())).await;
    assert!(matches!(&changed, Err(ChangeError::Store(error)) if no_key(error, 1)), "{changed:?}");
    let added = webhooks.add(&webhook(2, 4411), &Secrets::default()).await;
    assert!(matches!(&added, Err(AddError::Store(error)) if no_key(error, 2)), "{added:?}");
    assert_eq!(webhooks.get(&id(2)).await.expect("read"), None, "nothing is stored without its secrets");

    let faster = |webhook: &mut Webhook| {
        webhook.options.rate_per_s = contract::webhook::Rate::per_s(99);
        Ok::<(), Infallible>(())
    };
    assert_eq!(webhooks.change(&id(1), faster).await.expect("changed").version, 2);
    assert_eq!(
        place.store.directory().webhook(&id(1)).await.expect("read").expect("there").options.rate_per_s,
        contract::webhook::Rate::per_s(99)
    );
    place.reopen(keys(KEY)).await;
    let found = place.store.credentials().get(&id(1)).await.expect("read").expect("there");
    assert_eq!(shown(&found), shown(&secrets()));
}

/// What somebody sees who can read the server or the file.
async fn stored_bytes(place: &Place) -> Vec<u8> {
    match place.server() {
        Server::File(dir) => std::fs::read(dir.path().join("store.redb")).expect("readable"),
        Server::Redis(server) => {
            let client = redis::Client::open(server.redis_url.as_str()).expect("a URL");
            let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
            let key = format!("{}secrets:{}", server.key_prefix, id(1));
            let values: Vec<Vec<u8>> = redis::cmd("HVALS").arg(key).query_async(&mut connection).await.expect("read");
            values.concat()
        }
    }
}
