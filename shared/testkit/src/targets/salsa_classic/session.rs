//! Logins and the cookies that they give (`formats/salsa.md` A2.1).

use super::{form, xml};
use crate::receiver::{Answer, Request};
use crate::targets::check::Review;

const NO_SESSION: &str = "Please log in: authentication is required.";

/// Who may log in, and who has.
#[derive(Debug)]
pub(super) struct Sessions {
    email: String,
    password: String,
    pub(super) logins: u32,
    /// Logins up to this one have ended.
    expired: u32,
}

impl Sessions {
    pub(super) fn of(email: &str, password: &str) -> Self {
        Self { email: email.to_owned(), password: password.to_owned(), logins: 0, expired: 0 }
    }

    pub(super) fn expire(&mut self) {
        self.expired = self.logins;
    }

    pub(super) fn log_in(&mut self, request: &Request, review: &mut Review) -> Answer {
        let pairs = form(request, review);
        // Nothing of the body is quoted.
        let mut names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        review.holds(names == ["email", "password"], "body", "email and password", format_args!("{names:?}"));
        let given = |name: &str, right: &str| pairs.iter().any(|(key, value)| key == name && value == right);
        let right = given("email", &self.email) && given("password", &self.password);
        review.holds(right, "body", "the email and the password", "others");
        if !review.is_clean() {
            return xml("<data>\n  <error>Invalid login, please try again.</error>\n</data>");
        }
        self.logins += 1;
        // One cookie of a node is none of the session's, and must not come back.
        cookies(self.logins).iter().fold(
            xml("<data>\n  <message>Successful Login</message>\n</data>").header("set-cookie", "node=3; Path=/"),
            |answer, cookie| answer.header("set-cookie", &format!("{cookie}; Path=/; HttpOnly")),
        )
    }

    /// Whether the cookies are those of a session. The error is what a save without one is told.
    pub(super) fn check(&self, request: &Request, review: &mut Review) -> Result<(), &'static str> {
        let header = request.header("cookie").unwrap_or_default();
        let mut sent: Vec<_> = header.split("; ").filter(|cookie| !cookie.is_empty()).collect();
        sent.sort_unstable();
        let login = (1..=self.logins).rev().find(|login| sent == cookies(*login));
        review.holds(login.is_some(), "cookie", "exactly the session cookies of a login", "others");
        login.filter(|login| *login > self.expired).map(|_| ()).ok_or(NO_SESSION)
    }
}

/// The cookies of the session that a login has begun, sorted.
fn cookies(login: u32) -> [String; 2] {
    [format!("JSESSIONID=FICTIONAL{login}"), format!("salsa_session=abc{login}==")]
}
