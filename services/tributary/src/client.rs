//! A client of the JSON API of a running instance.

use crate::cli::Target;
use crate::failure::{Failure, chain};
use crate::settings::Settings;
use crate::tokens::{self, Door};
use dashboard::problem::Problem;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use runtime::exit::Exit;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

/// Longer than the test button's wait, which is the longest that the API takes.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Speaks to one instance.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
}

/// Nothing to send.
pub(crate) const NOTHING: Option<&()> = None;

impl Client {
    /// The API of the instance that flags and configuration name.
    pub(crate) fn new(settings: &Settings, target: &Target) -> Result<Self, Failure> {
        let configured = target.api.clone().or_else(|| settings.dashboard_url.clone());
        let base = configured.map_or_else(|| url_of(settings.dashboard.listen), Ok)?;
        let token = find_token(settings, target.token_file.as_deref(), Door::Api, &settings.dashboard.tokens)?;
        Ok(Self { http: http()?, base, token })
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Failure> {
        self.read(self.http.get(self.asking(path, query)?)).await
    }

    /// Has something done, with a document or without.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        document: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let request = self.http.request(method, self.url(path)?);
        let request = if let Some(document) = document { request.json(document) } else { request };
        self.read(request).await
    }

    /// Sends lines of JSON.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
        lines: Vec<u8>,
    ) -> Result<T, Failure> {
        let request = self.http.post(self.asking(path, query)?).header(CONTENT_TYPE, "application/x-ndjson");
        self.read(request.body(lines)).await
    }

    /// Asks for lines of JSON, which may be minutes in the making, and gives each to `line`.
    pub(crate) async fn lines(
        &self,
        path: &str,
        query: &impl Serialize,
        mut line: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let request = self.http.get(self.asking(path, query)?).timeout(Duration::MAX);
        let request = request.header(AUTHORIZATION, bearer(&self.token)?);
        let mut response = request.send().await.map_err(|error| unreachable(&self.base, &error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let mut open = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| Failure::of("the answer broke off", &error))? {
            open.extend_from_slice(&bytes);
            while let Some(end) = open.iter().position(|byte| *byte == b'\n') {
                line(&open[..end])?;
                open.drain(..=end);
            }
        }
        if open.is_empty() { Ok(()) } else { Err(Failure::new("the answer broke off in the middle of a line")) }
    }

    fn asking(&self, path: &str, query: &impl Serialize) -> Result<Url, Failure> {
        let mut url = self.url(path)?;
        let query = serde_json::to_value(query).map_err(|error| Failure::of("the query", &error))?;
        for (name, value) in query.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().append_pair(name, &text);
        }
        Ok(url)
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|error| Failure::usage(format!("--api {}: {error}", self.base)))
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let request = request.header(AUTHORIZATION, bearer(&self.token)?);
        let response = request.send().await.map_err(|error| unreachable(&self.base, &error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let body = response.bytes().await.map_err(|error| unreachable(&self.base, &error))?;
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(body)
            .map_err(|error| Failure::of(&format!("{} does not answer like a Tributary instance", self.base), &error))
    }
}

/// A client for any of the commands: no proxy of the environment, no redirects.
pub(crate) fn http() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| Failure::of("the HTTP client", &error))
}

/// The header for a token.
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Failure::usage("the token has characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where something that listens there is reached from this machine.
pub(crate) fn url_of(listen: SocketAddr) -> Result<Url, Failure> {
    let mut address = listen;
    if address.ip().is_unspecified() {
        let loopback: [IpAddr; 2] = [[127, 0, 0, 1].into(), [0, 0, 0, 0, 0, 0, 0, 1].into()];
        address.set_ip(loopback[usize::from(address.is_ipv6())]);
    }
    Url::parse(&format!("http://{address}")).map_err(|error| Failure::usage(format!("{listen}: {error}")))
}

/// The token from a file that was named, the configuration, or the data folder of an embedded instance.
pub(crate) fn find_token(
    settings: &Settings,
    file: Option<&Path>,
    door: Door,
    configured: &[SecretString],
) -> Result<SecretString, Failure> {
    if let (None, Some(token)) = (file, configured.first()) {
        return Ok(token.clone());
    }
    let path = file.map_or_else(|| door.file(&settings.data_dir), Path::to_owned);
    let read = tokens::read(&path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    read.ok_or_else(|| {
        let message = format!(
            "no token: {} does not exist. Start the instance with `tributary`, run this in the same folder or with \
             its TRIBUTARY__DATA_DIR, or name a file with --token-file",
            path.display()
        );
        if file.is_some() { Failure::usage(message) } else { Failure::unavailable(message) }
    })
}

/// An instance that does not answer.
pub(crate) fn unreachable(base: &Url, error: &reqwest::Error) -> Failure {
    // The error's own text repeats the URL; its causes say what happened.
    let why = std::error::Error::source(error).map_or_else(|| error.to_string(), chain);
    let hint = "start it with `tributary`, or name another with --api or in the configuration";
    Failure::unavailable(format!("the instance at {base} can't be reached ({why}): {hint}"))
}

/// A problem document as a failure.
async fn refused(response: Response) -> Failure {
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let message = match problem {
        Some(problem) if !problem.errors.is_empty() => {
            let lines: Vec<_> =
                problem.errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            lines.join("\n")
        }
        Some(problem) => problem.detail,
        None => format!("the instance answered {status}"),
    };
    let exit = match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => Exit::Usage,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => Exit::Unavailable,
        _ => Exit::Failure,
    };
    Failure { exit, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_everyone_is_reached_through_loopback() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
            ("[::]:8080", "http://[::1]:8080/"),
            ("10.1.2.3:80", "http://10.1.2.3/"),
        ] {
            assert_eq!(url_of(listen.parse().expect("an address")).expect("a URL").as_str(), url);
        }
    }
}
