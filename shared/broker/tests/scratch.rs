use broker::*; use std::time::Duration; use testkit::rabbitmq::RabbitMq; use runtime::task::Tasks; use runtime::health::Health;
async fn probe(label: &str, eval: Option<&str>, wait: u64) {
    let mut server = RabbitMq::start_private().await.unwrap();
    let config = |p: &str| Config { backend: BackendConfig::Amqp { url: server.url().into() }, queue_prefix: p.into(), connection_name: "t".into(), history_age: Duration::from_hours(24), history_bytes: 1<<26 };
    let c = config("");
    let (tasks, health) = (Tasks::new(), Health::default());
    let broker = Broker::open(c, &tasks, &health).await.unwrap();
    for i in 0..20 { broker.publisher().publish(Outgoing::new(Queue::History, format!("h{i}").into())).await.unwrap(); broker.publisher().publish(Outgoing::new(Queue::Parked, format!("p{i}").into())).await.unwrap(); }
    if let Some(e) = eval { server.control(&["eval", e]).await.unwrap(); }
    tokio::time::sleep(Duration::from_secs(wait)).await;
    server.kill9();
    let server = server.start_again().await.unwrap();
    let t = std::time::Instant::now();
    while !health.not_ready().is_empty() && t.elapsed() < Duration::from_secs(25) { tokio::time::sleep(Duration::from_millis(50)).await; }
    let parked = broker.browse(&Queue::Parked, 100).await.map(|v| v.len());
    eprintln!("RESULT {label}: {:?} after {:?}; parked {parked:?}; {:?}", health.not_ready(), t.elapsed(), server.pid());
    broker.close().await;
}
#[tokio::test(flavor="multi_thread")] async fn plain() { probe("plain", None, 1).await }
#[tokio::test(flavor="multi_thread")] async fn synced() { probe("synced", Some("[dets:sync(T) || T <- dets:all()]."), 0).await }
#[tokio::test(flavor="multi_thread")] async fn waited() { probe("waited", None, 20).await }
#[tokio::test(flavor="multi_thread")] async fn waited_long() { probe("waited long", None, 190).await }
