//! Where a configuration comes from.

use super::{FILE, Mistake, Mistakes, PREFIX, environment_name};
use config::{Config, ConfigError, Environment, File, FileFormat, Map, Value, ValueKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file, if there is one, and environment variables.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    unreadable: Vec<Mistake>,
}

impl Sources {
    /// The process's environment and the file named by `flag`, by `TRIBUTARY__CONFIG`, or `./tributary.toml`
    /// if it is there.
    pub fn of_process(flag: Option<&Path>) -> Self {
        let prefix = format!("{PREFIX}__");
        let (mut environment, mut unreadable) = (BTreeMap::new(), Vec::new());
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            if !name.to_uppercase().starts_with(&prefix) {
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(environment.insert(name, value)),
                Err(_) => unreadable.push(Mistake { place: name, message: "is not UTF-8 text".to_owned() }),
            }
        }
        let named = flag.map(Path::to_owned).or_else(|| environment.get(&environment_name("config")).map(Into::into));
        let usual = || Some(PathBuf::from(FILE)).filter(|file| file.exists());
        Self { unreadable, ..Self::new(named.or_else(usual), environment) }
    }

    /// This file and these variables.
    pub fn new(file: Option<PathBuf>, environment: BTreeMap<String, String>) -> Self {
        Self { file, environment, unreadable: Vec::new() }
    }

    /// Every value by its option's name, `ingest.listen`.
    pub(super) fn values(self) -> Result<BTreeMap<String, Value>, Mistakes> {
        let Self { file, mut environment, mut unreadable } = self;
        environment.retain(|name, _| !name.eq_ignore_ascii_case(&environment_name("config")));
        let mut values = BTreeMap::new();
        if let Some(file) = file {
            match read(&file).and_then(|text| table(File::from_str(&text, FileFormat::Toml), &file)) {
                Ok(table) => flatten("", table, &mut values),
                Err(mistake) => unreadable.push(mistake),
            }
        }
        // Empty variables count as unset: compose files pass them for options that nobody chose.
        let variables = Environment::with_prefix(PREFIX)
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(Some(environment.into_iter().collect()));
        match table(variables, Path::new("the environment")) {
            Ok(table) => flatten("", table, &mut values),
            Err(mistake) => unreadable.push(mistake),
        }
        if unreadable.is_empty() { Ok(values) } else { Err(Mistakes(unreadable)) }
    }
}

fn read(file: &Path) -> Result<String, Mistake> {
    std::fs::read_to_string(file)
        .map_err(|error| Mistake { place: file.display().to_string(), message: format!("can't be read: {error}") })
}

fn table<S: config::Source + Send + Sync + 'static>(source: S, place: &Path) -> Result<Map<String, Value>, Mistake> {
    let built = Config::builder().add_source(source).build().and_then(Config::try_deserialize);
    built.map_err(|error| Mistake { place: place.display().to_string(), message: describe(&error) })
}

/// The place and the reason of a parse error, without the line that it quotes: that may be a secret.
fn describe(error: &ConfigError) -> String {
    let ConfigError::FileParse { cause, .. } = error else { return error.to_string() };
    let text = cause.to_string();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next_back()) {
        (Some(place), Some(reason)) => format!("{place}: {reason}"),
        (Some(all), None) => all.to_owned(),
        _ => "is not TOML".to_owned(),
    }
}

fn flatten(section: &str, table: Map<String, Value>, values: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let name = if section.is_empty() { key } else { format!("{section}.{key}") };
        match value.kind {
            ValueKind::Table(inner) => flatten(&name, inner, values),
            _ => drop(values.insert(name, value)),
        }
    }
}
