//! What the API takes and answers. The commands read and write the same types.
//!
//! Nothing in an answer is a credential, save the signing secret in the one answer that makes it.

mod attempt;
mod backfill;
mod credentials;
mod entity;
mod history;
mod queue;
mod types;
mod webhook;

pub use attempt::{AttemptFilter, AttemptPage, AttemptView, NotTried, TestResult};
pub use backfill::{
    BackfillFilter, BackfillList, BackfillView, Cancellation, FinishedSource, JournalEntry, NewBackfill, PreviewFilter,
    Runner, StartedBackfill, TakenEvents,
};
pub use credentials::{CredentialsView, FieldValues, NewAuthorization, NewCredentials, NewHeader};
pub use entity::{EntityView, NewEntity};
pub use history::{CountedHistory, HistoryFilter, MonthView};
pub use queue::{
    Limit, QueueList, QueueView, Replayed, StoredList, StoredView, UndeliveredCounts, UndeliveredFilter,
    UndeliveredGroup, UndeliveredList, UndeliveredView,
};
pub use types::{
    ChoiceView, ColumnView, ConnectionView, CredentialLabels, EndpointView, FieldView, InputView, TypeList, TypeView,
};
pub use webhook::{NewWebhook, RotatedSecret, Rotation, WebhookChange, WebhookFilter, WebhookList, WebhookView};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text that is shown to nobody. It is only ever part of a request.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
