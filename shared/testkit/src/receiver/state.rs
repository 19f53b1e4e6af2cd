//! What a receiver was told and what it has written down.

use super::answer::Answer;
use super::request::{Arrival, Request};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

type Responder = Arc<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

pub(super) struct State {
    /// Whether requests are kept whole; otherwise only their arrivals are.
    pub(super) keeps_requests: bool,
    /// Whether answers are held back.
    pub(super) gated: watch::Sender<bool>,
    /// Told of every arrival.
    pub(super) changes: watch::Sender<()>,
    told: Mutex<Told>,
}

pub(super) struct Told {
    pub(super) script: VecDeque<Answer>,
    pub(super) responder: Option<Responder>,
    pub(super) default: Answer,
    pub(super) requests: Vec<Request>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) at_once: usize,
    pub(super) most_at_once: usize,
}

impl State {
    pub(super) fn new(keeps_requests: bool) -> Self {
        let told = Told {
            script: VecDeque::new(),
            responder: None,
            default: Answer::status(200),
            requests: Vec::new(),
            arrivals: Vec::new(),
            at_once: 0,
            most_at_once: 0,
        };
        Self {
            keeps_requests,
            gated: watch::Sender::new(false),
            changes: watch::Sender::new(()),
            told: Mutex::new(told),
        }
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.told())
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told());
    }

    /// Writes the request down and finds its answer. The request is being handled until the guard is dropped.
    pub(super) fn take(self: &Arc<Self>, mut request: Request) -> (Answer, Handling) {
        let scripted = {
            let mut told = self.told();
            told.script.pop_front().ok_or_else(|| told.responder.clone())
        };
        // The responder is a test's own code: it may look at the receiver, so it runs without the lock.
        let chosen = scripted.or_else(|responder| responder.and_then(|respond| respond(&request)).ok_or(()));
        {
            let mut told = self.told();
            let answer = chosen.unwrap_or_else(|()| told.default.clone());
            request.status = answer.http_status();
            let webhook_id = request.webhook_id().map(str::to_owned);
            told.arrivals.push(Arrival { webhook_id, at: request.at, status: request.status });
            if self.keeps_requests {
                told.requests.push(request);
            }
            told.at_once += 1;
            told.most_at_once = told.most_at_once.max(told.at_once);
            drop(told);
            self.changes.send_replace(());
            (answer, Handling(Arc::clone(self)))
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|told| write!(f, "{} arrivals, {} being handled", told.arrivals.len(), told.at_once))
    }
}

/// A request that is being handled.
pub(super) struct Handling(Arc<State>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.change(|told| told.at_once -= 1);
    }
}
