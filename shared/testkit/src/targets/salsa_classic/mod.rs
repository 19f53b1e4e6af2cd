//! Salsa Classic: session login, form-encoded saves, XML answers (`formats/salsa.md` A).

mod fields;
mod session;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, pairs};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use fields::{CONTRIBUTION_NOTE, DONATION, REFUND, SUPPORTER};
use session::Sessions;

const LOGIN: &str = "/api/authenticate.sjs";
const SAVE: &str = "/save";
const FORM: &str = "application/x-www-form-urlencoded";
/// The keys of the first records, from the examples.
const FIRST_SUPPORTER: u64 = 30_442_187;
const FIRST_DONATION: u64 = 11_713_849;
/// The organisation of a campaign manager who names none.
const ANY_ORGANIZATION: &str = "50123";
const PROBLEM: &str = "There was a problem with your submission.";

/// A node with one campaign manager. The webhook's endpoint is `mock.receiver().url("")`.
#[derive(Debug)]
pub struct SalsaClassic {
    sessions: Sessions,
    organization: Option<String>,
    /// Supporters, matched by their email address.
    pub supporters: Vec<Supporter>,
    /// Donations in the order of arrival. They are not deduplicated.
    pub donations: Vec<Donation>,
    failures: u32,
}

/// A supporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supporter {
    /// `supporter_KEY`
    pub key: u64,
    /// `Email`
    pub email: String,
}

/// A donation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// `donation_KEY`
    pub key: u64,
    /// The supporter's.
    pub supporter_key: u64,
    /// `uid`
    pub uid: String,
    /// `Order_Info`
    pub order: String,
    /// `amount` as it was first saved.
    pub cents: u64,
    /// The note of the refund.
    pub refunded: Option<String>,
    /// How often it was set to zero.
    pub refunds: u32,
}

impl SalsaClassic {
    /// A node without records. With an organisation key, supporters must name it.
    pub fn new(email: &str, password: &str, organization_key: Option<&str>) -> Self {
        Self {
            sessions: Sessions::of(email, password),
            organization: organization_key.map(str::to_owned),
            supporters: Vec::new(),
            donations: Vec::new(),
            failures: 0,
        }
    }

    /// Every session so far has ended: a save gets an error that asks for a login.
    pub fn expire_session(&mut self) {
        self.sessions.expire();
    }

    /// Logins that succeeded.
    pub fn logins(&self) -> u32 {
        self.sessions.logins
    }

    /// The next so many saves are refused in a 200.
    pub fn fail_inside_200(&mut self, saves: u32) {
        self.failures = saves;
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", LOGIN) => self.sessions.log_in(request, review),
            ("POST", SAVE) => match self.sessions.check(request, review) {
                Ok(()) => self.save(request, review),
                Err(error) => self.refusal(error),
            },
            _ => {
                review.note("request", format_args!("POST {LOGIN} or {SAVE}"), "another");
                Answer::status(404)
            }
        }
    }

    fn save(&mut self, request: &Request, review: &mut Review) -> Answer {
        let objects = objects(request, review);
        if self.failures > 0 {
            self.failures -= 1;
            return self.refusal(PROBLEM);
        }
        let names: Vec<_> = objects.iter().map(|object| object.text("/object")).collect();
        match (names.as_slice(), objects.as_slice()) {
            (["supporter", "donation"], [supporter, donation]) => self.contribution(supporter, donation, review),
            (["donation"], [donation]) => self.refund(donation, review),
            _ => {
                review.note("object", "a supporter and a donation, or a donation", names.join(", "));
                self.refusal(PROBLEM)
            }
        }
    }

    fn contribution(&mut self, supporter: &Json, donation: &Json, review: &mut Review) -> Answer {
        SUPPORTER.check(supporter, "supporter", review);
        DONATION.check(donation, "donation", review);
        let organization = self.organization.as_deref().unwrap_or_default();
        review.equal("supporter.organization_KEY", organization, supporter.text("/organization_KEY"));
        for both in ["/Email", "/First_Name", "/Last_Name", "/Occupation", "/tag"] {
            let place = both.replace('/', "donation.");
            review.equal(&place, supporter.text(both), donation.text(both));
        }
        let recurring = donation.text("/Transaction_Type") == "Recurring";
        let note = donation.text("/Note");
        review.holds(fields::is_note(note, recurring), "donation.Note", CONTRIBUTION_NOTE, format_args!("{note:?}"));
        if !review.is_clean() {
            return self.refusal(PROBLEM);
        }
        let (supporter_key, verb) = self.supporter(supporter.text("/Email"));
        let key = FIRST_DONATION + self.donations.len() as u64;
        self.donations.push(Donation {
            key,
            supporter_key,
            uid: donation.text("/uid").to_owned(),
            order: donation.text("/Order_Info").to_owned(),
            cents: donation.cents("/amount"),
            refunded: None,
            refunds: 0,
        });
        self.told(&[success("supporter", supporter_key, verb), success("donation", key, "Added")])
    }

    /// The key of the supporter with this address, and what was done to the entry.
    fn supporter(&mut self, email: &str) -> (u64, &'static str) {
        let known = self.supporters.iter().find(|supporter| supporter.email.eq_ignore_ascii_case(email));
        if let Some(supporter) = known {
            return (supporter.key, "Modified");
        }
        let key = FIRST_SUPPORTER + self.supporters.len() as u64;
        self.supporters.push(Supporter { key, email: email.to_owned() });
        (key, "Added")
    }

    fn refund(&mut self, donation: &Json, review: &mut Review) -> Answer {
        REFUND.check(donation, "donation", review);
        let key = donation.integer("/key");
        let Some(stored) = self.donations.iter_mut().find(|stored| stored.key == key) else {
            review.note("donation.key", "the key of a donation", key);
            return self.refusal(PROBLEM);
        };
        let note = donation.text("/Note");
        let (refunded, order) = fields::refunded(note).unwrap_or_default();
        review.equal("donation.Note", &stored.order, order);
        let cents = Json::Text(refunded.to_owned()).cents("");
        review.holds(cents == stored.cents, "donation.Note", format_args!("{} cents", stored.cents), cents);
        if !review.is_clean() {
            return self.refusal(PROBLEM);
        }
        stored.refunded = Some(note.to_owned());
        stored.refunds += 1;
        self.told(&[success("donation", key, "Modified")])
    }

    fn told(&self, results: &[String]) -> Answer {
        let organization = self.organization.as_deref().unwrap_or(ANY_ORGANIZATION);
        xml(&format!("<data organization_KEY=\"{organization}\">\n  {}\n</data>", results.join("\n  ")))
    }

    fn refusal(&self, error: &str) -> Answer {
        self.told(&[format!("<error object=\"donation\">{error}</error>")])
    }
}

impl Target for SalsaClassic {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("salsa classic", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn success(object: &str, key: u64, verb: &str) -> String {
    format!("<success object=\"{object}\" key=\"{key}\">{verb} entry {key}</success>")
}

fn xml(data: &str) -> Answer {
    Answer::status(200).header("content-type", "text/xml").body(format!("<?xml version=\"1.0\"?>\n{data}\n"))
}

/// The pairs of a form body, whose encoding is checked too.
fn form(request: &Request, review: &mut Review) -> Vec<(String, String)> {
    review.header(request, "content-type", FORM);
    let body = String::from_utf8_lossy(&request.body);
    // `formats/salsa.md` A2.2. The marks besides the unreserved characters of RFC 3986 mean themselves in a form.
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~!*'()%&=".contains(letter);
    if let Some(odd) = body.chars().find(|letter| !plain(*letter)) {
        review.note("body", "percent-encoding", format_args!("{odd:?}"));
    }
    pairs(&body).unwrap_or_else(|| {
        review.note("body", "a form", "something else");
        Vec::new()
    })
}

/// The objects of a save: each begins with the pair `object`, the order links them.
fn objects(request: &Request, review: &mut Review) -> Vec<Json> {
    let pairs = form(request, review);
    let is_xml = pairs.first().is_some_and(|(name, value)| (name.as_str(), value.as_str()) == ("xml", "xml"));
    review.holds(is_xml, "body", "xml=xml first", "something else");
    let mut objects: Vec<Vec<(String, Json)>> = Vec::new();
    for (name, value) in pairs.into_iter().skip(1) {
        if name == "object" {
            objects.push(Vec::new());
        }
        match objects.last_mut() {
            Some(object) => object.push((name, Json::Text(value))),
            None => review.note(&name, "an object before its fields", "a field"),
        }
    }
    objects.into_iter().map(Json::Object).collect()
}
