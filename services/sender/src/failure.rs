//! Why a request got no answer, by the types of the errors, never by their texts.

use crate::guard::NoAddress;
use contract::network::Refused;
use std::error::Error;
use std::io;

/// A request that got no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("refused by the guard: {0}")]
    Refused(Refused),
    #[error("no address: the name can't be resolved")]
    Name,
    #[error("timed out: {}", if *connecting { "no connection in time" } else { "no answer in time" })]
    Timeout { connecting: bool },
    #[error("no connection: {0}")]
    Connect(io::ErrorKind),
    #[error("TLS failed: {}", tls_meaning(.0))]
    Tls(rustls::Error),
    #[error("connection lost: it ended before an answer came")]
    Lost,
    #[error("not an HTTP answer: its beginning can't be read")]
    NotHttp,
    #[error("the answer is too large: its headers are beyond the limit")]
    TooLarge,
    #[error("not sendable: {0}")]
    Unsendable(&'static str),
    /// A request can't be made of the plan and what was captured.
    #[error("rejected: {0}; it needs attention")]
    Unfit(String),
}

impl Failure {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<Refused>()) {
            return Self::Refused(*refused);
        }
        if error.is_timeout() {
            return Self::Timeout { connecting: error.is_connect() };
        }
        if error.is_builder() {
            return Self::Unsendable("the endpoint or a header can't be put into a request");
        }
        if error.is_dns() || causes(error).any(<dyn Error>::is::<NoAddress>) {
            return Self::Name;
        }
        if let Some(tls) = causes(error).find_map(tls_of) {
            return Self::Tls(tls.clone());
        }
        if error.is_connect() {
            let kind = causes(error).find_map(|cause| cause.downcast_ref()).map(|io| innermost(io).kind());
            return Self::Connect(kind.unwrap_or(io::ErrorKind::NotConnected));
        }
        match hyper_of(error) {
            Some(hyper) if hyper.is_parse_too_large() => Self::TooLarge,
            Some(hyper) if hyper.is_parse() => Self::NotHttp,
            _ => Self::Lost,
        }
    }
}

/// Whether the connection ended before a byte of the answer was read.
pub(crate) fn ended_before_answer(error: &reqwest::Error) -> bool {
    let ended = |kind| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
        matches!(kind, ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | UnexpectedEof)
    };
    let lost = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| ended(io.kind()));
    !error.is_timeout()
        && !error.is_connect()
        && (lost || hyper_of(error).is_some_and(|hyper| hyper.is_incomplete_message() || hyper.is_canceled()))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

fn hyper_of(error: &reqwest::Error) -> Option<&hyper::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What a TLS failure means. rustls' own texts quote the certificate, which the other side writes.
fn tls_meaning(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Certificate;
    use rustls::Error;
    match error {
        Error::InvalidCertificate(error) => match error {
            Certificate::Expired | Certificate::ExpiredContext { .. } => "the certificate has expired",
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => "the certificate is not valid yet",
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            Certificate::UnknownIssuer => "the certificate's issuer is not trusted",
            Certificate::Revoked => "the certificate was revoked",
            Certificate::BadEncoding => "the certificate can't be read",
            _ => "the certificate can't be accepted",
        },
        Error::NoCertificatesPresented => "there is no certificate",
        Error::AlertReceived(_) => "the receiver broke it off",
        Error::PeerIncompatible(_) => "there is no version or cipher that both sides speak",
        Error::InvalidMessage(_) => "what came is not TLS",
        _ => "the receiver does not keep to the protocol",
    }
}

/// rustls' errors travel inside `io::Error`, whose `source` skips what it holds.
fn tls_of<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match cause.downcast_ref::<io::Error>() {
        Some(io) => innermost(io).get_ref()?.downcast_ref(),
        None => cause.downcast_ref(),
    }
}

fn innermost(error: &io::Error) -> &io::Error {
    match error.get_ref().and_then(|inside| inside.downcast_ref()) {
        Some(inside) => innermost(inside),
        None => error,
    }
}
