use super::*;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Long enough that an answer would have come, were it to come.
const SILENCE: Duration = Duration::from_millis(100);

struct Client(TcpStream);

impl Client {
    async fn to(receiver: &Receiver) -> Self {
        Self(TcpStream::connect(("127.0.0.1", receiver.port())).await.unwrap())
    }

    async fn post(&mut self, path: &str, id: &str, body: &str) -> std::io::Result<()> {
        let length = body.len();
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nWebhook-Id: {id}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes()).await
    }

    /// What comes first, which for an ordinary answer is all of it.
    async fn hear(&mut self) -> std::io::Result<String> {
        let mut answer = vec![0; 64 * 1024];
        let length = self.0.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    /// The number of bytes that come until the other side hangs up, if it does before `most`.
    async fn drain(&mut self, most: usize) -> std::io::Result<usize> {
        let (mut chunk, mut total) = (vec![0; 64 * 1024], 0);
        while total < most {
            match self.0.read(&mut chunk).await? {
                0 => return Ok(total),
                length => total += length,
            }
        }
        Ok(total)
    }
}

async fn answer_to(receiver: &Receiver, id: &str) -> String {
    let mut client = Client::to(receiver).await;
    client.post("/", id, "{}").await.unwrap();
    client.hear().await.unwrap()
}

#[tokio::test]
async fn requests_are_written_down_whole_and_in_order() {
    let receiver = Receiver::start().await.unwrap();
    let mut client = Client::to(&receiver).await;
    for (path, body) in [("/a/?x=%20y&x=2", "{\"n\":1.10}"), ("/b", "")] {
        client.post(path, "dlv_1", body).await.unwrap();
        assert_eq!(client.hear().await.unwrap(), "HTTP/1.1 200 as told\r\ncontent-length: 0\r\n\r\n");
    }
    let requests = receiver.wait_for(2).await.unwrap();
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/a/?x=%20y&x=2"));
    assert_eq!(requests[0].body.as_ref(), b"{\"n\":1.10}");
    assert_eq!(requests[0].json()["n"], 1.1);
    assert_eq!((requests[0].header("host"), requests[0].webhook_id()), (Some("x"), Some("dlv_1")));
    assert_eq!(requests[1].path, "/b");
    assert!(requests[0].at <= requests[1].at && requests[1].is_accepted());
    assert_eq!(receiver.counts(), BTreeMap::from([("dlv_1".to_owned(), 2)]));
}

#[tokio::test]
async fn a_body_that_comes_in_pieces_and_pipelined_requests_are_understood() {
    let receiver = Receiver::start().await.unwrap();
    let mut client = Client::to(&receiver).await;
    for piece in ["POST /1 HT", "TP/1.1\r\nContent-Length: 4\r\n\r", "\nab", "cdPOST /2 HTTP/1.1\r\n\r\n"] {
        client.0.write_all(piece.as_bytes()).await.unwrap();
        client.0.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let requests = receiver.wait_for(2).await.unwrap();
    assert_eq!((requests[0].path.as_str(), requests[0].body.as_ref()), ("/1", b"abcd".as_slice()));
    assert_eq!((requests[1].path.as_str(), requests[1].body.len()), ("/2", 0));
}

#[tokio::test]
async fn the_script_comes_first_then_the_responder_then_the_default() {
    let receiver = Receiver::start().await.unwrap();
    receiver.set_default(Answer::status(500));
    receiver.set_responder(|request| (request.webhook_id() == Some("gone")).then(|| Answer::status(410)));
    receiver.answer_next(Answer::status(503).header("retry-after", "7").body("busy"));
    receiver.answer_next(Answer::redirect("http://x/"));
    let busy = answer_to(&receiver, "gone").await;
    assert_eq!(busy, "HTTP/1.1 503 as told\r\ncontent-length: 4\r\nretry-after: 7\r\n\r\nbusy");
    assert!(answer_to(&receiver, "gone").await.contains("302 as told\r\ncontent-length: 0\r\nlocation: http://x/"));
    assert!(answer_to(&receiver, "gone").await.starts_with("HTTP/1.1 410"));
    assert!(answer_to(&receiver, "else").await.starts_with("HTTP/1.1 500"));
    assert_eq!(
        receiver.received().iter().map(|request| request.status).collect::<Vec<_>>(),
        [Some(503), Some(302), Some(410), Some(500)]
    );
    assert!(receiver.accepted_counts().is_empty());
    receiver.forget();
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_gate_holds_answers_and_counts_what_it_holds() {
    let receiver = Receiver::start().await.unwrap();
    receiver.gate();
    let mut clients = Vec::new();
    for id in ["a", "b", "c"] {
        let mut client = Client::to(&receiver).await;
        client.post("/", id, "").await.unwrap();
        clients.push(client);
    }
    receiver.wait_until(|requests| requests.iter().any(|request| request.webhook_id() == Some("c"))).await.unwrap();
    receiver.wait_for(3).await.unwrap();
    assert_eq!(receiver.most_at_once(), 3);
    assert!(timeout(SILENCE, clients[0].hear()).await.is_err());
    receiver.release();
    for mut client in clients {
        assert!(client.hear().await.unwrap().starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn down_breaks_connections_and_up_listens_on_the_same_port() {
    let mut receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let mut client = Client::to(&receiver).await;
    client.post("/", "a", "").await.unwrap();
    client.hear().await.unwrap();

    receiver.down().await;
    assert!(client.hear().await.is_ok_and(|end| end.is_empty()));
    let refused = TcpStream::connect(("127.0.0.1", receiver.port())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    receiver.up().await.unwrap();
    assert_eq!(receiver.url("/hook"), url);
    assert!(answer_to(&receiver, "b").await.starts_with("HTTP/1.1 200"));
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn a_hostile_receiver_does_what_it_is_told() {
    let receiver = Receiver::start().await.unwrap();
    let megabytes = 5_000_000;
    let check = async |answer: Answer| {
        receiver.answer_next(answer);
        let mut client = Client::to(&receiver).await;
        client.post("/", "a", "{}").await.unwrap();
        client
    };
    let mut reset = check(Answer::reset()).await;
    assert_eq!(reset.hear().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut hang = check(Answer::hang()).await;
    assert!(timeout(SILENCE, hang.hear()).await.is_err());
    assert!(check(Answer::endless_body()).await.drain(megabytes).await.unwrap() >= megabytes);
    let huge = check(Answer::huge_headers()).await.drain(megabytes).await.unwrap();
    assert!((4_000_000..megabytes).contains(&huge), "{huge}");
    assert!(check(Answer::garbage()).await.hear().await.unwrap().contains("ESMTP"));
    assert!(check(Answer::truncated()).await.drain(megabytes).await.unwrap() < 1_000);
    let mut drip = check(Answer::drip(Duration::from_millis(5))).await;
    assert!(timeout(SILENCE, drip.drain(megabytes)).await.is_err());
    let mut late = check(Answer::status(200).after(SILENCE)).await;
    let begun = std::time::Instant::now();
    late.hear().await.unwrap();
    assert!(begun.elapsed() >= SILENCE / 2, "{:?}", begun.elapsed());
    assert_eq!(receiver.accepted_counts()["a"], 1);
}

#[tokio::test]
async fn a_counting_receiver_keeps_arrivals_and_no_bodies() {
    let receiver = Receiver::counting().await.unwrap();
    answer_to(&receiver, "a").await;
    answer_to(&receiver, "b").await;
    receiver.wait_for_within(2, PATIENCE).await.unwrap();
    assert!(receiver.received().is_empty());
    let ids: Vec<_> = receiver.arrivals().into_iter().filter_map(|arrival| arrival.webhook_id).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn waiting_ends_with_an_error_that_says_what_came() {
    let receiver = Receiver::start().await.unwrap();
    answer_to(&receiver, "a").await;
    let error = receiver.wait_for_within(2, Duration::from_millis(10)).await.unwrap_err();
    assert_eq!(error.to_string(), "2 requests were expected, 1 came in 10ms");
}
