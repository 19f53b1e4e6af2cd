//! What a step's request carries.

use super::text;
use super::values::Values;
use crate::failure::Failure;
use bytes::Bytes;
use contract::plan;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes of a body and their content type; no type of what has no body. `event` is the event's own body.
pub(crate) fn body(body: &plan::Body, event: &str, values: &Values) -> Result<(Bytes, Option<&'static str>), Failure> {
    Ok(match body {
        plan::Body::None => (Bytes::new(), None),
        plan::Body::Event => (Bytes::copy_from_slice(event.as_bytes()), Some(JSON)),
        plan::Body::Json(text) => (text::json(text, values)?.into(), Some(JSON)),
        plan::Body::JsonAsForm(text) => (text::json(text, values)?.into(), Some(FORM)),
        plan::Body::Form(pairs) => (form(pairs, values)?.into(), Some(FORM)),
    })
}

fn form(pairs: &[(String, plan::Text)], values: &Values) -> Result<String, Failure> {
    let mut out = String::new();
    for (name, value) in pairs {
        let Some(value) = text::whole(value, values)? else { continue };
        if !out.is_empty() {
            out.push('&');
        }
        text::percent(&mut out, name);
        out.push('=');
        out.push_str(&value);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::plan::{Part, Reference};
    use serde_json::json;

    fn made(of: &plan::Body) -> (String, Option<&'static str>) {
        let mut values = Values::default();
        values.captured.insert("key".to_owned(), json!("1=1&x \"/é"));
        let (bytes, kind) = body(of, r#"{"amount":"27.50"}"#, &values).expect("a body");
        (String::from_utf8(bytes.to_vec()).expect("text"), kind)
    }

    #[test]
    fn every_body_has_its_bytes_and_its_type() {
        let key = || Part::Ref(Reference::Capture("key".to_owned()));
        let text = vec![Part::Text("{\"a\":".to_owned()), key(), Part::Text("}".to_owned())];
        let json = r#"{"a":"1=1&x \"/é"}"#.to_owned();
        assert_eq!(made(&plan::Body::None), (String::new(), None));
        assert_eq!(made(&plan::Body::Event), (r#"{"amount":"27.50"}"#.to_owned(), Some(JSON)));
        assert_eq!(made(&plan::Body::Json(text.clone())), (json.clone(), Some(JSON)));
        assert_eq!(made(&plan::Body::JsonAsForm(text)), (json, Some(FORM)));
        let left_out = Part::Maybe(String::new(), Reference::Line("x".to_owned()), String::new());
        let form = plan::Body::Form(vec![
            ("xml".to_owned(), Part::text("xml")),
            ("left out".to_owned(), vec![left_out]),
            ("Note é".to_owned(), Part::text("a b; c")),
            ("key".to_owned(), vec![key()]),
        ]);
        let expected = "xml=xml&Note%20%C3%A9=a%20b%3B%20c&key=1%3D1%26x%20%22%2F%C3%A9".to_owned();
        assert_eq!(made(&form), (expected, Some(FORM)));
    }
}
