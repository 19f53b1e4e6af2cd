//! Where a step's request goes.

use super::text;
use super::values::Values;
use crate::failure::Failure;
use contract::plan::{Part, Text, To};
use contract::webhook::Endpoint;
use url::Url;

const ELSEWHERE: &str = "the URL of the request is not one of the endpoint's host";
const NO_URL: &str = "the URL of the request is none";
const NO_PATH: &str = "a value that was captured can't stand in a path";

/// The URL of a step: the endpoint, byte for byte, with what the step adds. `beside` are pairs for the query that
/// are added unless it has their names.
pub(crate) fn url(
    endpoint: &Endpoint,
    to: &To,
    query: &[(String, Text)],
    beside: &[(String, String)],
    values: &Values,
) -> Result<Url, Failure> {
    let mut url = match to {
        To::Endpoint => endpoint.url().clone(),
        To::Path(path) => joined(endpoint.url(), &text::path(path, values)?)?,
        To::Url(url) => absolute(endpoint, url, values)?,
    };
    for (name, value) in query {
        if let Some(value) = text::whole(value, values)? {
            add_pair(&mut url, name, &value);
        }
    }
    for (name, value) in beside {
        if !url.query_pairs().any(|(known, _)| known == *name) {
            add(&mut url, name, value);
        }
    }
    Ok(url)
}

/// Adds a pair to the query and leaves what it has as it is.
pub(crate) fn add(url: &mut Url, name: &str, value: &str) {
    let mut encoded = String::with_capacity(value.len());
    text::percent(&mut encoded, value);
    add_pair(url, name, &encoded);
}

/// The same of a value that is percent-encoded already.
fn add_pair(url: &mut Url, name: &str, value: &str) {
    let mut query = url.query().unwrap_or_default().to_owned();
    if !query.is_empty() && !query.ends_with('&') {
        query.push('&');
    }
    text::percent(&mut query, name);
    query.push('=');
    query.push_str(value);
    url.set_query(Some(&query));
}

/// The URL with this behind its path, one slash between.
fn joined(endpoint: &Url, path: &str) -> Result<Url, Failure> {
    let path = path.trim_start_matches('/');
    let whole = format!("{}/{path}", endpoint.path().trim_end_matches('/'));
    let mut url = endpoint.clone();
    url.set_path(&whole);
    // `..` is taken for the way up even when it is percent-encoded, and nothing between two slashes for no segment.
    let same = url.path() == whole && !path.contains("//");
    if same { Ok(url) } else { Err(Failure::Unfit(NO_PATH.to_owned())) }
}

/// An absolute URL, which may begin with a captured one. Credentials go nowhere but to the endpoint's origin.
fn absolute(endpoint: &Endpoint, url: &[Part], values: &Values) -> Result<Url, Failure> {
    let (first, rest) = match url {
        [first @ Part::Ref(_), rest @ ..] => (text::plain(std::slice::from_ref(first), values)?, rest),
        all => (String::new(), all),
    };
    let whole = first + &text::path(rest, values)?;
    let mut url = Url::parse(&whole).map_err(|_| Failure::Unfit(NO_URL.to_owned()))?;
    if url.origin() != endpoint.url().origin() || !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::Unfit(ELSEWHERE.to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::plan::Reference;
    use proptest::prelude::*;
    use serde_json::json;

    fn made(endpoint: &str, to: &To, captured: &str) -> Result<String, String> {
        let mut values = Values::default();
        values.captured.insert("it".to_owned(), json!(captured));
        let endpoint = Endpoint::parse(endpoint).expect("an endpoint");
        url(&endpoint, to, &[], &[], &values).map(String::from).map_err(|error| error.to_string())
    }

    fn it() -> Part {
        Part::Ref(Reference::Capture("it".to_owned()))
    }

    #[test]
    fn a_path_is_joined_with_one_slash_and_the_query_stays_as_it_is() {
        let check = |endpoint, path: &str, expected: &str| {
            assert_eq!(made(endpoint, &To::Path(Part::text(path)), "").as_deref(), Ok(expected), "{endpoint} {path}");
        };
        check("https://a.example", "/save", "https://a.example/save");
        check("https://a.example/", "save", "https://a.example/save");
        check("https://a.example/rest/v1", "/donationpush/", "https://a.example/rest/v1/donationpush/");
        check("https://a.example/rest/v1//", "//donationpush/", "https://a.example/rest/v1/donationpush/");
        check("https://a.example/v1?key=a%2Fb+c&x=%7E", "/y", "https://a.example/v1/y?key=a%2Fb+c&x=%7E");
        check("https://a.example:8443/%7Eana;v=1/", "z", "https://a.example:8443/%7Eana;v=1/z");
        check("https://a.example", "/c/ref:tributary-1", "https://a.example/c/ref:tributary-1");
    }

    #[test]
    fn a_value_in_a_path_is_one_segment_or_nothing_is_sent() {
        let to = To::Path(vec![Part::Text("/orders/".to_owned()), it(), Part::Text("/reverse/".to_owned())]);
        let check = |value: &str, expected: &str| {
            let url = format!("https://a.example/orders/{expected}/reverse/");
            assert_eq!(made("https://a.example", &to, value), Ok(url), "{value}");
        };
        check("314", "314");
        check("a/b?c#d", "a%2Fb%3Fc%23d");
        check("%2e", "%252e");
        check("é x", "%C3%A9%20x");
        for bad in ["..", "."] {
            let refused = made("https://a.example", &to, bad).expect_err(bad);
            assert!(refused.contains(NO_PATH), "{refused}");
        }
        assert!(made("https://a.example", &to, "").is_err_and(|why| why.contains("is not known")));
    }

    proptest! {
        #[test]
        fn any_value_stays_in_its_segment(value in "\\PC{0,40}|[./%\\\\?#&=]{1,6}") {
            let to = To::Path(vec![Part::Text("/orders/".to_owned()), it(), Part::Text("/reverse/".to_owned())]);
            if let Ok(made) = made("https://a.example/v1?x=1", &to, &value) {
                let made = Url::parse(&made).expect("a URL");
                let segments: Vec<_> = made.path().split('/').collect();
                prop_assert_eq!(segments.len(), 6);
                prop_assert_eq!((segments[1], segments[2], segments[4]), ("v1", "orders", "reverse"));
                prop_assert_eq!((made.query(), made.host_str()), (Some("x=1"), Some("a.example")));
            }
        }
    }

    #[test]
    fn a_captured_url_must_lead_to_the_endpoints_origin() {
        let to = To::Url(vec![it()]);
        let endpoint = "https://osdi.example/api/v1/record_donation_helper";
        for good in ["https://osdi.example/d/1", "https://OSDI.example:443/d/1?x=a%2Fb"] {
            assert!(made(endpoint, &to, good).is_ok(), "{good}");
        }
        assert_eq!(made(endpoint, &to, "https://osdi.example/d/1#x").as_deref(), Ok("https://osdi.example/d/1"));
        for bad in [
            "http://osdi.example/d/1",
            "https://osdi.example:8443/d/1",
            "https://osdi.example.evil.example/d/1",
            "https://osdi.example@evil.example/d/1",
            "https://ana@osdi.example/d/1",
            "//evil.example/d/1",
            "/d/1",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert!(made(endpoint, &to, bad).is_err(), "{bad}");
        }
        let other = To::Url(Part::text("https://evil.example/d/1"));
        assert!(made(endpoint, &other, "").is_err(), "nor may one that was written in the plan");
    }

    #[test]
    fn a_value_behind_a_url_is_encoded() {
        let to = To::Url(vec![Part::Text("https://a.example/d/".to_owned()), it()]);
        assert_eq!(made("https://a.example", &to, "1/2?x").as_deref(), Ok("https://a.example/d/1%2F2%3Fx"));
    }

    #[test]
    fn pairs_are_added_behind_the_query_unless_they_are_there() {
        let endpoint = |text| Endpoint::parse(text).expect("an endpoint");
        let query = [("filter[note][prefix]".to_owned(), Part::text("tributary-1; é"))];
        let beside = [("import".to_owned(), "yes & no".to_owned()), ("x".to_owned(), "2".to_owned())];
        let made = url(&endpoint("https://a.example/?x=1"), &To::Endpoint, &query, &beside, &Values::default());
        let expected =
            "https://a.example/?x=1&filter%5Bnote%5D%5Bprefix%5D=tributary-1%3B%20%C3%A9&import=yes%20%26%20no";
        assert_eq!(made.map(String::from).as_deref(), Ok(expected));
        let alone = url(&endpoint("https://a.example"), &To::Endpoint, &[], &beside[1..], &Values::default());
        assert_eq!(alone.map(String::from).as_deref(), Ok("https://a.example/?x=2"));
    }
}
