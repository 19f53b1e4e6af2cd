//! What is taken out of an answer before it is kept: secrets, email addresses and the donor.
//!
//! Targets echo what they are sent, escaped for wherever they put it; some repeat a wrong key in their error
//! text.

use crate::spelling;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::limits;
use secrecy::ExposeSecret;
use serde_json::Value;
use store::{Authorization, Secrets};

const TAKEN_OUT: &str = "[redacted]";
/// What is shorter stands in every answer by chance, and taking it out would only garble the text.
const SHORTEST_CHARS: usize = 3;
/// The one field of a donor that says nothing about the person.
const COUNTRY: &str = "country";

/// The beginning of an answer, without what nobody may see.
pub(crate) fn answer(body: &[u8], secrets: &Secrets, event: &str) -> String {
    let text = String::from_utf8_lossy(body);
    let mut words = secret(secrets);
    words.extend(donor(event));
    words.retain(|word| word.chars().nth(SHORTEST_CHARS - 1).is_some());
    let mut text = without_emails(&spelling::without(&text, &words, TAKEN_OUT));
    text.truncate(text.floor_char_boundary(limits::ANSWER_KEPT_BYTES));
    text
}

/// Every secret in every form in which it travels.
fn secret(secrets: &Secrets) -> Vec<String> {
    let mut words: Vec<String> = secrets.headers.iter().map(|(_, value)| value.expose_secret().to_owned()).collect();
    match &secrets.authorization {
        Authorization::None => {}
        Authorization::Basic { username, password } => {
            let password = password.expose_secret();
            words.push(password.to_owned());
            words.push(STANDARD.encode(format!("{username}:{password}")));
        }
        Authorization::Bearer { token } => words.push(token.expose_secret().to_owned()),
    }
    for key in &secrets.signing {
        let secret = key.secret.expose();
        words.push(secret.to_owned());
        words.extend(secret.strip_prefix("whsec_").map(str::to_owned));
    }
    words
}

/// Every text of the donor.
fn donor(event: &str) -> Vec<String> {
    let mut words = Vec::new();
    if let Ok(Value::Object(event)) = serde_json::from_str(event)
        && let Some(donor) = event.get("donor")
    {
        collect(donor, &mut words);
    }
    words
}

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, words)),
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| *name != COUNTRY).for_each(|(_, value)| collect(value, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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

    const EVENT: &str = r#"{"donor":{"firstname":"Marisol","lastname":"Quade","addr1":"41 Alder Ct","phone":"9375550142","zip":"45402","state":"OH","country":"United States","more":[{"note":"née Ferrán"}]}}"#;

    fn secrets() -> Secrets {
        Secrets {
            authorization: Authorization::Basic { username: "ana".into(), password: "p/ss w\"rd".into() },
            headers: vec![("x-key".into(), "sesame&more".into())],
            signing: vec![SigningKey {
                secret: SigningSecret::of_bytes([7; 32]),
                made_at: Timestamp::UNIX_EPOCH,
                replaced_at: None,
            }],
            origin: None,
            ..Secrets::default()
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
            "p\\/ss w\\\"rd",
            "p\\/ss\\u0020w\\u0022rd",
            "\\u0070\\u002Fss w\\u0022rd",
            "p&#x2F;ss w&quot;rd",
            "p&#47;ss&#32;w&#034;rd",
            "sesame&amp;more",
            "sesame\\u0026more",
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
            redacted("Marisol Quade, 41 Alder Ct, 9375550142, 45402 OH, United States"),
            "[redacted] [redacted], [redacted], [redacted], [redacted] OH, United States"
        );
        for echo in ["née Ferrán", "n\\u00e9e Ferr\\u00E1n", "n%C3%A9e+Ferr%c3%a1n", "n&#233;e Ferr&#xe1;n"] {
            assert_eq!(redacted(&format!("<{echo}>")), "<[redacted]>", "{echo}");
        }
    }

    #[test]
    fn what_is_kept_is_cut_after_redaction_and_survives_any_bytes() {
        let long = format!("{}sesame&more{}", "é".repeat(2_040), "x".repeat(9_000));
        let kept = redacted(&long);
        assert!(kept.len() <= limits::ANSWER_KEPT_BYTES && !kept.contains("sesame"), "{}", kept.len());
        assert_eq!(answer(b"\xff\xfe ok", &Secrets::default(), "not JSON"), "\u{fffd}\u{fffd} ok");
    }
}
