//! Salsa Classic's session.

use super::*;
use contract::plan::Check;
use testkit::receiver::Answer;
use testkit::targets::{Mock, SalsaClassic};

/// `formats/salsa.md` A4
const CONTRIBUTION: &str = "xml=xml&object=supporter&organization_KEY=50123&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&object=donation&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&amount=27.50&Transaction_Date=2024-03-05%2018%3A22%3A49&Transaction_Type=Recurring&Form_Of_Payment=Credit%20Card&Status=Donation%20Only&RESULT=0&Order_Info=AB300000118&uid=tributary-612004411&Designation_Code=48213&Note=Okonedo%20for%20Harbor%20County%3B%20payment%201%3B%20monthly";
const PASSWORD: &str = "FICTIONAL-password";

async fn node() -> (Rig, Mock<SalsaClassic>) {
    let node = SalsaClassic::new("integrations@okonedo.example.org", PASSWORD, Some("50123"));
    (Rig::new().await, Mock::start(node).await.expect("listens"))
}

async fn salsa(rig: &Rig, url: &str, password: &str) -> Webhook {
    let email = ("email", "integrations@okonedo.example.org");
    native(rig, ("salsa", "classic"), url, &[email], &[("password", password)]).await
}

fn save(webhook: &Webhook) -> Planned {
    let pairs = url::form_urlencoded::parse(CONTRIBUTION.as_bytes());
    let pairs = pairs.map(|(name, value)| (name.into_owned(), Part::text(value))).collect();
    let attributes = vec![("object".to_owned(), "donation".to_owned())];
    let from = contract::plan::From::Xml { element: "success".to_owned(), attributes, attribute: "key".to_owned() };
    let saved = Rule::status(&[200]).and(Check::xml("success", &[("object", "donation")])).and(Check::no_xml("error"));
    let step = Step {
        to: To::Path(Part::text("/save")),
        success: vec![saved],
        capture: vec![Capture { from, ..Capture::json("donation_key", "").required().scope(Scope::Line) }],
        ..Step::new("donation", Method::Post, Body::Form(pairs))
    };
    delivery(webhook, vec![step])
}

#[tokio::test]
async fn one_login_serves_many_saves_until_its_session_ends() {
    let (rig, node) = node().await;
    let webhook = salsa(&rig, &node.receiver().url(""), PASSWORD).await;
    for _ in 0..3 {
        assert!(delivered(&rig.handle(&save(&webhook)).await), "{:?}", node.faults());
    }
    assert_eq!(node.with(|node| node.logins()), 1);
    assert_eq!(node.receiver().received()[1].body, CONTRIBUTION, "encoded as the specification has it");

    node.with(SalsaClassic::expire_session);
    assert!(delivered(&rig.handle(&save(&webhook)).await), "renewed, and the step repeated");
    assert_eq!(node.with(|node| (node.logins(), node.donations.len())), (2, 4));
    assert_eq!(remembered(&rig, &webhook).await.line["donation_key"], "11713852");
    assert_eq!(node.faults(), Vec::<String>::new());
    rig.end().await;
}

#[tokio::test]
async fn deliveries_at_the_same_time_share_one_login() {
    let (rig, node) = node().await;
    let webhook = salsa(&rig, &node.receiver().url(""), PASSWORD).await;
    let saves: Vec<_> = (0..8).map(|_| save(&webhook)).collect();
    let outcomes = futures_util::future::join_all(saves.iter().map(|save| rig.handle(save))).await;
    assert!(outcomes.iter().all(delivered), "{outcomes:?}");
    assert_eq!(node.with(|node| node.logins()), 1);
    rig.end().await;
}

#[tokio::test]
async fn a_refused_login_is_a_credentials_problem_and_heals() {
    let (rig, node) = node().await;
    let webhook = salsa(&rig, &node.receiver().url(""), "wrong").await;
    let planned = save(&webhook);
    let (why, _) = again(rig.handle(&planned).await, &planned);
    assert_eq!(why, "credentials problem: the login is refused; they need attention");
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!((attempt.status, attempt.answer), (None, None), "nothing of a login is kept");

    let entered = rig.store.credentials().change(&webhook.id, |secrets| {
        secrets.fields.insert("password".to_owned(), PASSWORD.into());
        Ok::<(), std::convert::Infallible>(())
    });
    entered.await.expect("changes");
    assert!(delivered(&rig.handle_attempt(&planned, 1).await));
    rig.end().await;
}

#[tokio::test]
async fn a_session_is_renewed_once_in_an_attempt() {
    let (rig, receiver) = rig().await;
    let webhook = salsa(&rig, &receiver.url(""), PASSWORD).await;
    receiver.set_responder(|request| {
        let login = request.path == "/api/authenticate.sjs";
        let body = if login { "<data/>" } else { "<data><error>Please log in.</error></data>" };
        let answer = Answer::status(200).body(body);
        Some(if login { answer.header("set-cookie", "JSESSIONID=abc123; Path=/") } else { answer })
    });
    let planned = save(&webhook);
    let (why, _) = again(rig.handle(&planned).await, &planned);
    assert!(why.starts_with("credentials problem: "), "{why}");
    assert_eq!(asked(&receiver).iter().filter(|asked| asked.ends_with("/save")).count(), 2);
    assert_eq!(receiver.count(), 4, "two logins");
    rig.end().await;
}

#[tokio::test]
async fn a_login_that_fails_in_passing_is_an_ordinary_retry() {
    let (rig, receiver) = rig().await;
    let webhook = salsa(&rig, &receiver.url(""), PASSWORD).await;
    for (answer, reason) in [
        (Answer::reset(), "login failed: connection lost: it ended before an answer came"),
        (Answer::status(503), "login failed: answered 503"),
    ] {
        receiver.answer_next(answer);
        let planned = save(&webhook);
        let (why, next) = again(rig.handle(&planned).await, &planned);
        assert_eq!((why.as_str(), next.progress.unclear), (reason, false), "nothing was saved");
    }
    rig.end().await;
}
