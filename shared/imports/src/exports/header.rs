//! The columns of the exports, found by name.

use super::cells::Splitter;
use crate::error::Error;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// The columns that are read, of both headers. The name is the platform's own.
macro_rules! columns {
    ($($column:ident = $name:literal,)+) => {
        /// A column that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Column { $($column,)+ }

        impl Column {
            /// Every column.
            pub(crate) const ALL: &[Self] = &[$(Self::$column,)+];

            /// Its name in the header.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }
        }
    };
}

columns! {
    // Both headers, or nearly so.
    ReceiptId = "Receipt ID",
    DonorFirstName = "Donor First Name",
    DonorLastName = "Donor Last Name",
    DonorCity = "Donor City",
    DonorState = "Donor State",
    DonorZip = "Donor ZIP",
    DonorCountry = "Donor Country",
    DonorOccupation = "Donor Occupation",
    DonorEmployer = "Donor Employer",
    DonorEmail = "Donor Email",
    DonorPhone = "Donor Phone",
    ReferenceCode = "Reference Code",
    AbTestName = "AB Test Name",
    WeeklyRecurringSunset = "Weekly Recurring Sunset",
    GiftDeclined = "Gift Declined",
    GiftIdentifier = "Gift Identifier",
    SmartBoostAmount = "Smart Boost Amount",
    ManagedEntityCommitteeName = "Managed Entity Committee Name",
    // Paid and refunded.
    Date = "Date",
    Amount = "Amount",
    RecurringTotalMonths = "Recurring Total Months",
    RecurrenceNumber = "Recurrence Number",
    Recipient = "Recipient",
    FundraisingPage = "Fundraising Page",
    ReferenceCode2 = "Reference Code 2",
    DonorAddr1 = "Donor Addr1",
    NewExpressSignup = "New Express Signup",
    EmployerAddr1 = "Employer Addr1",
    EmployerCity = "Employer City",
    EmployerState = "Employer State",
    EmployerZip = "Employer ZIP",
    EmployerCountry = "Employer Country",
    LineitemId = "Lineitem ID",
    AbVariation = "AB Variation",
    RecipientCommittee = "Recipient Committee",
    RecipientId = "Recipient ID",
    RecipientGovId = "Recipient Gov ID",
    PaymentId = "Payment ID",
    PaymentDate = "Payment Date",
    DisbursementDate = "Disbursement Date",
    RecoveryDate = "Recovery Date",
    RefundId = "Refund ID",
    RefundDate = "Refund Date",
    Fee = "Fee",
    RecurWeekly = "Recur Weekly",
    ActBlueExpressLane = "ActBlue Express Lane",
    Mobile = "Mobile",
    MonthlyRecurringAmount = "Monthly Recurring Amount",
    ActBlueExpressDonor = "ActBlue Express Donor",
    CustomField1Label = "Custom Field 1 Label",
    CustomField1Value = "Custom Field 1 Value",
    TextMessageOptIn = "Text Message Opt In",
    ShippingAddr1 = "Shipping Addr1",
    ShippingCity = "Shipping City",
    ShippingState = "Shipping State",
    ShippingZip = "Shipping Zip",
    ShippingCountry = "Shipping Country",
    WeeklyRecurringAmount = "Weekly Recurring Amount",
    RecurringType = "Recurring Type",
    RecurringPledged = "Recurring Pledged",
    Paypal = "Paypal",
    Kind = "Kind",
    ManagedEntityName = "Managed Entity Name",
    // Cancelled.
    RecurrenceAmount = "Recurrence Amount",
    InitialPledgeLength = "Initial Pledge Length",
    RecurrenceFrequency = "Recurrence Frequency",
    InitialContributionDate = "Initial Contribution Date",
    CancelledOn = "Cancelled On",
    ExpressDonor = "Express Donor",
    DonorAddress = "Donor Address",
    ContributionForm = "Contribution Form",
    CreditCardExpiration = "Credit Card Expiration",
    RecurringPeriod = "Recurring Period",
    RecurringDuration = "Recurring Duration",
    IsPaypal = "Is Paypal",
    IsMobile = "Is Mobile",
    AbTestVariation = "AB Test Variation",
    WithExpressLane = "With Express Lane",
    ExpressSignUp = "Express Sign Up",
    TextMessageOption = "Text Message Option",
    RecurCompleted = "Recur Completed",
    CancelationReason = "Cancelation Reason",
    IsEligibleForExpressLane = "Is Eligible For Express Lane",
    RecurringAmount = "Recurring Amount",
    FormName = "Form Name",
    FormKind = "Form Kind",
    OwnerEmail = "Owner Email",
}

/// Which export a header is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    /// `paid_contributions` and `refunded_contributions`, which have the same header.
    Payments,
    /// `cancelled_recurring_contributions`.
    Cancelled,
}

/// The misspelling of the platform's own cancelled export; the paid one spells it as it is spelled.
const MISSPELLED: &str = "managed entitity name";
const RESERVED: &str = "reserved";
/// `formats/history-csv.md` §2.3. `Refund Date` is asked of the row that needs it.
const PAYMENTS: &[Column] = &[Column::ReceiptId, Column::Date, Column::Amount, Column::LineitemId, Column::RecipientId];
const CANCELLED: &[Column] = &[Column::ReceiptId, Column::CancelledOn];

/// A header that was read.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) export: Export,
    /// Cells that every row must have.
    pub(crate) cells: usize,
    /// The header as it stands there, without its line end.
    pub(crate) raw: Arc<[u8]>,
    /// The names as they stand there, for reasons.
    names: Vec<String>,
    /// Where each column of [`Column::ALL`] lies.
    places: Vec<Option<usize>>,
}

impl Header {
    /// Reads the first row of the file `name`.
    pub(crate) fn read(row: &[u8], name: &Arc<str>) -> Result<Self, Error> {
        let mut splitter = Splitter::default();
        splitter.split(row);
        let names: Vec<String> = splitter.cells().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        let known: Vec<String> = names.iter().map(|name| spelling(name)).collect();
        let place = |column: &Column| known.iter().position(|name| name.eq_ignore_ascii_case(column.name()));
        let places: Vec<_> = Column::ALL.iter().map(place).collect();
        let missing = |required: &[Column]| -> Vec<&'static str> {
            required.iter().filter(|column| places[**column as usize].is_none()).map(|column| column.name()).collect()
        };
        let (payments, cancelled) = (missing(PAYMENTS), missing(CANCELLED));
        let export = match (payments.is_empty(), cancelled.is_empty()) {
            (true, _) => Export::Payments,
            (false, true) => Export::Cancelled,
            (false, false) => {
                return Err(Error::NotAnExport { name: name.clone(), missing: words(&payments, &cancelled) });
            }
        };
        // Only now, because a name is shown: the first row of a file without a header would be a donor's.
        let mut seen = HashSet::new();
        let counts = |name: &str| !name.is_empty() && name != RESERVED;
        if let Some(at) = known.iter().position(|name| counts(name) && !seen.insert(name.as_str())) {
            return Err(Error::Twice { name: name.clone(), column: names[at].clone() });
        }
        Ok(Self { export, cells: names.len(), raw: row.into(), names, places })
    }

    /// Where a column lies, counted from 0.
    pub(crate) fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// The name of the cell at this place, counted from 0.
    pub(crate) fn name(&self, place: usize) -> Cow<'static, str> {
        self.names.get(place).map_or(Cow::Borrowed(""), |name| Cow::Owned(name.clone()))
    }
}

/// Names are compared without regard to case and outer spaces.
fn spelling(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == MISSPELLED { Column::ManagedEntityName.name().to_ascii_lowercase() } else { name }
}

/// What is missing of the export that it is most like.
fn words(payments: &[&str], cancelled: &[&str]) -> String {
    let (of_payments, of_cancelled) = (
        format!("paid and refunded contributions need {}", payments.join(", ")),
        format!("cancelled recurring contributions need {}", cancelled.join(", ")),
    );
    match (PAYMENTS.len() - payments.len(), CANCELLED.len() - cancelled.len()) {
        (2.., _) => of_payments,
        (_, 1..) if !cancelled.contains(&Column::CancelledOn.name()) => of_cancelled,
        _ => format!("{of_payments}; {of_cancelled}"),
    }
}

#[cfg(test)]
mod tests;
