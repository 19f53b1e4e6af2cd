//! A TCP proxy between a client and a server that cuts, stalls and slows the connection on request.

use crate::port;
use anyhow::Context;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

const CHUNK_BYTES: usize = 16 * 1024;

/// A TCP proxy on a loopback port of its own. It ends with this value.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    port: u16,
    target: String,
    conduct: watch::Sender<Conduct>,
    open: Option<Open>,
}

/// What the proxy does with the bytes that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Conduct {
    stalled: bool,
    latency: Duration,
}

/// The listener and the connections, while the proxy is not cut.
#[derive(Debug)]
struct Open {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Proxy {
    /// Listens before the server of `url`, which may be of any scheme but must name a port.
    pub async fn before(url: &str) -> anyhow::Result<Self> {
        let mut url = Url::parse(url).context("not a URL")?;
        let host = url.host_str().context("the URL has no host")?;
        let target = format!("{host}:{}", url.port_or_known_default().context("the URL has no port")?);
        let port = port::free()?;
        url.set_host(Some("127.0.0.1")).context("the URL can't have a host")?;
        url.set_port(Some(port)).ok().context("the URL can't have a port")?;
        let conduct = watch::Sender::new(Conduct { stalled: false, latency: Duration::ZERO });
        let mut proxy = Self { url: url.into(), port, target, conduct, open: None };
        proxy.listen().await?;
        Ok(proxy)
    }

    /// The server's URL with the proxy in its place.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Breaks every connection and refuses new ones. Returns when no connection is left.
    pub async fn cut(&mut self) {
        if let Some(open) = self.open.take() {
            open.stop.cancel();
            open.tasks.close();
            open.tasks.wait().await;
        }
    }

    /// Swallows everything, both ways, without closing anything: new connections are accepted and hear nothing.
    pub fn stall(&self) {
        self.conduct.send_modify(|conduct| conduct.stalled = true);
    }

    /// Holds every piece of data back for this long, each way.
    pub fn set_latency(&self, latency: Duration) {
        self.conduct.send_modify(|conduct| conduct.latency = latency);
    }

    /// Ends a stall or a cut. What was held in a stall goes on its way; what was cut stays cut.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        self.conduct.send_modify(|conduct| conduct.stalled = false);
        if self.open.is_none() { self.listen().await } else { Ok(()) }
    }

    async fn listen(&mut self) -> anyhow::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.context("the proxy can't listen")?;
        let open = Open { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        let (tasks, stop) = (open.tasks.clone(), open.stop.clone());
        let (target, conduct) = (self.target.clone(), self.conduct.clone());
        open.tasks.spawn(open.stop.clone().run_until_cancelled_owned(async move {
            while let Ok((client, _)) = listener.accept().await {
                let relay = relay(client, target.clone(), conduct.subscribe());
                tasks.spawn(stop.clone().run_until_cancelled_owned(relay));
            }
        }));
        self.open = Some(open);
        Ok(())
    }
}

/// Ends at the first error: to both sides it looks like a lost connection.
async fn relay(client: TcpStream, target: String, conduct: watch::Receiver<Conduct>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    for stream in [&client, &server] {
        // Small frames must not wait for each other, or the proxy would add latency nobody asked for.
        stream.set_nodelay(true).ok();
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(copy(from_client, to_server, conduct.clone()), copy(from_server, to_client, conduct)).ok();
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut conduct: watch::Receiver<Conduct>,
) -> anyhow::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        let latency = conduct.wait_for(|conduct| !conduct.stalled).await?.latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if length == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        to.write_all(&chunk[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::Receiver;
    use std::io::ErrorKind;
    use tokio::time::timeout;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: receiver\r\n\r\n";
    /// Long enough that an answer would have come, were it to come.
    const SILENCE: Duration = Duration::from_millis(100);

    async fn connect(proxy: &Proxy) -> std::io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", proxy.port)).await
    }

    async fn ask(stream: &mut TcpStream) -> std::io::Result<bool> {
        stream.write_all(REQUEST).await?;
        hear(stream).await
    }

    async fn hear(stream: &mut TcpStream) -> std::io::Result<bool> {
        let mut answer = [0; 256];
        let length = stream.read(&mut answer).await?;
        Ok(answer[..length].starts_with(b"HTTP/1.1 200"))
    }

    #[tokio::test]
    async fn passes_everything_on_until_it_is_cut_and_again_after() {
        let receiver = Receiver::start().await.unwrap();
        let mut proxy = Proxy::before(&receiver.url("/a")).await.unwrap();
        assert!(proxy.url().ends_with(&format!("{}/a", proxy.port)), "{}", proxy.url());
        let mut client = connect(&proxy).await.unwrap();
        assert!(ask(&mut client).await.unwrap());

        proxy.cut().await;
        assert!(!matches!(ask(&mut client).await, Ok(true)));
        assert_eq!(connect(&proxy).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);

        proxy.resume().await.unwrap();
        assert!(ask(&mut connect(&proxy).await.unwrap()).await.unwrap());
        assert_eq!(receiver.count(), 2);
    }

    #[tokio::test]
    async fn a_stall_is_silence_and_not_an_end() {
        let receiver = Receiver::start().await.unwrap();
        let mut proxy = Proxy::before(&receiver.url("/")).await.unwrap();
        let mut client = connect(&proxy).await.unwrap();
        proxy.stall();
        assert!(timeout(SILENCE, ask(&mut client)).await.is_err());
        assert_eq!(receiver.count(), 0);
        proxy.resume().await.unwrap();
        assert!(hear(&mut client).await.unwrap());
    }

    #[tokio::test]
    async fn latency_holds_back_each_way() {
        let receiver = Receiver::start().await.unwrap();
        let proxy = Proxy::before(&receiver.url("/")).await.unwrap();
        proxy.set_latency(SILENCE);
        let begun = std::time::Instant::now();
        assert!(ask(&mut connect(&proxy).await.unwrap()).await.unwrap());
        assert!(begun.elapsed() >= 2 * SILENCE, "{:?}", begun.elapsed());
    }
}
