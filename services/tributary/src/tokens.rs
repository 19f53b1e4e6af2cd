//! The tokens that an embedded installation makes for itself, in its data folder.
//!
//! The roles write them and the commands find them: both go through here.

use secrecy::SecretString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The JSON API.
    Api,
    /// `POST /v1/events`.
    Ingest,
}

impl Door {
    /// Where its token lies.
    pub fn file(self, data_dir: &Path) -> PathBuf {
        data_dir.join(match self {
            Self::Api => "api.token",
            Self::Ingest => "ingest.token",
        })
    }
}

/// The token of this file, if there is one.
pub fn read(file: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim()).filter(|token| !token.is_empty()).map(SecretString::from)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The token in the data folder, made on first use for its owner's eyes only.
pub fn find_or_make(data_dir: &Path, door: Door) -> io::Result<SecretString> {
    let file = door.file(data_dir);
    if let Some(token) = read(&file)? {
        return Ok(token);
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let token = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    // Written beside its place, so that nobody ever reads half a token.
    let beside = file.with_extension("token.new");
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    writeln!(out, "{token}")?;
    out.sync_all()?;
    fs::rename(&beside, &file)?;
    Ok(token.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("data");
        assert!(read(&Door::Api.file(&data_dir)).expect("readable").is_none());
        let made = find_or_make(&data_dir, Door::Api).expect("made");
        let again = find_or_make(&data_dir, Door::Api).expect("found");
        assert_eq!(made.expose_secret(), again.expose_secret());
        assert_eq!(made.expose_secret().len(), 64);
        let other = find_or_make(&data_dir, Door::Ingest).expect("made");
        assert_ne!(made.expose_secret(), other.expose_secret());
        let mode = fs::metadata(Door::Api.file(&data_dir)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
