//! Serving HTTP: the loop of every listener of ours, with a limit on everything a client can hold on to.

use crate::task::{OnPanic, Tasks};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::limits;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const HEAD: Duration = Duration::from_millis(limits::HTTP_HEAD_MS);
const EXCHANGE: Duration = Duration::from_millis(limits::HTTP_EXCHANGE_MS);
/// Wait after connections could not be accepted: the process is out of files, and trying at once heals nothing.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1.1 and 2 until `tasks` stop, then lets the requests that were begun finish within `grace`.
/// Returns how many connections were cut off at its end.
///
/// A client has [`limits::HTTP_HEAD_MS`] for the head of each request and [`limits::HTTP_EXCHANGE_MS`] for the
/// exchange, and all clients together have [`limits::HTTP_CONNECTIONS`]; more wait to be accepted.
pub async fn serve(listener: TcpListener, routes: axum::Router, tasks: &Tasks, grace: Duration) -> usize {
    let places = Arc::new(Semaphore::new(limits::HTTP_CONNECTIONS));
    let (connections, cut, stop) = (TaskTracker::new(), CancellationToken::new(), tasks.stop().clone());
    while let Some(Some((stream, place))) = stop.run_until_cancelled(accept(&listener, &places)).await {
        let connection = connection(stream, routes.clone(), stop.clone());
        let connection = connections.track_future(cut.clone().run_until_cancelled_owned(connection));
        drop(tasks.spawn("http", OnPanic::Log, async move {
            connection.await;
            drop(place);
        }));
    }
    drop(listener);
    connections.close();
    let in_time = timeout(grace, connections.wait()).await.is_ok();
    let overdue = if in_time { 0 } else { connections.len() };
    cut.cancel();
    connections.wait().await;
    overdue
}

/// The next connection, when there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            // The client's affair: it went away before it was accepted.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "a connection can't be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, routes: axum::Router, stop: CancellationToken) {
    // Answers are small and written at once: waiting for more only delays them. A failure costs only that.
    drop(stream.set_nodelay(true));
    let begun = CancellationToken::new();
    let service = service_fn(|request| {
        begun.cancel();
        answer(routes.clone(), request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD).keep_alive_timeout(HEAD);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // The builder waits without a limit for the bytes that tell HTTP/1 from 2.
    let silent = async {
        if timeout(HEAD, begun.cancelled()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = silent => return tracing::debug!("a connection on which no request came was closed"),
        () = stop.cancelled() => {
            if !begun.is_cancelled() {
                return; // nothing was asked, so nobody waits for an answer
            }
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        // Clients that go away, and those that are cut off by a limit.
        tracing::debug!(error, "a connection ended early");
    }
}

async fn answer(routes: axum::Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let routes = TowerToHyperService::new(routes);
    match timeout(EXCHANGE, routes.call(request.map(Body::new))).await {
        Ok(answered) => answered,
        Err(_) => Ok(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    /// A server with one route that answers at once and one that never does.
    async fn start(grace: Duration) -> (Tasks, SocketAddr, oneshot::Receiver<usize>) {
        let routes = axum::Router::new()
            .route("/", get(|| async { "here" }))
            .route("/never", get(|| async { std::future::pending::<&str>().await }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tasks, (ended, end)) = (Tasks::new(), oneshot::channel());
        let of_server = tasks.clone();
        tasks.spawn("server", OnPanic::Stop, async move {
            ended.send(serve(listener, routes, &of_server, grace).await).unwrap();
        });
        (tasks, address, end)
    }

    async fn ask(address: SocketAddr, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn rest(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn a_half_sent_request_is_cut_off() {
        let (tasks, address, _end) = start(Duration::from_secs(25)).await;
        let begin = tokio::time::Instant::now();
        for half in ["", "P", "GET / HTTP/1.1\r\nhost: x\r\n", "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT"] {
            let answer = rest(ask(address, half).await).await;
            assert_eq!(answer.contains("here"), half.contains("\r\n\r\n"), "{half:?}: {answer}");
        }
        assert!(begin.elapsed() >= HEAD, "a client has its time");
        tasks.stop().cancel();
        tasks.finished().await;
    }

    #[tokio::test]
    async fn a_stalled_client_does_not_hold_up_the_stop() {
        let (tasks, address, end) = start(Duration::from_millis(50)).await;
        let silent = TcpStream::connect(address).await.unwrap();
        let never = ask(address, "GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let answered = rest(ask(address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        assert!(answered.ends_with("here"), "{answered}");
        tasks.stop().cancel();
        assert_eq!(end.await.unwrap(), 1, "the one that was asked something is cut off");
        timeout(Duration::from_secs(5), tasks.finished()).await.expect("nothing is left running");
        drop((silent, never));
        assert!(TcpStream::connect(address).await.is_err(), "it stopped listening");
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_after_the_stop() {
        let (entered, mut inside) = tokio::sync::mpsc::channel(1);
        let (release, gate) = tokio::sync::watch::channel(false);
        let slow = move || {
            let (entered, mut gate) = (entered.clone(), gate.clone());
            async move {
                entered.send(()).await.unwrap();
                gate.wait_for(|open| *open).await.unwrap();
                "done"
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tasks, routes) = (Tasks::new(), axum::Router::new().route("/", get(slow)));
        let of_server = tasks.clone();
        tasks.spawn("server", OnPanic::Stop, async move {
            assert_eq!(serve(listener, routes, &of_server, Duration::from_secs(25)).await, 0);
        });
        let stream = ask(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        inside.recv().await.unwrap();
        tasks.stop().cancel();
        release.send(true).unwrap();
        assert!(rest(stream).await.ends_with("done"));
        tasks.finished().await;
    }
}
