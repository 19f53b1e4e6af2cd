//! Why a formatter makes no plan.

use serde::{Deserialize, Serialize};

/// Why nothing is sent. It is recorded as an attempt that people can see (`formats/plans.md` §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPlan {
    /// The target can't express this kind of event.
    NotSupported,
    /// Declined or pending, and the webhook did not ask for declined contributions.
    NotApproved,
    /// The target needs an email address.
    NoEmail,
    /// The target needs a phone number.
    NoPhone,
    /// The target needs something to know the donor by.
    NoContact,
    /// The donor did not agree to text messages.
    NoSmsConsent,
    /// The donor denied use for advertising.
    NoConsent,
    /// A conversion without click or browser data.
    NoBrowserContext,
    /// Its time has passed.
    TooOld,
    /// No row for the entity in a map that needs one.
    NoDesignation,
    /// The target takes first payments only, or the customer switched instalments off.
    InstalmentNotNeeded,
    /// A refund of something that was skipped.
    OriginalNotDelivered,
}

impl NoPlan {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NotSupported,
        Self::NotApproved,
        Self::NoEmail,
        Self::NoPhone,
        Self::NoContact,
        Self::NoSmsConsent,
        Self::NoConsent,
        Self::NoBrowserContext,
        Self::TooOld,
        Self::NoDesignation,
        Self::InstalmentNotNeeded,
        Self::OriginalNotDelivered,
    ];

    /// The word in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSupported => "not_supported",
            Self::NotApproved => "not_approved",
            Self::NoEmail => "no_email",
            Self::NoPhone => "no_phone",
            Self::NoContact => "no_contact",
            Self::NoSmsConsent => "no_sms_consent",
            Self::NoConsent => "no_consent",
            Self::NoBrowserContext => "no_browser_context",
            Self::TooOld => "too_old",
            Self::NoDesignation => "no_designation",
            Self::InstalmentNotNeeded => "instalment_not_needed",
            Self::OriginalNotDelivered => "original_not_delivered",
        }
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotSupported => "not supported by this destination",
            Self::NotApproved => "the contribution is not approved",
            Self::NoEmail => "the donor has no email address",
            Self::NoPhone => "the donor has no phone number that the destination takes",
            Self::NoContact => "the donor has no contact data that the destination can match",
            Self::NoSmsConsent => "the donor did not opt in to text messages",
            Self::NoConsent => "the donor denied use for advertising",
            Self::NoBrowserContext => "the event has no click or browser data",
            Self::TooOld => "the event is too old for this destination",
            Self::NoDesignation => "no designation is set for the entity",
            Self::InstalmentNotNeeded => "the destination takes first payments only",
            Self::OriginalNotDelivered => "the contribution was not delivered to this destination",
        }
    }
}
