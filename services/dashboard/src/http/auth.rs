//! Bearer tokens.

use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The tokens that are accepted. Cheap to clone; `Debug` shows none.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(Arc<[SecretString]>);

impl Tokens {
    /// Any one of these opens the API. None at all opens it to nobody.
    pub(crate) fn new(tokens: Vec<SecretString>) -> Self {
        Self(tokens.into())
    }

    /// Compares with every token, so that the time says nothing about which one came close.
    fn accept(&self, given: &str) -> bool {
        let hits = self.0.iter().map(|token| token.expose_secret().as_bytes().ct_eq(given.as_bytes()));
        hits.fold(subtle::Choice::from(0), |any, hit| any | hit).into()
    }
}

/// Lets requests with a good token through.
pub(super) async fn require(State(tokens): State<Tokens>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if token.is_some_and(|(_, token)| tokens.accept(token.trim())) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::UNAUTHORIZED, "send Authorization: Bearer and a token of dashboard.tokens").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_opens() {
        let tokens = Tokens::new(vec!["alpha".into(), "beta".into()]);
        for (given, good) in [("alpha", true), ("beta", true), ("alph", false), ("alphab", false), ("", false)] {
            assert_eq!(tokens.accept(given), good, "{given}");
        }
        assert!(!Tokens::new(Vec::new()).accept(""));
    }
}
