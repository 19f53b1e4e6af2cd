//! The whole role on the embedded broker.

use super::{add_webhook, broker, line, planned, store};
use crate::{Config, build};
use broker::{Outgoing, Queue, Sending};
use runtime::health::Health;
use runtime::task::{OnPanic, Tasks};
use std::time::Duration;
use testkit::receiver::{Answer, Receiver};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_endpoint_does_not_delay_another_one() {
    let (queues, state) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (tasks, outer) = (Tasks::new(), Tasks::new());
    let (broker, store) = (broker(&queues, &outer).await, store(&state, &outer).await);
    let mut hanging = Receiver::start().await.expect("listens");
    let fast = Receiver::start().await.expect("listens");
    hanging.set_default(Answer::hang());
    let slow = add_webhook(&store, "slow", &hanging.url("/"), |_, _| {}).await;
    let quick = add_webhook(&store, "quick", &fast.url("/"), |_, _| {}).await;

    let message = |planned| Outgoing::new(Queue::Sender(Sending::Live), line(&planned, 0).into());
    let mut messages: Vec<_> = (0..300).map(|number| message(planned(&slow, number))).collect();
    messages.extend((0..50).map(|number| message(planned(&quick, number))));
    broker.publisher().publish_all(messages).await.expect("confirmed");

    let config = Config {
        allow_networks: vec!["127.0.0.1/32".parse().expect("a network")],
        concurrency: 32,
        ..Config::default()
    };
    let role = build(&config, broker.clone(), store.clone(), &Health::default()).expect("builds");
    let running = tasks.clone();
    let ended = tasks.spawn("sender", OnPanic::Stop, async move {
        role.run(&running).await;
    });

    // The hanging ones keep their places for 15 s each; in turn, 300 of them would take minutes.
    fast.wait_for_within(50, Duration::from_secs(10)).await.expect("the fast endpoint gets its deliveries");
    assert!(hanging.most_at_once() <= 8, "a quarter of the slots: {}", hanging.most_at_once());

    hanging.down().await;
    tasks.stop().cancel();
    ended.await.expect("the role ends");
    assert_eq!(fast.counts().len(), 50);
    assert!(fast.counts().values().all(|count| *count == 1), "nothing was sent twice");
    broker.close().await;
    store.close().await;
    outer.stop().cancel();
    outer.finished().await;
}
