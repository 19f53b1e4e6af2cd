//! NationBuilder's access tokens.

use super::*;
use crate::guard::SystemLookup;
use crate::handler::Sender;
use crate::tests::{client, message};
use futures_util::future::join_all;
use runtime::clock;
use secrecy::ExposeSecret;
use stage::Handler;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use testkit::receiver::Answer;
use testkit::targets::{Mock, NationBuilder};

const SIGNUP: &str =
    r#"{"data":{"type":"signups","attributes":{"email":"marisol@example.org","first_name":"Marisol"}}}"#;

async fn nation() -> (Rig, Mock<NationBuilder>) {
    let nation = NationBuilder::v2("FICTIONAL-client", "FICTIONAL-secret", "FICTIONAL-refresh");
    (Rig::new().await, Mock::start(nation).await.expect("listens"))
}

async fn builder(rig: &Rig, url: &str) -> Webhook {
    let fields = [("client_secret", "FICTIONAL-secret"), ("refresh_token", "FICTIONAL-refresh")];
    native(rig, ("nationbuilder", "v2"), url, &[("client_id", "FICTIONAL-client")], &fields).await
}

fn signup(webhook: &Webhook) -> Planned {
    let media = "application/vnd.api+json".to_owned();
    let step = Step {
        to: To::Path(Part::text("/api/v2/signups/push")),
        headers: vec![("content-type".to_owned(), media.clone()), ("accept".to_owned(), media)],
        success: vec![Rule::status(&[200, 201])],
        ..Step::new("signup", Method::Patch, Body::Json(Part::text(SIGNUP)))
    };
    Planned { plan: Plan::new(webhook.version, vec![step]), ..planned(webhook, 7) }
}

/// The stored refresh token and access token.
async fn stored(rig: &Rig, webhook: &Webhook) -> (String, Option<String>) {
    let secrets = rig.store.credentials().get(&webhook.id).await.expect("the store is there").expect("secrets");
    let access = secrets.access.map(|access| access.token.expose_secret().to_owned());
    (secrets.fields["refresh_token"].expose_secret().to_owned(), access)
}

#[tokio::test]
async fn one_refresh_serves_all_deliveries_of_all_copies() {
    let (rig, nation) = nation().await;
    let webhook = builder(&rig, &nation.receiver().url("")).await;
    let other = Sender::new(
        client(&["127.0.0.1/32"], Arc::new(SystemLookup::new(4))),
        rig.store.clone(),
        &crate::Config::default(),
    );
    let message = message(&[(&signup(&webhook), 0)], false);
    let items = rig.split(&message);
    let prepared = rig.sender.prepare(std::slice::from_ref(&message), &items).await.expect("prepares");
    let (item, prepared) = (&items[0], &prepared);
    let asked = (0..16).map(|n| if n % 2 == 0 { &rig.sender } else { &other });
    let outcomes = join_all(asked.map(|sender| async { sender.handle(prepared, item).await.expect("decided") })).await;
    assert!(outcomes.iter().all(delivered), "{outcomes:?} {:?}", nation.faults());
    assert_eq!(nation.with(|nation| nation.refreshes()), 1);
    let renewed = ("FICTIONAL-renewed-1".to_owned(), Some("FICTIONAL-access-1".to_owned()));
    assert_eq!(stored(&rig, &webhook).await, renewed, "both in one write");
    assert_eq!(nation.faults(), Vec::<String>::new());
    rig.end().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_runs_out_and_after_a_401() {
    let (rig, nation) = nation().await;
    let webhook = builder(&rig, &nation.receiver().url("")).await;
    nation.with(|nation| nation.set_token_life(Duration::from_secs(599)));
    for refreshes in 1..=2 {
        assert!(delivered(&rig.handle(&signup(&webhook)).await), "{:?}", nation.faults());
        assert_eq!(nation.with(|nation| nation.refreshes()), refreshes, "fewer than ten minutes are left");
    }
    nation.with(|nation| nation.set_token_life(Duration::from_secs(3_600)));
    for _ in 0..2 {
        assert!(delivered(&rig.handle(&signup(&webhook)).await));
    }
    assert_eq!(nation.with(|nation| nation.refreshes()), 3);
    nation.with(NationBuilder::revoke_token);
    assert!(delivered(&rig.handle(&signup(&webhook)).await), "renewed, and the step repeated");
    assert_eq!(nation.with(|nation| nation.refreshes()), 4);
    rig.end().await;
}

#[tokio::test]
async fn a_refused_refresh_token_is_a_credentials_problem_until_a_new_one_is_entered() {
    let (rig, nation) = nation().await;
    let webhook = builder(&rig, &nation.receiver().url("")).await;
    nation.with(|nation| nation.revoke_refresh_token("FICTIONAL-new"));
    let planned = signup(&webhook);
    let (why, _) = again(rig.handle(&planned).await, &planned);
    assert_eq!(why, "credentials problem: the refresh token is refused; they need attention");
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!((attempt.status, attempt.answer), (None, None), "nothing of a token request is kept");

    let entered = rig.store.credentials().change(&webhook.id, |secrets| {
        secrets.fields.insert("refresh_token".to_owned(), "FICTIONAL-new".into());
        Ok::<(), Infallible>(())
    });
    entered.await.expect("changes");
    assert!(delivered(&rig.handle_attempt(&planned, 1).await));
    rig.end().await;
}

#[tokio::test]
async fn a_token_is_renewed_once_in_an_attempt() {
    let (rig, receiver) = rig().await;
    let webhook = builder(&rig, &receiver.url("")).await;
    receiver.set_responder(|request| match request.path.as_str() {
        "/oauth/token" => Some(Answer::status(200).body(r#"{"access_token":"a","expires_in":86400}"#)),
        _ => Some(Answer::status(401)),
    });
    let planned = signup(&webhook);
    let (why, _) = again(rig.handle(&planned).await, &planned);
    assert!(why.starts_with("credentials problem: "), "{why}");
    let token = "POST /oauth/token";
    assert_eq!(asked(&receiver), [token, "PATCH /api/v2/signups/push", token, "PATCH /api/v2/signups/push"]);
    assert_eq!(stored(&rig, &webhook).await.0, "FICTIONAL-refresh", "no new one came");
    rig.end().await;
}

#[tokio::test]
async fn what_the_store_did_not_take_is_used_and_not_renewed_again() {
    let (rig, nation) = nation().await;
    let webhook = builder(&rig, &nation.receiver().url("")).await;
    nation.receiver().gate();
    let first = signup(&webhook);
    let closed = async {
        nation.receiver().wait_for(1).await.expect("the token request comes");
        rig.store.close().await;
        nation.receiver().release();
    };
    let (outcome, ()) = tokio::join!(rig.handle(&first), closed);
    assert!(delivered(&outcome), "{outcome:?}");
    assert!(delivered(&rig.handle(&signup(&webhook)).await));
    assert_eq!(nation.with(|nation| nation.refreshes()), 1, "a second one would end the first for good");
    rig.end().await;
}

#[tokio::test]
async fn someone_elses_refresh_is_waited_for_without_an_attempt() {
    let (rig, nation) = nation().await;
    let webhook = builder(&rig, &nation.receiver().url("")).await;
    let lease = format!("oauth:{}", webhook.id);
    assert!(rig.store.leases().take(&lease, Duration::from_secs(60)).await.expect("the store is there"));
    let outcome = rig.handle(&signup(&webhook)).await;
    assert!(matches!(outcome, Outcome::Defer { why: "token_renewing", .. }), "{outcome:?}");
    assert_eq!(nation.receiver().count(), 0);

    let renewed = rig.store.credentials().change(&webhook.id, |secrets| {
        let expires_at = clock::now() + Duration::from_secs(86_400);
        secrets.access = Some(store::Access { token: "FICTIONAL-theirs".into(), expires_at });
        Ok::<(), Infallible>(())
    });
    renewed.await.expect("changes");
    nation.receiver().answer_next(Answer::status(201));
    assert!(delivered(&rig.handle(&signup(&webhook)).await));
    let last = nation.receiver().received().pop().expect("received");
    assert_eq!(last.header("authorization"), Some("Bearer FICTIONAL-theirs"));
    rig.end().await;
}
