//! Webhooks of different types that hear of the same events.

use super::books::Books;
use super::connections as on;
use super::listeners::Connected;
use anyhow::Result;
use tests::installation::{Installation, Webhook};

/// A receiver whose books can be looked at, and its webhook.
pub(crate) trait Watched {
    /// Its connection, for people.
    fn name(&self) -> String;
    fn webhook(&self) -> &Webhook;
    fn requests(&self) -> usize;
    fn faults(&self) -> Vec<String>;
    /// Looks at its books, or changes how it answers.
    fn with(&self, look: &mut dyn FnMut(&mut dyn Books));

    fn payments(&self) -> Vec<(u64, u64)> {
        let mut payments = Vec::new();
        self.with(&mut |books| payments = books.payments());
        payments.sort_unstable();
        payments
    }

    fn refunds(&self) -> Vec<String> {
        let mut refunds = Vec::new();
        self.with(&mut |books| refunds = books.refunds());
        refunds
    }

    fn cancellations(&self) -> Vec<String> {
        let mut cancellations = Vec::new();
        self.with(&mut |books| cancellations = books.cancellations());
        cancellations
    }
}

impl<T: Books> Watched for Connected<T> {
    fn name(&self) -> String {
        format!("{}.{}", self.of.0, self.of.1)
    }

    fn webhook(&self) -> &Webhook {
        &self.webhook
    }

    fn requests(&self) -> usize {
        self.mock.receiver().count()
    }

    fn faults(&self) -> Vec<String> {
        self.mock.faults()
    }

    fn with(&self, look: &mut dyn FnMut(&mut dyn Books)) {
        self.mock.with(|target| look(target));
    }
}

/// Those that can be told of a refund.
pub(crate) async fn refundable(pipeline: &Installation) -> Result<Vec<Box<dyn Watched>>> {
    Ok(vec![
        Box::new(on::actionkit().connect(pipeline).await?),
        Box::new(on::isp().connect(pipeline).await?),
        Box::new(on::nationbuilder("v2").connect(pipeline).await?),
        Box::new(on::ngpvan(true).connect(pipeline).await?),
        Box::new(on::salsa_engage().connect(pipeline).await?),
    ])
}

/// Every connection with a format of its own.
pub(crate) async fn every(pipeline: &Installation) -> Result<Vec<Box<dyn Watched>>> {
    let mut all = refundable(pipeline).await?;
    all.extend([
        Box::new(on::action_network(true).connect(pipeline).await?) as Box<dyn Watched>,
        Box::new(on::blue_state_digital().connect(pipeline).await?),
        Box::new(on::ga4().connect(pipeline).await?),
        Box::new(on::meta(true).connect(pipeline).await?),
        Box::new(on::nationbuilder("v1").connect(pipeline).await?),
        Box::new(on::osdi(true).connect(pipeline).await?),
        Box::new(on::salsa_classic(true).connect(pipeline).await?),
        Box::new(on::switchboard().connect(pipeline).await?),
        Box::new(on::tatango().connect(pipeline).await?),
    ]);
    Ok(all)
}

/// Those whose connections have one of these words in their names.
pub(crate) fn named<'a>(all: &'a [Box<dyn Watched>], words: &[&str]) -> Vec<&'a dyn Watched> {
    let all = all.iter().map(|target| &**target);
    all.filter(|target| words.iter().any(|word| target.name().contains(word))).collect()
}
