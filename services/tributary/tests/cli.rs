//! The program as people use it: arguments, configuration, exit codes, and a tour of all commands.

mod program;

use program::{Program, command, json, stderr};
use serde_json::Value;
use testkit::receiver::{Answer, Receiver};

#[test]
fn wrong_arguments_end_with_64_and_help_with_0() {
    for arguments in [
        &["--sideways"][..],
        &["fly"],
        &["webhook", "add"],
        &["webhook", "add", "--entity", "x", "--type", "default", "--endpoint", "https://a.example.org"],
        &["webhook", "edit", "wh_1", "--username", "ana"],
        &["webhook", "edit", "wh_1", "--header", "no colon"],
        &["webhook", "edit", "wh_1", "--header", "K: V", "--headers-stdin"],
        &["parked", "show"],
        &["entity", "set", "4411"],
        &["entity", "set", "Harbor", "--name", "Harbor"],
        &["entity", "show", "-1"],
        &["publish", "/nowhere/at/all.ndjson"],
        &["healthcheck", "nonsense"],
        &["queues", "--api", "localhost:8080"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ingest.token"), "t").unwrap();
        let output = command(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", stderr(&output));
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["webhook", "add", "--help"], &["--version"]] {
        let output = command(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn every_configuration_mistake_is_reported_at_once_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tributary.toml");
    std::fs::write(&file, "colour = \"green\"\n[sender]\nconcurrency = 0\n").unwrap();
    let output = command(folder.path())
        .args(["all", "--config"])
        .arg(&file)
        .env("TRIBUTARY__INGEST__LISTEN", "somewhere")
        .env("TRIBUTARY__AMQP_URL", "amqp://user:hunter2@localhost")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let text = stderr(&output);
    for name in ["COLOUR", "SENDER__CONCURRENCY", "INGEST__LISTEN", "REDIS_URL", "SECRET_KEY", "DASHBOARD__TOKENS"] {
        assert!(text.contains(&format!("TRIBUTARY__{name}: ")), "{name} in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    let output = command(folder.path()).args(["router", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains("TRIBUTARY__AMQP_URL") && error["exit"] == 64);
}

#[test]
fn an_instance_that_is_not_there_ends_with_69() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", testkit::port::free().unwrap());
    let output = command(folder.path()).args(["queues", "--api", &nobody]).output().unwrap();
    assert_eq!(output.status.code(), Some(69), "no token, so nothing ran here: {}", stderr(&output));
    std::fs::write(folder.path().join("api.token"), "t").unwrap();
    let output = command(folder.path()).args(["queues", "--api", &nobody]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(stderr(&output).contains("--api") && stderr(&output).contains(&nobody), "{}", stderr(&output));
    let output = command(folder.path()).args(["healthcheck", &nobody]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    let events = folder.path().join("events.ndjson");
    std::fs::write(&events, "{}\n").unwrap();
    std::fs::write(folder.path().join("ingest.token"), "t").unwrap();
    let output = command(folder.path()).args(["publish", "--ingest", &nobody]).arg(&events).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(stderr(&output).contains("--from-line 1"), "{}", stderr(&output));
}

#[test]
fn the_demonstration_delivers_every_sample() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path()).args(["demo", "--once", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let arrivals: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of =
        |kind: &str| arrivals.iter().filter(|arrival| arrival["type"] == kind && arrival["verified"] == true).count();
    assert_eq!([of("default"), of("default_refunds"), of("default_cancellations")], [5, 1, 1]);
}

#[test]
fn a_data_folder_serves_one_process_at_a_time() {
    let mut program = Program::start();
    let output = command(program.folder())
        .env("TRIBUTARY__ADMIN__LISTEN", "127.0.0.1:0")
        .env("TRIBUTARY__INGEST__LISTEN", "127.0.0.1:0")
        .env("TRIBUTARY__DASHBOARD__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("in use by another process"), "{}", stderr(&output));
    assert_eq!(program.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_use_no_credentials_run_without_the_key() {
    let place = testkit::isolated().await.unwrap();
    let settings = [
        ("AMQP_URL", place.amqp_url.as_str()),
        ("REDIS_URL", &place.redis_url),
        ("QUEUE_PREFIX", &place.queue_prefix),
        ("KEY_PREFIX", &place.key_prefix),
        ("INGEST__TOKENS", "t"),
        ("DASHBOARD__TOKENS", "t"),
    ];
    for role in ["ingest", "router", "formatter"] {
        let program = Program::start_role(role, &settings);
        assert!(!program.folder().join("secret.key").exists(), "{role} makes itself none");
    }
    for role in ["sender", "dashboard"] {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings.iter().map(|(name, value)| (format!("TRIBUTARY__{name}"), value));
        let output = command(folder.path()).arg(role).envs(settings).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{role}: {}", stderr(&output));
        assert!(stderr(&output).contains("TRIBUTARY__SECRET_KEY"), "{role}: {}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_of_the_commands() {
    let mut program = Program::start();
    let receiver = Receiver::start().await.unwrap();
    let endpoint = receiver.url("/hook");
    let new = ["webhook", "add", "--entity", "48213", "--type", "default", "--endpoint", &endpoint];
    let added = program.ask_with(&[&new[..], &["--username", "ana", "--password-stdin"]].concat(), "hunter2\n");
    let id = added["id"].as_str().unwrap();
    assert!(added["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(program.ask(&["webhook", "activate", id])["status"], "active");
    assert_eq!(program.ask(&["webhook", "edit", id, "--rate", "20", "--nickname", "CRM"])["rate_per_s"], 20);
    assert_eq!(program.ask(&["webhook", "show", id])["nickname"], "CRM");
    assert_eq!(program.ask(&["webhook", "list", "--status", "active"])["webhooks"][0]["id"], id);

    let tested = program.ask(&["webhook", "test", id]);
    assert_eq!(tested["delivered"], true, "{tested}");
    let request = receiver.received().remove(0);
    assert_eq!(request.header("authorization"), Some("Basic YW5hOmh1bnRlcjI="));

    let good = testkit_message();
    let file = program.folder().join("events.ndjson");
    std::fs::write(&file, format!("{good}\n\n{{\"type\":\"contribution\"}}\n")).unwrap();
    let output = program.run(&["publish", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "a line was wrong: {}", stderr(&output));
    let published = json(&output);
    assert_eq!((&published["accepted"], &published["rejected"]), (&1.into(), &1.into()));
    assert_eq!(published["errors"][0]["line"], 3);
    receiver.wait_for(2).await.unwrap();
    let again = program.ask_with(&["publish", "-"], &good);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&0.into(), &1.into()));

    let attempts = program.run(&["attempts", id]);
    assert!(attempts.status.success() && !attempts.stdout.is_empty(), "{}", stderr(&attempts));
    assert_eq!(program.first_line(&["attempts", id, "--follow"])["webhook"], id);
    assert!(program.ask(&["webhook", "secret", "rotate", id])["old_until"].is_string());
    assert_eq!(program.ask(&["undelivered", "list", id])["undelivered"], serde_json::json!([]));
    assert_eq!(program.ask(&["undelivered", "replay", id, "--yes"])["replayed"], 0);
    assert_eq!(program.ask(&["parked", "list"])["messages"], serde_json::json!([]));
    let types = program.ask(&["types"])["types"].as_array().unwrap().clone();
    assert!(
        types.iter().any(|listed| listed["id"] == "numero" && listed["connections"][0]["kinds"][2] == "cancellation")
    );
    assert_eq!(program.ask(&["types", "tatango"])["connections"][1]["fields"][1]["secret"], true);
    let typed = ["webhook", "add", "--entity", "9", "--type", "actionkit", "--connection", "api"];
    let typed = [&typed[..], &["--set", "host=act.example.org", "--set", "username=ana", "--settings-stdin"]].concat();
    let added = program.ask_with(&typed, r#"{"password":"hunter2","page_prefix":"gifts"}"#);
    assert_eq!((&added["endpoint"], &added["connection"]), (&"https://act.example.org/rest/v1/".into(), &"api".into()));
    assert_eq!(added["credentials"]["fields"], serde_json::json!(["password"]));
    assert!(!added.to_string().contains("hunter2"));
    let edit = ["webhook", "edit", added["id"].as_str().unwrap(), "--set", "page_prefix="];
    assert_eq!(program.ask(&edit)["settings"], serde_json::json!({"host": "act.example.org", "username": "ana"}));
    let output = program.run(&[&typed[..8], &["--set", "password=hunter2"]].concat());
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--settings-stdin") && stderr(&output).contains("'--set <FIELD=VALUE>'"));
    assert!(program.ask(&["queues"])["queues"].as_array().unwrap().len() > 20);

    let name = ["entity", "set", "48213", "--name", " Okonedo for Harbor County "];
    let set = program.ask(&[&name[..], &["--committee-name", "Harbor Coalition PAC"]].concat());
    let known = serde_json::json!({
        "id": 48_213, "name": "Okonedo for Harbor County", "committee_name": "Harbor Coalition PAC"
    });
    assert_eq!((&set, program.ask(&["entity", "show", "48213"])), (&known, known.clone()));
    assert_eq!(program.ask(&name).get("committee_name"), None, "what is set replaces what was known");
    let output = program.run(&["entity", "set", "48213", "--name", ""]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("name: "), "{}", stderr(&output));
    assert_eq!(program.run(&["entity", "show", "7"]).status.code(), Some(1), "nothing is known of it");

    let output = program.run(&["webhook", "edit", id, "--endpoint", "ftp://example.org", "--rate", "0"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("endpoint: ") && stderr(&output).contains("rate_per_s: "), "{}", stderr(&output));
    assert_eq!(program.run(&["webhook", "show", "wh_0"]).status.code(), Some(1));
    receiver.set_default(Answer::status(500));
    assert_eq!(program.run(&["webhook", "test", id]).status.code(), Some(1), "the receiver refused it");
    assert_eq!(program.stop(), Some(0), "SIGTERM ends it in order");
}

/// A contribution as upstream publishes it, to the entity of the tour.
fn testkit_message() -> String {
    let data = dashboard::sample::body(contract::event::Kind::Contribution, contract::id::EntityId(48_213));
    serde_json::json!({"type": "contribution", "data": data}).to_string()
}
