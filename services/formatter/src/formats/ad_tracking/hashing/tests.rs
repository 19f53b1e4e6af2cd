use super::*;
use crate::value::{phone_digits, phone_e164};

#[expect(clippy::needless_pass_by_value, reason = "the lines below are shorter")]
fn check(normalised: Option<String>, expected: &str, hash: &str) {
    assert_eq!(normalised.as_deref(), Some(expected));
    assert_eq!(hashed(normalised.as_deref()).as_deref(), Some(hash), "{expected}");
}

#[test]
fn the_known_answers_hold() {
    let john = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
    check(meta_email(Some(" John_Smith@gmail.com ")), "john_smith@gmail.com", john);
    check(ga4_email(Some(" John_Smith@gmail.com ")), "john_smith@gmail.com", john);
    check(ga4_email(Some("J.ohn_Smith@Gmail.com")), "john_smith@gmail.com", john);
    let (phone, country) = (Some("(650) 555-1212"), Some("United States"));
    check(
        phone_digits(phone, country),
        "16505551212",
        "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    );
    check(
        phone_e164(phone, country),
        "+16505551212",
        "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8",
    );
    let mary = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec";
    check(meta_name(Some("Mary")), "mary", mary);
    check(ga4_name(Some("Mary")), "mary", mary);
    check(meta_name(Some("Valéry")), "valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c");
}

#[test]
fn the_reference_donor_has_the_printed_hashes() {
    let us = Some("United States");
    let email = "faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847";
    check(meta_email(Some("marisol@example.org")), "marisol@example.org", email);
    check(ga4_email(Some("marisol@example.org")), "marisol@example.org", email);
    let phone = Some("9375550142");
    check(phone_digits(phone, us), "19375550142", "7d103d88d083cf67e6eb406a6ad428730c5eead333e08aee2b22cd95692615b0");
    check(phone_e164(phone, us), "+19375550142", "60ea2bb67a8395967d1f0dd8e971472915077f3e8ed4c21324a9ea06bbf19d78");
    for name in [meta_name, ga4_name] {
        check(name(Some("Marisol")), "marisol", "675f0b09caacd05673fe1ce0f4bc55133166c0eca38ac6f1722054f5fad8bce4");
        check(name(Some("Quade")), "quade", "363890455dcce16ab39f6294c37f2e39800ab261240ba77f2cfc66e7800a942b");
    }
    check(meta_city(Some("Dayton")), "dayton", "91d6cfb05ead27a6aae0bdfc2ee3b4c5cbd0e3fb8170e196beb2aacb8d1f6835");
    check(meta_state(Some("OH"), us), "oh", "cf04119a706e2c45f587f799676a22b234f349f260e293920a04bdd8e71d73bb");
    check(
        meta_zip(Some("45402-1187"), us),
        "45402",
        "e5d38c3e1ac5abe75e71c50eed11946984dc27105acb9c704154c55707f04541",
    );
    check(meta_country(us), "us", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621");
    check(
        ga4_street(Some("41 Alder Ct")),
        "41 alder ct",
        "bc4f9cca55e775d026c059a90209362a7344f683499999989372769ca3826347",
    );
}

#[test]
fn values_are_normalised_as_each_platform_asks() {
    let is = |normalised: Option<String>, expected| assert_eq!(normalised.as_deref(), expected);
    is(ga4_email(Some("a.b@googlemail.com")), Some("ab@googlemail.com"));
    is(ga4_email(Some("a.b@example.org")), Some("a.b@example.org"));
    is(meta_email(Some("A.B@Gmail.com")), Some("a.b@gmail.com"));
    is(meta_name(Some(" Mary-Jane O’Brien, Jr. ")), Some("maryjane obrien jr"));
    is(ga4_name(Some("Mary-Jane O'Brien 3")), Some("maryjaneobrien"));
    is(meta_name(Some("Ἀθηνᾶ 李")), Some("ἀθηνᾶ 李"));
    is(meta_name(Some("Rene\u{301}")), Some("rene\u{301}"));
    is(ga4_street(Some(" 12½  Rue de l'Église #3 ")), Some("12½ rue de léglise 3"));
    is(meta_city(Some("St. Louis 2")), Some("stlouis"));
    is(meta_city(Some("São Paulo")), Some("sãopaulo"));
    is(meta_state(Some("New South Wales."), Some("Australia")), Some("newsouthwales"));
    is(meta_state(Some("Ohio"), Some("United States")), None);
    is(meta_state(Some("OH"), None), Some("oh"));
    is(meta_zip(Some("SW1A 1AA"), Some("United Kingdom")), Some("sw1a1aa"));
    is(meta_zip(Some("45402-1187"), None), Some("45402"));
    is(meta_zip(Some("75001-1"), Some("France")), Some("75001-1"));
    is(meta_country(Some("Atlantis")), None);
}

#[test]
fn what_is_empty_after_normalisation_is_not_hashed() {
    for nothing in [meta_name(Some("-!-")), ga4_name(Some("42")), meta_city(Some("?")), ga4_street(Some("#"))] {
        assert_eq!(hashed(nothing.as_deref()), None);
    }
    assert_eq!(hashed(None), None);
}
