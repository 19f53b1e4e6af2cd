//! Reading options one by one, noting mistakes on the way.

use super::{Mistake, Mistakes, Sources, environment_name};
use config::{Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Hands out options and remembers what was wrong with them.
#[derive(Debug)]
pub struct Reader {
    values: BTreeMap<String, Value>,
    known: BTreeSet<String>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    /// Reads the sources. An unreadable file is an error at once: without it every option would seem wrong.
    pub fn open(sources: Sources) -> Result<Self, Mistakes> {
        Ok(Self { values: sources.values()?, known: BTreeSet::new(), mistakes: Vec::new() })
    }

    /// An option with a default. `expected` says what it must be, with an example.
    pub fn or<T: FromStr>(&mut self, option: &str, default: T, expected: &str) -> T {
        self.optional(option, expected).unwrap_or(default)
    }

    /// An option that may be absent.
    pub fn optional<T: FromStr>(&mut self, option: &str, expected: &str) -> Option<T> {
        let text = self.text(option, expected)?;
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.mistake(option, format!("{text:?} is not {expected}"));
        }
        parsed
    }

    /// A list: an array in the file, separated by commas in the environment. Absent means empty.
    pub fn list<T: FromStr>(&mut self, option: &str, expected: &str) -> Vec<T> {
        let mut list = Vec::new();
        for text in self.texts(option) {
            match text.parse() {
                Ok(value) => list.push(value),
                Err(_) => self.mistake(option, format!("{text:?} is not {expected}")),
            }
        }
        list
    }

    /// A secret: given itself, or as `{option}_file` that holds it.
    pub fn secret(&mut self, option: &str) -> Option<SecretString> {
        let itself = self.text(option, "text").map(SecretString::from);
        match (itself, self.secret_file(option)) {
            (Some(_), Some(_)) => {
                let file = environment_name(&format!("{option}_file"));
                self.mistake(option, format!("is given twice: remove either it or {file}"));
                None
            }
            (itself, from_file) => itself.or(from_file).filter(|secret| !secret.expose_secret().is_empty()),
        }
    }

    /// Several secrets: a list itself, or `{option}_file` with one a line.
    pub fn secrets(&mut self, option: &str) -> Vec<SecretString> {
        let mut secrets: Vec<_> = self.texts(option).into_iter().map(SecretString::from).collect();
        if let Some(file) = self.secret_file(option) {
            let lines = file.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
            secrets.extend(lines.map(SecretString::from));
        }
        secrets
    }

    /// Notes what is wrong with an option, for relations between values.
    pub fn mistake(&mut self, option: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake::of_option(option, message));
    }

    /// Every option that was asked for, `_file` forms left out.
    pub fn options(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str).filter(|name| {
            let stem = name.strip_suffix("_file");
            !stem.is_some_and(|stem| self.known.contains(stem))
        })
    }

    /// Whether the option was given, itself or as a file.
    pub fn is_set(&self, option: &str) -> bool {
        self.values.contains_key(option) || self.values.contains_key(&format!("{option}_file"))
    }

    /// All mistakes, those of options that nobody asked for included.
    pub fn finish(mut self) -> Result<(), Mistakes> {
        let unknown: Vec<_> = self.values.keys().filter(|name| !self.known.contains(*name)).cloned().collect();
        for name in unknown {
            let message = self.unknown(&name);
            self.mistake(&name, message);
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(Mistakes(self.mistakes)) }
    }

    fn unknown(&self, name: &str) -> String {
        let section = |name: &str| name.rsplit_once('.').map(|(section, _)| section.to_owned());
        let here: Vec<_> = self.options().filter(|known| section(known) == section(name)).collect();
        if here.is_empty() {
            "there is no such option".to_owned()
        } else {
            format!("there is no such option; there are {}", here.join(", "))
        }
    }

    fn text(&mut self, option: &str, expected: &str) -> Option<String> {
        self.known.insert(option.to_owned());
        let value = self.values.get(option)?.clone();
        let text = value.into_string();
        if text.is_err() {
            self.mistake(option, format!("must be one value, {expected}"));
        }
        text.ok()
    }

    fn texts(&mut self, option: &str) -> Vec<String> {
        self.known.insert(option.to_owned());
        let Some(value) = self.values.get(option).cloned() else { return Vec::new() };
        let texts: Option<Vec<String>> = match value.kind {
            ValueKind::Array(items) => items.into_iter().map(|item| item.into_string().ok()).collect(),
            _ => value.into_string().ok().map(|text| text.split(',').map(str::to_owned).collect()),
        };
        let Some(texts) = texts else {
            self.mistake(option, "must be a list of texts");
            return Vec::new();
        };
        texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    fn secret_file(&mut self, option: &str) -> Option<SecretString> {
        let option = format!("{option}_file");
        let path = self.text(&option, "the path of a file")?;
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(SecretString::from(text.trim())),
            Err(error) => {
                self.mistake(&option, format!("the file {path:?} can't be read: {error}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::SocketAddr;
    use std::path::Path;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("writes");
        file
    }

    fn reader(toml: Option<&Path>, environment: &[(&str, &str)]) -> Reader {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Reader::open(Sources::new(toml.map(Path::to_owned), environment.collect())).expect("readable")
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_defaults() {
        let toml = file("data_dir = \"/from/file\"\n[ingest]\nlisten = \"127.0.0.1:1\"\n");
        let mut read = reader(Some(toml.path()), &[("TRIBUTARY__INGEST__LISTEN", "127.0.0.1:2"), ("OTHER", "x")]);
        assert_eq!(read.or("data_dir", String::from("default"), "a path"), "/from/file");
        let address: SocketAddr = read.optional("ingest.listen", "an address").expect("set");
        assert_eq!(address.port(), 2);
        assert_eq!(read.or("retries", 3_u32, "a number"), 3);
        assert_eq!(read.finish(), Ok(()));
    }

    #[test]
    fn every_mistake_is_reported_at_once_under_its_environment_name() {
        let toml = file("lisen = 1\n[sender]\nconcurrency = \"many\"\n");
        let mut read = reader(Some(toml.path()), &[("TRIBUTARY__INGEST__LISTEN", "here")]);
        read.optional::<SocketAddr>("ingest.listen", "an address and port such as 127.0.0.1:8081");
        read.or("sender.concurrency", 1_u32, "a number from 1");
        read.optional::<String>("data_dir", "a path");
        let Err(Mistakes(mistakes)) = read.finish() else { panic!("three mistakes") };
        let places: Vec<_> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
        assert_eq!(places, ["TRIBUTARY__INGEST__LISTEN", "TRIBUTARY__SENDER__CONCURRENCY", "TRIBUTARY__LISEN"]);
        assert_eq!(mistakes[0].message, "\"here\" is not an address and port such as 127.0.0.1:8081");
        assert_eq!(mistakes[2].message, "there is no such option; there are data_dir");
    }

    #[test]
    fn texts_that_look_like_numbers_stay_as_they_are() {
        let mut read = reader(None, &[("TRIBUTARY__TOKEN", "00123"), ("TRIBUTARY__TOKENS", "1e5, True,,x")]);
        assert_eq!(read.secret("token").expect("set").expose_secret(), "00123");
        let tokens: Vec<_> = read.secrets("tokens").iter().map(|s| s.expose_secret().to_owned()).collect();
        assert_eq!(tokens, ["1e5", "True", "x"]);
    }

    #[test]
    fn a_secret_comes_from_a_file_and_never_from_both() {
        let secret = file("hidden\n");
        let path = secret.path().to_str().expect("text");
        let mut read = reader(None, &[("TRIBUTARY__KEY_FILE", path)]);
        assert_eq!(read.secret("key").expect("set").expose_secret(), "hidden");
        assert_eq!(read.options().collect::<Vec<_>>(), ["key"]);
        assert_eq!(read.finish(), Ok(()));

        let mut read = reader(None, &[("TRIBUTARY__KEY_FILE", path), ("TRIBUTARY__KEY", "open")]);
        assert!(read.secret("key").is_none());
        let Err(mistakes) = read.finish() else { panic!("given twice") };
        assert!(mistakes.to_string().contains("TRIBUTARY__KEY_FILE") && !mistakes.to_string().contains("open"));
    }

    #[test]
    fn empty_variables_count_as_unset_and_lists_come_in_both_forms() {
        let toml = file("[sender]\nports = [1, 2]\n");
        let mut read = reader(Some(toml.path()), &[("TRIBUTARY__AMQP_URL", ""), ("TRIBUTARY__OTHER", "3,4")]);
        assert!(read.secret("amqp_url").is_none());
        assert_eq!(read.list::<u16>("sender.ports", "a port"), [1, 2]);
        assert_eq!(read.list::<u16>("other", "a port"), [3, 4]);
        assert_eq!(read.finish(), Ok(()));
    }

    #[test]
    fn a_file_that_is_no_toml_says_where_without_quoting_the_line() {
        let toml = file("data_dir = \"x\"\nsecret_key = \"hush\n");
        let opened = Reader::open(Sources::new(Some(toml.path().to_owned()), BTreeMap::new()));
        let Err(mistakes) = opened else { panic!("no TOML") };
        let text = mistakes.to_string();
        assert!(text.contains("line 2") && !text.contains("hush"), "{text}");
        let opened = Reader::open(Sources::new(Some("/nowhere/tributary.toml".into()), BTreeMap::new()));
        assert!(opened.is_err_and(|m| m.to_string().contains("/nowhere/tributary.toml: can't be read")));
    }
}
