//! https, against a receiver with a certificate that only the test trusts.

use super::{Scripted, patience};
use crate::client::{Client, Request};
use crate::failure::Failure;
use crate::guard::Guard;
use bytes::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A receiver for one connection.
fn receiver(version: &'static SupportedProtocolVersion) -> (u16, JoinHandle<std::io::Result<String>>) {
    let certificate =
        CertificateDer::from_pem_slice(include_bytes!("../../fixtures/receiver.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../fixtures/receiver.key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a known version")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let port = listener.local_addr().expect("bound").port();
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let connection = ServerConnection::new(Arc::new(config)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes)?;
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
        stream.flush()?;
        Ok(String::from_utf8_lossy(&bytes[..read]).into_owned())
    });
    (port, serving)
}

async fn send(host: &str, port: u16, roots: Option<&Path>) -> Result<u16, Failure> {
    let allowed = ["127.0.0.1/32".parse().expect("a network")];
    let guard = Guard::new(&allowed, Scripted::new(&[&["127.0.0.1"]]));
    let client = Client::new(guard, patience(), roots).expect("builds");
    let url = url::Url::parse(&format!("https://{host}:{port}/hook")).expect("a URL");
    let headers = reqwest::header::HeaderMap::new();
    let (method, body) = (reqwest::Method::POST, Bytes::from("{}"));
    let request = Request { method, url, headers, body, decides: false, once: false };
    client.send(&request).await.map(|answer| answer.status)
}

fn roots() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receiver.pem"))
}

#[tokio::test]
async fn a_trusted_receiver_gets_the_request_over_tls_1_2_and_1_3() {
    for version in [&version::TLS12, &version::TLS13] {
        let (port, serving) = receiver(version);
        assert_eq!(send("tls.example.org", port, Some(roots())).await, Ok(204));
        let got = serving.join().expect("no panic").expect("a request");
        assert!(got.starts_with("POST /hook HTTP/1.1\r\n"), "{got}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_names_another_host_is_refused() {
    let refused = |answer: Result<u16, Failure>| match answer {
        Err(Failure::Tls(rustls::Error::InvalidCertificate(error))) => error,
        other => panic!("{other:?}"),
    };
    let (port, serving) = receiver(&version::TLS13);
    assert_eq!(refused(send("tls.example.org", port, None).await), CertificateError::UnknownIssuer);
    assert!(serving.join().expect("no panic").is_err(), "it never sees the request");
    let (port, serving) = receiver(&version::TLS13);
    let other_name = refused(send("other.example.org", port, Some(roots())).await);
    assert!(matches!(other_name, CertificateError::NotValidForNameContext { .. }), "{other_name:?}");
    assert!(serving.join().expect("no panic").is_err(), "it never sees the request");
}
