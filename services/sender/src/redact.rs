//! What is taken out of an answer before it is kept: secrets, email addresses and the donor.
//!
//! Targets echo what they are sent; some repeat a wrong key in their error text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::limits;
use secrecy::ExposeSecret;
use serde_json::Value;
use store::{Authorization, Secrets};

const TAKEN_OUT: &str = "[redacted]";
/// What is shorter stands in every answer by chance, and taking it out would only garble the text.
const SHORTEST_BYTES: usize = 3;
/// Donor fields that are personal, by their names in `data.donor`.
const DONOR: [&str; 4] = ["firstname", "lastname", "addr1", "phone"];

/// The beginning of an answer, without what nobody may see.
pub(crate) fn answer(body: &[u8], secrets: &Secrets, event: &str) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    let mut words = spellings(secrets);
    words.extend(donor(event));
    words.retain(|word| word.len() >= SHORTEST_BYTES);
    // The longest first: a secret that contains another must not survive in part.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    for word in &words {
        text = text.replace(word.as_str(), TAKEN_OUT);
    }
    text = without_emails(&text);
    text.truncate(text.floor_char_boundary(limits::ANSWER_KEPT_BYTES));
    text
}

/// Every secret in every form in which it travels.
fn spellings(secrets: &Secrets) -> Vec<String> {
    let mut raw: Vec<String> = secrets.headers.iter().map(|(_, value)| value.expose_secret().to_owned()).collect();
    match &secrets.authorization {
        Authorization::None => {}
        Authorization::Basic { username, password } => {
            let password = password.expose_secret();
            raw.push(password.to_owned());
            raw.push(STANDARD.encode(format!("{username}:{password}")));
        }
        Authorization::Bearer { token } => raw.push(token.expose_secret().to_owned()),
    }
    for key in &secrets.signing {
        let secret = key.secret.expose();
        raw.push(secret.to_owned());
        raw.extend(secret.strip_prefix("whsec_").map(str::to_owned));
    }
    raw.iter().flat_map(|secret| forms(secret)).collect()
}

fn forms(text: &str) -> impl Iterator<Item = String> {
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"').to_owned();
    let form = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text.to_owned(), json, percent(text, false), percent(text, true), form].into_iter()
}

/// Percent-encoding of everything but RFC 3986's unreserved characters.
fn percent(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let code = format!("%{byte:02x}");
            out.push_str(&if upper { code.to_ascii_uppercase() } else { code });
        }
        out
    })
}

fn donor(event: &str) -> Vec<String> {
    let Ok(Value::Object(mut event)) = serde_json::from_str(event) else { return Vec::new() };
    let Some(Value::Object(donor)) = event.remove("donor") else { return Vec::new() };
    DONOR.iter().filter_map(|field| donor.get(*field)?.as_str()).flat_map(forms).collect()
}

/// Takes out everything of the form `local@domain`.
fn without_emails(text: &str) -> String {
    let local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name = before.trim_end_matches(local);
        let host = after.find(|c| !domain(c)).unwrap_or(after.len());
        if name.len() == before.len() || host == 0 {
            out.push_str(&rest[..=at]);
            rest = after;
        } else {
            out.push_str(name);
            out.push_str(TAKEN_OUT);
            rest = &after[host..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::signature::SigningSecret;
    use jiff::Timestamp;
    use store::SigningKey;

    const EVENT: &str = r#"{"donor":{"firstname":"Marisol","lastname":"Quade","addr1":"41 Alder Ct","phone":"9375550142","zip":"45402"}}"#;

    fn secrets() -> Secrets {
        Secrets {
            authorization: Authorization::Basic { username: "ana".into(), password: "p/ss w\"rd".into() },
            headers: vec![("x-key".into(), "sesame&more".into())],
            signing: vec![SigningKey {
                secret: SigningSecret::of_bytes([7; 32]),
                made_at: Timestamp::UNIX_EPOCH,
                replaced_at: None,
            }],
        }
    }

    fn redacted(text: &str) -> String {
        answer(text.as_bytes(), &secrets(), EVENT)
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form() {
        let basic = STANDARD.encode("ana:p/ss w\"rd");
        let signing = SigningSecret::of_bytes([7; 32]);
        for echo in [
            "p/ss w\"rd",
            "p/ss w\\\"rd",
            "p%2Fss%20w%22rd",
            "p%2fss%20w%22rd",
            "p%2Fss+w%22rd",
            &basic,
            "sesame&more",
            "sesame%26more",
            signing.expose(),
            signing.expose().trim_start_matches("whsec_"),
        ] {
            assert_eq!(
                redacted(&format!("bad key <{echo}>!")).replace("whsec_", ""),
                "bad key <[redacted]>!",
                "{echo}"
            );
        }
    }

    #[test]
    fn email_addresses_and_the_donor_are_taken_out() {
        assert_eq!(redacted("to marisol+a@mail.example.org, ok"), "to [redacted], ok");
        assert_eq!(redacted("a@b@c @ @x y@ é@ü.example"), "[redacted]@c @ @x y@ [redacted]");
        assert_eq!(
            redacted("Marisol Quade, 41 Alder Ct, 9375550142, 45402"),
            "[redacted] [redacted], [redacted], [redacted], 45402"
        );
    }

    #[test]
    fn what_is_kept_is_cut_after_redaction_and_survives_any_bytes() {
        let long = format!("{}sesame&more{}", "é".repeat(2_040), "x".repeat(9_000));
        let kept = redacted(&long);
        assert!(kept.len() <= limits::ANSWER_KEPT_BYTES && !kept.contains("sesame"), "{}", kept.len());
        assert_eq!(answer(b"\xff\xfe ok", &Secrets::default(), "not JSON"), "\u{fffd}\u{fffd} ok");
    }
}
