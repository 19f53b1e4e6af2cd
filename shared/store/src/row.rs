//! The stored form of a value: JSON with a version, so that a later release can tell what it reads.

use crate::error::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Row<T> {
    v: u8,
    row: T,
}

#[derive(Deserialize)]
struct OnlyVersion {
    v: u8,
}

/// A row of a version that this release does not know.
#[derive(Debug, thiserror::Error)]
#[error("version {0} is newer than this program")]
struct UnknownVersion(u8);

/// `value` as it is stored under `key`.
pub(crate) fn encode<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&Row { v: VERSION, row: value }).map_err(|error| Error::corrupt(key, error))
}

/// Reads what [`encode`] wrote under `key`.
pub(crate) fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Error> {
    let version: OnlyVersion = serde_json::from_slice(bytes).map_err(|error| Error::corrupt(key, error))?;
    if version.v != VERSION {
        return Err(Error::corrupt(key, UnknownVersion(version.v)));
    }
    let row: Row<T> = serde_json::from_slice(bytes).map_err(|error| Error::corrupt(key, error))?;
    Ok(row.row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_version_and_comes_back_as_it_was() {
        let bytes = encode("k", &vec![1, 2]).expect("encodes");
        assert_eq!(bytes, br#"{"v":1,"row":[1,2]}"#);
        assert_eq!(decode::<Vec<i32>>("k", &bytes).expect("decodes"), [1, 2]);
    }

    #[test]
    fn a_newer_version_is_an_error_that_names_the_key() {
        let error = decode::<Vec<i32>>("tributary:webhook:wh_1", br#"{"v":2,"row":{}}"#).expect_err("newer");
        assert_eq!(error.to_string(), "what is stored under tributary:webhook:wh_1 can't be read");
    }
}
