use super::*;
use crate::receiver::Request;
use crate::targets::Faults;
use std::time::Instant;

fn request(headers: &[(&str, &str)], body: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: "/x/?token=secret".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.to_owned().into(),
        at: Instant::now(),
        status: None,
    }
}

fn faults_of(review: Review) -> Vec<String> {
    let mut faults = Faults::default();
    review.close(&mut faults);
    faults.texts().to_vec()
}

#[test]
fn json_keeps_what_was_sent() {
    let text = r#" {"b": 27.50, "a": [1, {"x": "q\"\\ü\u00e9,:}"}, []], "n": null, "a": -0.0e1, "e": {}, "t": true} "#;
    let json = Json::parse(text.as_bytes()).unwrap();
    assert_eq!((json.text("/b"), json.cents("/b")), ("27.50", 2750));
    assert_eq!(json.text("/a/1/x"), "q\"\\üé,:}");
    assert_eq!(json.at("/a/2"), &Json::List(Vec::new()));
    assert_eq!((json.has("/n"), json.has("/m"), json.has("/a/2"), json.has("/a/3")), (true, false, true, false));
    assert!(json.is_true("/t"));
    let Json::Object(members) = &json else { panic!("{json}") };
    let keys: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["b", "a", "n", "a", "e", "t"]);
    assert_eq!(members[3].1, Json::Number("-0.0e1".to_owned()));
    for broken in ["", "{", "{} {}", r#"{"a":01}"#, "\"\u{0}\""] {
        assert!(Json::parse(broken.as_bytes()).is_err(), "{broken}");
    }
    assert!(Json::parse(b"\"\xff\"").is_err());
}

#[test]
fn only_blanks_between_tokens_make_json_spread_out() {
    for (text, compact) in [(r#"{"a b":"\" \\"}"#, true), (r#"{"a": 1}"#, false), ("[1,\n2]", false), ("[]\n", false)] {
        assert_eq!(Json::is_compact(text.as_bytes()), compact, "{text}");
    }
}

#[test]
fn amounts_cents() {
    for (text, cents) in [("\"27.50\"", 2750), ("27.5", 2750), ("15", 1500), ("\"0.5\"", 50), ("0.00", 0), ("null", 0)]
    {
        assert_eq!(Json::parse(text.as_bytes()).unwrap().cents(""), cents, "{text}");
    }
}

#[test]
fn every_violation_is_noted_with_its_place() {
    const INNER: &[Field] = &[must("amount", DEC2), may("n", NUM), may("on", Form::Only(true))];
    const OUTER: Form = Form::Object(&[
        must("order", Form::Object(INNER)),
        may("word", Form::Word(&["months", "weeks"])),
        may("list", Form::List(1, 2, &TEXT)),
        may("open", Form::Open(&[must("form", TEXT)], "a slug", is_slug, &TEXT)),
        may("maybe", Form::Nullable(&INTEGER)),
    ]);
    let table: &[(&str, &[&str])] = &[
        (
            r#"{"order":{"amount":"27.50","n":1.5,"on":true},"list":["a"],"open":{"form":"f","a_b":"c"},"maybe":null}"#,
            &[],
        ),
        (r#"{"order":{"amount":27.5}}"#, &["$.order.amount: expected decimal text with two decimals, got 27.5"]),
        (r"{}", &["$.order: expected an object, got nothing"]),
        (r#"{"order":null}"#, &["$.order: expected an object, got null"]),
        (r#"{"order":{"amount":"1.00","n":1e2,"on":false}}"#, &["$.order.n: ", "$.order.on: expected true, got false"]),
        (r#"{"order":{"amount":"1.00","amount":"1.00"}}"#, &["$.order.amount: expected the field once"]),
        (r#"{"order":{"amount":"1.00","x":1}}"#, &["$.order.x: expected no such field, got 1"]),
        (
            r#"{"order":{"amount":"1.00"},"word":"years"}"#,
            &[r#"$.word: expected one of "months" "weeks", got "years""#],
        ),
        (
            r#"{"order":{"amount":"1.00"},"list":["",1,"a"]}"#,
            &["$.list[0]: ", "$.list[1]: ", "$.list: expected a list of 1 to 2"],
        ),
        (
            r#"{"order":{"amount":"1.00"},"open":{"A":"","A":"x"}}"#,
            &[
                "$.open.form: ",
                "$.open.A: expected a name",
                "$.open.A: expected a text",
                "$.open.A: expected a name",
                "$.open.A: expected the field once",
            ],
        ),
        (r#"{"order":{"amount":"1.00"},"maybe":"1"}"#, &["$.maybe: expected a whole number, got"]),
    ];
    for (text, expected) in table {
        let mut review = Review::of("t", &request(&[], ""));
        review.form(&Json::parse(text.as_bytes()).unwrap(), &OUTER);
        let faults = faults_of(review);
        assert_eq!(faults.len(), expected.len(), "{text}: {faults:?}");
        for (fault, expected) in faults.iter().zip(*expected) {
            assert!(fault.starts_with("t POST /x/: ") && fault.contains(expected), "{text}: {fault}");
        }
    }
}

#[test]
fn headers_are_exact_and_secrets_are_not_quoted() {
    let right = ("authorization", "Basic VHJpYnV0YXJ5QXBwOjAwMDAtRklDVElPTkFMLWtleXwx");
    let told = |headers: &[(&str, &str)]| {
        let mut review = Review::of("t", &request(headers, ""));
        let right = review.basic(&request(headers, ""), "TributaryApp", "0000-FICTIONAL-key|1");
        (right, faults_of(review))
    };
    assert_eq!(told(&[right]), (true, Vec::new()));
    for headers in [&[][..], &[right, right], &[("authorization", "Basic c2VjcmV0OnNlY3JldA==")]] {
        let (right, faults) = told(headers);
        assert!(
            !right && faults.len() == 1 && !faults[0].contains("c2Vj") && !faults[0].contains("VHJp"),
            "{faults:?}"
        );
    }
    for (headers, body, count) in [
        (&[("content-type", "application/json")][..], "{}", 0),
        (&[("content-type", "application/json; charset=utf-8")], "{}", 1),
        (&[], "{", 2),
    ] {
        let request = request(headers, body);
        let mut review = Review::of("t", &request);
        review.json(&request, "application/json");
        assert_eq!(faults_of(review).len(), count, "{headers:?}");
    }
}

#[test]
fn texts_have_their_forms() {
    let table: &[(&str, &Form, &[&str], &[&str])] = &[
        ("dec2", &DEC2, &["27.50", "0.05"], &["27.5", "027.50", "-1.00", "1.000", "1,000.00", ".50", ""]),
        ("key", &KEY, &["tributary-612004411"], &["tributary-", "tributary-x", "Tributary-1"]),
        ("series", &SERIES, &["AB300000118-48213"], &["AB300000118", "AB3-x", "3-4"]),
        ("payment", &PAYMENT, &["1", "12"], &["0", "01", ""]),
        (
            "utc",
            &UTC,
            &["2024-02-29T23:59:59Z"],
            &["2023-02-29T00:00:00Z", "2024-03-05T24:00:00Z", "2024-03-05T23:22:49", "2024-03-05T23:22:49.0Z"],
        ),
        (
            "naive",
            &UTC_NAIVE,
            &["2024-03-05T23:22:49"],
            &["2024-03-05T23:22:49Z", "2024-03-05 23:22:49", "2024-3-5T23:22:49"],
        ),
        ("utc text", &UTC_TEXT, &["2024-03-05 23:22:49 UTC"], &["2024-03-05T23:22:49 UTC", "2024-03-05 23:22:49"]),
        ("date", &DATE, &["2024-03-05"], &["2024-04-31", "2024-13-01", "2024-00-10", "2024-03-05-01"]),
        ("phone", &PHONE_LOCAL, &["9375550142", "+442079460000"], &["19375550142", "+19375550142", "937-5550142"]),
        ("digits", &PHONE_DIGITS, &["19375550142"], &["+19375550142", "0123456", "1"]),
        ("email", &EMAIL, &["marisol@example.org"], &["marisol", "@example.org", "a b@example.org", "a@b@c.org"]),
        ("country", &COUNTRY, &["US"], &["USA", "us", ""]),
        (
            "utc_ms",
            &UTC_MS,
            &["2024-03-05T23:22:49.000Z"],
            &["2024-03-05T23:22:49Z", "2024-03-05T23:22:49.00Z", "2024-03-05T23:22:49.000-05:00"],
        ),
        (
            "as_is",
            &AS_IS,
            &["2024-03-05T18:22:49-05:00", "2024-03-05T23:22:49Z", "2024-03-05T23:22:49.5+05:30"],
            &["2024-03-05T18:22:49", "2024-03-05T18:22:49-0500", "2024-03-05T18:22:49.-05:00", "2024-03-05 18:22:49Z"],
        ),
        ("wall", &WALL, &["2024-03-05 18:22:49"], &["2024-03-05T18:22:49", "2024-03-05 18:22", "2024-03-05 18:22:49Z"]),
        ("e164", &PHONE_E164, &["+19375550142"], &["9375550142", "19375550142", "+1937555014a"]),
        (
            "hash",
            &HASH,
            &["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"],
            &[
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "FAAE99DC7258A0A2207F29AEFD2A37AE7E8EC23FCC05D9D5EBB8CD0E30167847",
                "marisol@example.org",
            ],
        ),
        ("order", &ORDER, &["AB300000118", "TEST1"], &["300000118", "AB", "AB3x", "TEST 1"]),
        ("text", &TEXT, &["a b"], &["", " a", "a\n"]),
    ];
    for (name, form, right, wrong) in table {
        let Form::Text(_, test) = form else { panic!("{name}") };
        right.iter().for_each(|text| assert!(test(text), "{name}: {text}"));
        wrong.iter().for_each(|text| assert!(!test(text), "{name}: {text}"));
    }
}

#[test]
fn numbers_and_slugs_have_their_forms() {
    for (text, right) in [
        ("27.50", true),
        ("27.5", true),
        ("27", true),
        ("0.00", true),
        ("2.75e1", false),
        ("27.500", false),
        ("-1", false),
        ("1.", false),
    ] {
        assert_eq!(is_num(text), right, "{text}");
    }
    for (text, right) in
        [("how_did_you_hear_of_us", true), ("a_2", true), ("_a", false), ("a__b", false), ("A", false), ("", false)]
    {
        assert_eq!(is_slug(text), right, "{text}");
    }
}

#[test]
fn notes_have_their_parts_in_order() {
    let parts: [Part<'_>; 5] = [
        ("order ", is_order),
        ("form ", is_text),
        ("payment ", is_digits),
        ("refcode ", is_text),
        ("refcode2 ", is_text),
    ];
    for (note, right) in [
        ("order AB1; form f; payment 1; refcode em; refcode2 seg", true),
        ("order AB1; payment 1", true),
        ("order AB1; refcode a; b; refcode2 c", true),
        ("form f; order AB1", false),
        ("order AB1; payment 1; form f", false),
        ("order AB1; form f; form g", false),
        ("x; order AB1", false),
        ("order 1; form f", false),
        ("order AB1; payment x", false),
    ] {
        assert_eq!(is_note_of(note, &parts), right, "{note}");
    }
}

#[test]
fn eastern_time_has_the_offset_of_its_date() {
    for (time, right) in [
        ("2024-03-05T18:22:49-05:00", true),
        ("2024-03-05T18:22:49-04:00", false),
        ("2024-07-19T07:40:10-04:00", true),
        ("2024-07-19T07:40:10-05:00", false),
        ("2024-03-10T01:59:59-05:00", true),
        ("2024-03-10T02:30:00-05:00", false),
        ("2024-03-10T02:30:00-04:00", false),
        ("2024-03-10T03:00:00-04:00", true),
        ("2024-11-03T00:59:59-04:00", true),
        ("2024-11-03T01:30:00-04:00", true),
        ("2024-11-03T01:30:00-05:00", true),
        ("2024-11-03T02:00:00-05:00", true),
        ("2024-11-03T02:00:00-04:00", false),
        ("2026-11-01T01:00:00-05:00", true),
        ("2006-03-15T12:00:00-05:00", true),
        ("2006-10-29T00:30:00-04:00", true),
        ("2025-01-01T00:00:00-05:00", true),
        ("2024-03-05T23:22:49Z", false),
        ("2024-03-05T18:22:49.000-05:00", false),
        ("2024-03-05T18:22:49-06:00", false),
    ] {
        assert_eq!(eastern(time), right, "{time}");
    }
}

#[test]
fn utc_is_seconds_since_1970() {
    assert_eq!(unix_of("2024-03-05T23:22:49Z"), Some(1_709_680_969));
    assert_eq!(unix_of("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(unix_of("2024-03-05T18:22:49-05:00"), None);
    assert!((1_700_000_000..4_000_000_000).contains(&unix_now()));
}

#[test]
fn percent_encoding_is_undone() {
    assert_eq!(decode("Default%20ActBlue+%c3%A9").as_deref(), Some("Default ActBlue+é"));
    for broken in ["%", "%2", "%zz", "%ff", "a%+1"] {
        assert_eq!(decode(broken), None, "{broken}");
    }
    let owned =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    assert_eq!(pairs("a=1&a=x+y&b=%26%3D"), Some(owned(&[("a", "1"), ("a", "x y"), ("b", "&=")])));
    assert_eq!(pairs(""), Some(Vec::new()));
    assert_eq!(pairs("a"), None);
}
