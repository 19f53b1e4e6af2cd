//! What receivers have stored after the reference events, to the letter, and how many requests each of them took
//! (`formats/plans.md` §7).
#![expect(clippy::expect_used, clippy::panic, reason = "a receiver that has stored something else has failed the test")]

use super::connections as on;
use super::events::{recent, reference};
use super::listeners::Fate::{Sent, Skipped};
use super::listeners::{UNSUPPORTED, hear};
use anyhow::Result;
use testkit::targets::nation_builder::Donation;
use testkit::targets::{ActionKit, ActionNetwork, IsPolitical, NationBuilder, NgpVan, Osdi, SalsaClassic, SalsaEngage};
use tests::installation::Installation;

const FIRST: &str = "tributary-612004411";
const LATER: &str = "tributary-620118734";
const ORDER: &str = "AB300000118";
const EMAIL: &str = "marisol@example.org";

pub(crate) async fn supporter_databases_have_the_donor_and_every_payment(pipeline: Installation) -> Result<()> {
    let actionkit = on::actionkit().connect(&pipeline).await?;
    let network = on::action_network(true).connect(&pipeline).await?;
    let van = on::ngpvan(true).connect(&pipeline).await?;
    let nation = on::nationbuilder("v2").connect(&pipeline).await?;
    let old_nation = on::nationbuilder("v1").connect(&pipeline).await?;
    let listeners = [
        // The amount of later payments differs from the first one's.
        actionkit.expecting([Sent(2), Sent(1), Sent(1), Sent(1)]),
        // A page for the form.
        network.expecting([Sent(2), Sent(1), Sent(1), Sent(1)]),
        van.expecting([Sent(2), Sent(2), Sent(1), UNSUPPORTED]),
        // An access token, and a code that is looked for and made.
        nation.expecting([Sent(5), Sent(2), Sent(1), UNSUPPORTED]),
        old_nation.expecting([Sent(3), Sent(2), Sent(1), UNSUPPORTED]),
    ];
    hear(&pipeline, &listeners, &reference()).await?;
    actionkit.stored(in_actionkit);
    network.stored(|target| in_action_network(target, &network.webhook.id));
    van.stored(in_van);
    nation.stored(|target| {
        let codes: Vec<_> = target.nation.codes.iter().map(|code| (code.id, code.slug.as_str())).collect();
        assert_eq!(codes, [(17, "em_0305")]);
        in_nation(target, Some(17), "refcode2 seg-b");
    });
    old_nation.stored(|target| in_nation(target, None, "refcode2 seg-b; refcode em-0305"));
    Ok(())
}

pub(crate) async fn takers_of_donations_have_every_payment_once(pipeline: Installation) -> Result<()> {
    let osdi = on::osdi(true).connect(&pipeline).await?;
    let bsd = on::blue_state_digital().connect(&pipeline).await?;
    let classic = on::salsa_classic(true).connect(&pipeline).await?;
    let engage = on::salsa_engage().connect(&pipeline).await?;
    let isp = on::isp().connect(&pipeline).await?;
    let switchboard = on::switchboard().connect(&pipeline).await?;
    let listeners = [
        osdi.expecting([Sent(1), Sent(1), Sent(1), Sent(1)]),
        bsd.expecting([Sent(1), Sent(1), UNSUPPORTED, UNSUPPORTED]),
        // A session.
        classic.expecting([Sent(2), Sent(1), Sent(1), UNSUPPORTED]),
        engage.expecting([Sent(1), Sent(1), Sent(1), UNSUPPORTED]),
        isp.expecting([Sent(1), Sent(1), Sent(1), UNSUPPORTED]),
        switchboard.expecting([Sent(1), Sent(1), UNSUPPORTED, UNSUPPORTED]),
    ];
    hear(&pipeline, &listeners, &reference()).await?;
    osdi.stored(in_osdi);
    bsd.stored(|target| {
        let made = target.contributions.iter().map(|made| {
            let words = (made.transaction_dt.as_str(), made.email.as_str(), made.card_type.as_str());
            (made.external_id.as_str(), made.amount_cents, words, made.is_subscribed)
        });
        let words = |paid| (paid, EMAIL, "vs");
        let first = (FIRST, 2_750, words("2024-03-05 23:22:49 UTC"), false);
        let later = (LATER, 1_500, words("2024-04-05 22:23:01 UTC"), false);
        assert_eq!(made.collect::<Vec<_>>(), [first, later]);
    });
    classic.stored(in_salsa_classic);
    engage.stored(in_salsa_engage);
    isp.stored(in_isp);
    switchboard.stored(|target| {
        let made = target
            .donations
            .iter()
            .map(|made| (made.entity_id.as_str(), made.provider_donation_id.as_str(), made.cents, made.email.as_str()));
        let expected = [("48213", "612004411", 2_750, EMAIL), ("48213", "620118734", 1_500, EMAIL)];
        assert_eq!(made.collect::<Vec<_>>(), expected);
    });
    Ok(())
}

pub(crate) async fn advertising_and_lists_have_what_is_recent(pipeline: Installation) -> Result<()> {
    let meta = on::meta(false).connect(&pipeline).await?;
    let ga4 = on::ga4().connect(&pipeline).await?;
    let tatango = on::tatango().connect(&pipeline).await?;
    let listeners = [
        meta.expecting([Sent(1), Sent(1), UNSUPPORTED, UNSUPPORTED]),
        ga4.expecting([Sent(1), Sent(1), Sent(1), UNSUPPORTED]),
        tatango.expecting([Sent(1), Skipped("the destination takes first payments only"), UNSUPPORTED, UNSUPPORTED]),
    ];
    let (events, second) = recent();
    hear(&pipeline, &listeners, &events).await?;
    meta.stored(|target| {
        let made = target.events.iter().map(|event| {
            assert_eq!(event.user_data.get("em").map(String::len), Some(64), "a hash");
            (event.id.as_str(), event.source.as_str(), event.cents, event.order.as_str(), event.time)
        });
        let first = (FIRST, "website", 2_750, ORDER, second);
        assert_eq!(made.collect::<Vec<_>>(), [first, (LATER, "system_generated", 1_500, ORDER, second)]);
    });
    ga4.stored(|target| {
        let made = target.purchases.iter().map(|made| {
            assert_eq!((made.client_id.as_str(), made.time, made.requests), ("123456.7654321", second, 1));
            (made.transaction.as_str(), made.cents, made.refunds)
        });
        assert_eq!(made.collect::<Vec<_>>(), [(FIRST, 2_750, 1), (LATER, 1_500, 0)]);
    });
    tatango.stored(|target| {
        let made = target.subscribers.iter().map(|(phone, made)| (phone.as_str(), made.email.as_str(), &made.tags));
        let tags = vec!["spring-drive".to_owned(), "em-0305".to_owned()];
        assert_eq!(made.collect::<Vec<_>>(), [("9375550142", EMAIL, &tags)]);
    });
    Ok(())
}

pub(crate) async fn what_an_option_leaves_out_is_a_recorded_skip(pipeline: Installation) -> Result<()> {
    let network = on::action_network(false).connect(&pipeline).await?;
    let van = on::ngpvan(false).connect(&pipeline).await?;
    let osdi = on::osdi(false).connect(&pipeline).await?;
    let classic = on::salsa_classic(false).connect(&pipeline).await?;
    let listeners = [
        network.expecting([Sent(2), Sent(1), UNSUPPORTED, UNSUPPORTED]),
        van.expecting([Sent(2), Sent(2), UNSUPPORTED, UNSUPPORTED]),
        osdi.expecting([Sent(1), Sent(1), Sent(1), UNSUPPORTED]),
        classic.expecting([Sent(2), Sent(1), UNSUPPORTED, UNSUPPORTED]),
    ];
    hear(&pipeline, &listeners, &reference()).await?;
    network.stored(|target| assert_eq!((target.donations.len(), target.marks.len()), (2, 0)));
    van.stored(|target| assert!(target.contributions.iter().all(|made| made.refunded_cents == 0)));
    osdi.stored(|target| assert_eq!(target.cancellations, []));
    classic.stored(|target| assert!(target.donations.iter().all(|made| made.refunds == 0)));
    Ok(())
}

fn in_actionkit(target: &ActionKit) {
    let [order] = target.orders.as_slice() else { panic!("{:?}", target.orders) };
    assert_eq!((order.import_id.as_str(), order.amount_cents, order.email.as_str()), (FIRST, 2_750, EMAIL));
    assert_eq!((order.page.as_str(), order.created_at.as_str()), ("tributary-spring-drive", "2024-03-05T23:22:49"));
    let made = target.transactions.iter().map(|made| {
        (made.trans_id.as_str(), made.amount_cents, made.created_at.as_str(), made.order, made.is_reversed)
    });
    let first = (FIRST, 2_750, "2024-03-05T23:22:49", Some(order.id), true);
    assert_eq!(made.collect::<Vec<_>>(), [first, (LATER, 1_500, "2024-04-05T22:23:01", None, false)]);
    let profile = target.profiles.get("AB300000118-48213").expect("the series");
    let cancelled = Some(("user".to_owned(), "2024-07-19T11:40:10".to_owned()));
    assert_eq!((profile.amount_cents, &profile.cancelled), (1_500, &cancelled));
}

fn in_action_network(target: &ActionNetwork, webhook: &str) {
    let form = format!("tributary:{webhook}-form-spring-drive");
    let pages: Vec<_> = target.pages.iter().map(|page| page.identifier.as_ref()).collect();
    assert_eq!(pages, [Some(&form)]);
    let made = target.donations.iter().map(|made| {
        assert!(made.is_recurring && made.order == ORDER, "{made:?}");
        (made.identifier.clone(), made.amount_cents, made.created_date.as_str())
    });
    let first = (format!("tributary:{webhook}-612004411"), 2_750, "2024-03-05T23:22:49Z");
    let later = (format!("tributary:{webhook}-620118734"), 1_500, "2024-04-05T22:23:01Z");
    assert_eq!(made.collect::<Vec<_>>(), [first, later]);
    let marks = target.marks.iter().map(|mark| {
        assert_eq!((mark.person.as_str(), mark.order.as_str()), (EMAIL, ORDER));
        (mark.tag.as_str(), mark.amount_cents)
    });
    assert_eq!(marks.collect::<Vec<_>>(), [("tributary-refunded", 2_750), ("tributary-recurring-cancelled", 0)]);
}

fn in_van(target: &NgpVan) {
    let [person] = target.people.as_slice() else { panic!("{:?}", target.people) };
    assert_eq!(person.name, ("Marisol".to_owned(), "Quade".to_owned()));
    let known = [&person.email, &person.phone, &person.zip, &person.employer].map(String::as_str);
    assert_eq!(known, [EMAIL, "9375550142", "45402-1187", "Dayton Transit"]);
    let made = target.contributions.iter().map(|made| {
        assert_eq!((made.van_id, made.designation), (person.van_id, 18_754));
        (made.reference.as_str(), made.amount_cents, made.date_received.as_str(), made.refunded_cents)
    });
    let first = (FIRST, 2_750, "2024-03-05T23:22:49Z", 2_750);
    assert_eq!(made.collect::<Vec<_>>(), [first, (LATER, 1_500, "2024-04-05T22:23:01Z", 0)]);
    assert_eq!(target.contributions[0].adjusted.as_deref(), Some("2024-03-14"));
}

fn in_nation(target: &NationBuilder, code_id: Option<u64>, codes: &str) {
    let [signup] = target.nation.signups.as_slice() else { panic!("{:?}", target.nation.signups) };
    assert_eq!((signup.matched_by.as_str(), signup.pushes), (EMAIL, 2));
    let donation = |key: &str, number: u8, cents, paid: &str| Donation {
        signup_id: signup.id,
        cents,
        payment_type: "Credit Card".to_owned(),
        code_id,
        succeeded_at: paid.to_owned(),
        note: format!("{key}; order {ORDER}; form spring-drive; payment {number} monthly; {codes}"),
        ..Donation::default()
    };
    let first = donation(FIRST, 1, 2_750, "2024-03-05T18:22:49-05:00");
    let first = Donation {
        id: 314,
        note: format!("{}; refunded 2024-03-14", first.note),
        canceled_at: Some("2024-03-14T09:15:02-04:00".to_owned()),
        cancellations: 1,
        ..first
    };
    let later = Donation { id: 315, ..donation(LATER, 2, 1_500, "2024-04-05T18:23:01-04:00") };
    assert_eq!(target.nation.donations, [first, later]);
}

fn in_osdi(target: &Osdi) {
    let made = target.donations.iter().map(|made| {
        assert_eq!(made.order, ORDER);
        let words = (made.identifier.as_str(), made.action_date.as_str(), made.payment_no.as_deref());
        (words, made.amount_cents, made.credited.clone())
    });
    let credited = Some((2_750, "2024-03-14T13:15:02Z".to_owned()));
    let first = (("tributary:612004411", "2024-03-05T23:22:49Z", Some("1")), 2_750, credited);
    let later = (("tributary:620118734", "2024-04-05T22:23:01Z", Some("2")), 1_500, None);
    assert_eq!(made.collect::<Vec<_>>(), [first, later]);
    assert_eq!(target.cancellations, [(EMAIL.to_owned(), ORDER.to_owned())]);
}

fn in_salsa_classic(target: &SalsaClassic) {
    let [supporter] = target.supporters.as_slice() else { panic!("{:?}", target.supporters) };
    assert_eq!((supporter.email.as_str(), target.logins()), (EMAIL, 1));
    let made = target.donations.iter().map(|made| {
        assert_eq!((made.supporter_key, made.order.as_str()), (supporter.key, ORDER));
        (made.uid.as_str(), made.cents, made.refunded.as_deref(), made.refunds)
    });
    let first = (FIRST, 2_750, Some("Refunded 27.50 on 2024-03-14; order AB300000118"), 1);
    assert_eq!(made.collect::<Vec<_>>(), [first, (LATER, 1_500, None, 0)]);
}

fn in_salsa_engage(target: &SalsaEngage) {
    let made = target.charges.iter().map(|made| {
        assert_eq!((made.email.as_str(), made.requests), (EMAIL, 1));
        (made.transaction.as_str(), made.cents, made.refunded.as_deref(), made.refunds)
    });
    let first = (FIRST, 2_750, Some("2024-03-14T13:15:02.000Z"), 1);
    assert_eq!(made.collect::<Vec<_>>(), [first, (LATER, 1_500, None, 0)]);
}

fn in_isp(target: &IsPolitical) {
    let made = target.records.iter().map(|made| {
        assert_eq!(made.email, EMAIL);
        (made.unique_identifier.as_str(), made.amount_cents, made.date.as_str(), made.is_refund)
    });
    let first = ("TRIBUTARY-CONTRIBUTION-612004411", 2_750, "2024-03-05", false);
    let later = ("TRIBUTARY-CONTRIBUTION-620118734", 1_500, "2024-04-05", false);
    let refund = ("TRIBUTARY-REFUND-612004411", 2_750, "2024-03-14", true);
    assert_eq!(made.collect::<Vec<_>>(), [first, later, refund]);
}
