//! One exchange with an endpoint, within the limits and through the guard.

use crate::connecting::{self, Watched};
use crate::failure::{self, Failure};
use crate::guard::Guard;
use crate::telemetry;
use bytes::Bytes;
use contract::limits;
use contract::network::Way;
use reqwest::header::{AsHeaderName, HeaderMap};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// How long an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// To connect, TLS included.
    pub(crate) connect: Duration,
    /// For all of it.
    pub(crate) total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(limits::CONNECT_TIMEOUT_MS),
            total: Duration::from_millis(limits::SEND_TIMEOUT_MS),
        }
    }
}

/// A request. Its headers are complete.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The answer's body decides what it means, so all of it is waited for.
    pub(crate) decides: bool,
    /// To repeat it could do harm, so it goes over a connection of its own: one that is open already may be closed
    /// by the receiver at that moment, and nobody would know whether it took the request.
    pub(crate) once: bool,
}

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The beginning of its body, at most [`limits::ANSWER_READ_BYTES`].
    pub(crate) body: Vec<u8>,
    pub(crate) extent: Extent,
}

/// How much of a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// As much as is read at all.
    Cut,
    /// What came before the connection or the time ended.
    Lost,
}

impl Answer {
    /// A header's value, if it is there and is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why the client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The file of extra root certificates can't be used.
    #[error("the root certificates in {path} can't be read", path = .0.display())]
    Roots(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// One of them is no certificate.
    #[error("the TLS settings can't be used")]
    Tls(#[from] rustls::Error),
    /// The HTTP client refuses its settings.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
}

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    guard: Guard,
    patience: Patience,
    ordinary: Connections,
    allowed_only: Connections,
}

/// How the connections of one way are used.
#[derive(Clone)]
struct Connections {
    /// Again and again.
    pooled: reqwest::Client,
    /// Once.
    single: reqwest::Client,
}

impl Client {
    pub(crate) fn new(guard: Guard, patience: Patience, extra_roots: Option<&Path>) -> Result<Self, BuildError> {
        let tls = tls(extra_roots)?;
        let build = |way| {
            let builder = || builder(&guard, way, patience).tls_backend_preconfigured(tls.clone());
            let (pooled, single) = (builder().build()?, builder().pool_max_idle_per_host(0).build()?);
            Ok::<_, reqwest::Error>(Connections { pooled, single })
        };
        let (ordinary, allowed_only) = (build(Way::Ordinary)?, build(Way::AllowedOnly)?);
        Ok(Self { guard, patience, ordinary, allowed_only })
    }

    /// Sends a request and reads the answer. A pooled connection that turns out to be closed costs nothing:
    /// the request goes out again at once, one time, within the same total time.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let connections = match self.guard.check(&request.url).map_err(Failure::Refused)? {
            Way::Ordinary => &self.ordinary,
            Way::AllowedOnly => &self.allowed_only,
        };
        let client = if request.once { &connections.single } else { &connections.pooled };
        let until = Instant::now() + self.patience.total;
        let (first, pooled) = connecting::watch(exchange(client, request, until)).await;
        match first {
            Err(error) if pooled && failure::ended_before_answer(&error) => {
                telemetry::stale_connection();
                exchange(client, request, until).await.map_err(|error| Failure::of(&error))
            }
            first => first.map_err(|error| Failure::of(&error)),
        }
    }
}

fn builder(guard: &Guard, way: Way, patience: Patience) -> reqwest::ClientBuilder {
    let probe = Duration::from_millis(limits::SHARED_CONNECTION_PROBE_MS);
    reqwest::Client::builder()
        .user_agent(concat!("Tributary/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(guard.resolver(way))
        .connector_layer(Watched)
        // A proxy of the environment would resolve names itself, behind the guard's back.
        .no_proxy()
        // A redirect could lead anywhere; it is a failed answer.
        .redirect(reqwest::redirect::Policy::none())
        // Every try is counted and recorded; none happens behind our back.
        .retry(reqwest::retry::never())
        .referer(false)
        .https_only(way == Way::Ordinary)
        .connect_timeout(patience.connect)
        .timeout(patience.total)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS)
        .pool_idle_timeout(Duration::from_millis(limits::IDLE_CONNECTION_MS))
        .tcp_nodelay(true)
        .http1_max_headers(limits::ANSWER_HEADERS)
        .http2_max_header_list_size(limits::ANSWER_HEADER_BYTES)
        // All requests to a host share one HTTP/2 connection: a dead one must not fail them all in turn.
        .http2_keep_alive_interval(probe)
        .http2_keep_alive_timeout(probe)
        .http2_keep_alive_while_idle(false)
}

/// TLS 1.2 and 1.3 with ring, and the system's root certificates.
fn tls(extra_roots: Option<&Path>) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra_roots {
        let unreadable = |error| BuildError::Roots(path.to_owned(), error);
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?)?;
        }
    }
    if roots.is_empty() {
        tracing::warn!("the system has no root certificates: no https endpoint will be trusted");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

async fn exchange(client: &reqwest::Client, request: &Request, until: Instant) -> Result<Answer, reqwest::Error> {
    let mut response = client
        .request(request.method.clone(), request.url.clone())
        .headers(request.headers.clone())
        .body(request.body.clone())
        .timeout(until.saturating_duration_since(Instant::now()))
        .send()
        .await?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let (body, extent) = if status.is_success() && !request.decides {
        // It decides nothing any more: reading it lets the connection be used again, no more.
        let rest = Duration::from_millis(limits::ANSWER_REST_MS);
        let read = tokio::time::timeout(rest, beginning(&mut response)).await;
        read.unwrap_or_else(|_| (Vec::new(), Extent::Lost))
    } else {
        beginning(&mut response).await
    };
    Ok(Answer { status: status.as_u16(), headers, body, extent })
}

/// What can be read of the body, up to the limit. The status has come, so an error only ends it.
async fn beginning(response: &mut reqwest::Response) -> (Vec<u8>, Extent) {
    let mut body = Vec::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return (body, Extent::Whole),
            Err(_) => return (body, Extent::Lost),
        };
        let room = limits::ANSWER_READ_BYTES - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == limits::ANSWER_READ_BYTES {
            return (body, Extent::Cut);
        }
    }
}
