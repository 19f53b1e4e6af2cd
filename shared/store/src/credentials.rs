//! Secrets by webhook: sealed in the store, changed by compare-and-set.

use crate::backend::{Backend, SealedRow, Swap};
use crate::directory::{Change, Shelves};
use crate::error::Error;
use crate::sealing::SecretKeys;
use crate::secrets::Secrets;
use crate::webhooks::ChangeError;
use contract::id::WebhookId;
use std::sync::Arc;

/// Credentials and signing secrets. Cheap to clone.
#[derive(Clone)]
pub struct Credentials {
    backend: Arc<dyn Backend>,
    keys: Arc<SecretKeys>,
    shelves: Arc<Shelves>,
}

impl Credentials {
    pub(crate) const fn new(backend: Arc<dyn Backend>, keys: Arc<SecretKeys>, shelves: Arc<Shelves>) -> Self {
        Self { backend, keys, shelves }
    }

    /// The webhook's secrets. [`Error::UnknownKey`] when none of the configured keys sealed them,
    /// [`Error::NoKey`] when none is configured.
    pub async fn get(&self, id: &WebhookId) -> Result<Option<Secrets>, Error> {
        let found = self.backend.secrets(id).await?;
        found.map(|found| self.keys.open_secrets(id, &found.sealed)).transpose()
    }

    /// Reads, changes and replaces the webhook's secrets, again and again until nobody else came in
    /// between, and seals them with the current key. Tells every directory. Gives what is stored.
    ///
    /// The change sees what is stored, not what the caller read before. Who renewed an access token writes it and
    /// the new refresh token here together, and refuses when the refresh token that it used is not there any more:
    /// somebody entered another one.
    pub async fn change<E>(
        &self,
        id: &WebhookId,
        mut change: impl FnMut(&mut Secrets) -> Result<(), E> + Send,
    ) -> Result<Secrets, ChangeError<E>> {
        loop {
            let SealedRow { version, sealed } = self.backend.secrets(id).await?.ok_or(ChangeError::NotFound)?;
            let mut secrets = self.keys.open_secrets(id, &sealed)?;
            change(&mut secrets).map_err(ChangeError::Refused)?;
            let sealed = self.keys.seal_secrets(id, &secrets)?;
            match self.backend.swap_secrets(id, SealedRow { version, sealed }).await? {
                Swap::Done(()) => {
                    self.shelves.apply(&Change::Secrets { id: id.clone() });
                    return Ok(secrets);
                }
                Swap::NotFound => return Err(ChangeError::NotFound),
                Swap::Conflict => {}
            }
        }
    }
}
