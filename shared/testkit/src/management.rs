//! Virtual hosts, through RabbitMQ's management API.

use crate::amqp::{connect, decoded};
use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io::{Read, Write};
use url::Url;

/// A management API.
#[derive(Debug, Clone)]
pub(crate) struct Management {
    url: Url,
}

impl Management {
    /// The API at `url`, which carries the login.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { url: Url::parse(url).context("not a management URL")? })
    }

    /// Fails when the API does not answer.
    pub(crate) fn probe(&self) -> anyhow::Result<()> {
        self.call("GET", "/api/whoami", "")
    }

    /// Makes an empty virtual host that the API's user may use.
    pub(crate) fn add_vhost(&self, name: &str) -> anyhow::Result<()> {
        self.call("PUT", &format!("/api/vhosts/{name}"), "{}")?;
        let permissions = r#"{"configure":".*","write":".*","read":".*"}"#;
        self.call("PUT", &format!("/api/permissions/{name}/{}", self.url.username()), permissions)
    }

    /// Removes a virtual host with everything in it.
    pub(crate) fn remove_vhost(&self, name: &str) -> anyhow::Result<()> {
        self.call("DELETE", &format!("/api/vhosts/{name}"), "")
    }

    fn call(&self, method: &str, path: &str, body: &str) -> anyhow::Result<()> {
        let host = self.url.host_str().context("the management URL has no host")?;
        let port = self.url.port_or_known_default().context("the management URL has no port")?;
        let login = format!("{}:{}", decoded(self.url.username()), decoded(self.url.password().unwrap_or("")));
        let mut stream = connect(host, port)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Basic {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            BASE64_STANDARD.encode(login),
            body.len(),
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).context("no answer from the management API")?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 2"), "the management API answered {method} {path} with {answer}");
        Ok(())
    }
}
