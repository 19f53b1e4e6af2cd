//! The test button.

use super::{Desk, attempt_of};
use contract::attempt::{Attempt, Outcome};
use contract::delivery::Delivery;
use contract::envelope::Line;
use contract::event::Kind;
use contract::lane::Lane;
use runtime::task::OnPanic;
use serde_json::{Value, json};
use std::sync::Arc;

impl Desk {
    /// Stands for formatter and sender: records for each test what `made` makes of its first attempt.
    fn pipeline(&self, made: impl Fn(Attempt) -> Attempt + Send + Sync + 'static) {
        let (broker, store, made) = (self.broker.clone(), self.store.clone(), Arc::new(made));
        self.tasks.spawn("pipeline", OnPanic::Log, async move {
            let mut consumer = broker.consume(&broker::Queue::Formatter(Lane::Live), 8).await.unwrap();
            while let Some(message) = consumer.next().await {
                let delivery = Line::<Delivery>::decode(&message.body).unwrap().body;
                assert!(
                    delivery.test && delivery.event.body.get().contains("TEST") && delivery.event.tracking.is_some()
                );
                store.attempts().record(&made(attempt_of(&delivery))).await.unwrap();
                message.ack().await.unwrap();
            }
        });
    }

    async fn test(&self, new: Value) -> Value {
        let added = self.post("/api/v1/webhooks", new).await;
        self.post(&format!("/api/v1/webhooks/{}/test", added["id"].as_str().unwrap()), Value::Null).await
    }
}

fn osdi() -> Value {
    json!({"entity": 4411, "type": "osdi", "endpoint": "https://crm.example.org/donations"})
}

fn kinds(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|one| one["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_test_goes_through_the_pipeline_and_tells_what_came_of_it() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    desk.pipeline(|attempt| attempt);
    for _ in 0..2 {
        let result = desk.post(&format!("/api/v1/webhooks/{id}/test"), Value::Null).await;
        assert_eq!((&result["delivered"], &result["attempts"][0]["test"]), (&json!(true), &json!(true)));
        assert_eq!(result["attempts"].as_array().unwrap().len(), 1, "each test has an id of its own");
        assert_eq!(result.get("test_note"), None, "a receiver of Default bodies knows a test by its name");
    }
}

#[tokio::test]
async fn a_contribution_is_tested_first_and_what_could_not_be_tried_is_told() {
    let desk = Desk::open().await;
    desk.pipeline(|attempt| match attempt.kind {
        Kind::Contribution => Attempt {
            request: Some("POST https://crm.example.org/donations".to_owned()),
            answer: Some("{\"identifiers\":[]}".to_owned()),
            ..attempt
        },
        Kind::Refund => {
            let reason = "the contribution was not delivered to this destination".to_owned();
            Attempt { number: 0, outcome: Outcome::Undelivered, status: None, reason, ..attempt }
        }
        Kind::Cancellation => {
            let reason = "answered 400: the receiver refuses the request".to_owned();
            Attempt { outcome: Outcome::Undelivered, status: Some(400), reason, ..attempt }
        }
    });
    let result = desk.test(osdi()).await;
    assert_eq!(kinds(&result["attempts"]), ["contribution", "cancellation"]);
    let (first, last) = (&result["attempts"][0], &result["attempts"][1]);
    assert_eq!((&first["answer"], &first["status"]), (&json!("{\"identifiers\":[]}"), &json!(200)));
    assert_eq!(first["request"], "POST https://crm.example.org/donations");
    assert_eq!((&last["outcome"], &last["status"]), (&json!("undelivered"), &json!(400)));
    assert_eq!(kinds(&result["not_tried"]), ["refund"]);
    assert!(result["not_tried"][0]["reason"].as_str().unwrap().contains("was not delivered"));
    assert_eq!(result["delivered"], false, "the cancellation was refused");
    assert!(result["test_note"].as_str().unwrap().contains("must be removed"));
}

#[tokio::test]
async fn a_kind_that_was_not_sent_is_no_failure_and_nothing_sent_is_no_success() {
    let skipped = |attempt| Attempt { number: 0, outcome: Outcome::Skipped, status: None, ..attempt };
    for (sent, delivered) in [(Some(Kind::Contribution), true), (None, false)] {
        let desk = Desk::open().await;
        desk.pipeline(move |attempt| if Some(attempt.kind) == sent { attempt } else { skipped(attempt) });
        let result = desk.test(osdi()).await;
        assert_eq!(result["delivered"], delivered, "{result}");
        assert_eq!(kinds(&result["not_tried"]).len(), if delivered { 2 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_is_not_there_is_no_success() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let (status, problem) = desk.ask("POST", &format!("/api/v1/webhooks/{id}/test"), Value::Null).await;
    assert_eq!(status, axum::http::StatusCode::GATEWAY_TIMEOUT, "{problem}");
}
