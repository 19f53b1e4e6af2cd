//! The steps of one attempt, in their order.

use super::answer::Shown;
use super::patterns::Patterns;
use super::values::Values;
use super::verdict::{self, ALREADY, Again, Class, Judged, Manner, Meaning, Verdict};
use super::{Attempted, Executor, Job, Ran, captures, request};
use crate::auth::{self, Proof, Unproven};
use crate::client::{Answer, Extent, Request};
use crate::failure::Failure;
use crate::memory;
use crate::redact::Hidden;
use contract::catalogue::Format;
use contract::limits;
use contract::plan::{Method, Plan, Progress, Step};
use jiff::Timestamp;
use runtime::clock;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::Entry;

/// How long a plan is left alone when something that it needs is being made elsewhere.
const MOMENT: Duration = Duration::from_secs(1);

/// Why a plan stops between its steps although nothing has failed.
enum Stop {
    /// It goes on later.
    Later { after: Duration, why: &'static str },
    /// The store is away.
    Store(store::Error),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// An attempt that is being made.
pub(super) struct Run<'a> {
    executor: &'a Executor,
    job: &'a Job<'a>,
    manner: Manner,
    values: Values,
    /// Where it stands; what was captured is in `values`.
    progress: Progress,
    /// Values that the ledger does not have yet.
    owed: Vec<Entry>,
    patterns: Patterns,
    proof: Option<Proof>,
    /// What was obtained to authenticate with has been renewed once.
    renewed: bool,
    /// Requests that were made for steps.
    asked: usize,
    /// A step has succeeded, so what follows may wait for another time.
    advanced: bool,
    last: Option<(Request, Result<Answer, Failure>)>,
    at: Timestamp,
    began: Instant,
}

impl Executor {
    /// Runs the steps of a plan up to the first that does not succeed. The error is a store that is away, before any
    /// request was made.
    pub(crate) async fn run(&self, job: &Job<'_>, values: Values) -> Result<Ran, store::Error> {
        Run::new(self, job, values).go().await
    }
}

impl<'a> Run<'a> {
    fn new(executor: &'a Executor, job: &'a Job<'a>, values: Values) -> Self {
        let (connection, before) = (job.party.connection, &job.planned.progress);
        let in_doubt = job.redelivered || job.planned.delivery.recheck;
        let progress = Progress {
            captured: BTreeMap::new(),
            step: before.step,
            changed: before.changed,
            unclear: before.unclear || (in_doubt && job.planned.plan.steps.iter().any(|step| step.recheck)),
            rechecked: if job.redelivered { 0 } else { before.rechecked },
            owed: before.owed,
        };
        Self {
            executor,
            job,
            manner: Manner {
                native: connection.is_some_and(|connection| connection.format != Format::Default),
                gone: connection.is_some_and(|connection| connection.gone_deactivates),
            },
            values,
            progress,
            owed: Vec::new(),
            patterns: Patterns::default(),
            proof: None,
            renewed: false,
            asked: 0,
            advanced: false,
            last: None,
            at: clock::now(),
            began: Instant::now(),
        }
    }

    fn plan(&self) -> &'a Plan {
        &self.job.planned.plan
    }

    async fn go(mut self) -> Result<Ran, store::Error> {
        match self.steps().await {
            Ok(verdict) => Ok(Ran::Attempted(self.attempted(verdict))),
            Err(Stop::Store(error)) if self.asked == 0 => Err(error),
            Err(Stop::Store(_)) => Ok(self.later(MOMENT, "store")),
            Err(Stop::Later { after, why }) => Ok(self.later(after, why)),
        }
    }

    async fn steps(&mut self) -> Result<Verdict, Stop> {
        if self.progress.owed {
            self.owed = self.captured_for_the_ledger();
            self.remember().await?;
        }
        let mut next = self.next(0);
        while let Some((index, step)) = next {
            self.may_go_on().await?;
            let judged = self.step(step).await?;
            match judged.meaning {
                Meaning::Success => {}
                Meaning::Duplicate => return self.succeeded(Judged { reason: ALREADY.to_owned(), ..judged }).await,
                _ => return Ok(self.failed(index, step, judged)),
            }
            self.passed(index, step);
            next = self.next(index + 1);
            if next.is_none() {
                return self.ended(judged).await;
            }
            // At once: the next step may fail, or the process end.
            self.remember().await?;
        }
        let nothing = Judged { meaning: Meaning::Success, reason: "delivered".to_owned() };
        self.ended(nothing).await
    }

    /// The next step that is to run, from this one on.
    fn next(&self, from: usize) -> Option<(usize, &'a Step)> {
        let due = |(index, step): &(usize, &Step)| {
            let due = match step.recheck {
                true => self.progress.unclear && *index >= self.progress.rechecked,
                false => *index >= self.progress.step,
            };
            due && step.when.iter().all(|condition| self.values.holds(condition))
        };
        self.plan().steps.iter().enumerate().skip(from).find(due)
    }

    /// Every step takes its turn at the webhook's rate; the first has taken it. A long plan does not outlast a stop.
    async fn may_go_on(&self) -> Result<(), Stop> {
        if self.asked == 0 {
            return Ok(());
        }
        if self.advanced && self.began.elapsed() > Duration::from_millis(limits::PLAN_PART_MS) {
            return Err(Stop::Later { after: MOMENT, why: "plan_part" });
        }
        let turn = self.executor.gate.turn(self.job.party.webhook).await;
        turn.map_err(|(after, why)| Stop::Later { after, why })
    }

    /// Makes a step's request; once more when what was obtained to authenticate with is not good any more.
    async fn step(&mut self, step: &'a Step) -> Result<Judged, Stop> {
        let mut refused = None;
        loop {
            let proof = match self.prove(refused.as_ref()).await? {
                Ok(proof) => proof,
                Err(judged) => return Ok(judged),
            };
            let made = request::request(self.job, step, &self.values, &proof, clock::now());
            let (judged, is_refused) = match made {
                Ok(request) => {
                    self.asked += 1;
                    let result = self.executor.client.send(&request).await;
                    let judged = self.judge(step, result.as_ref());
                    self.last = Some((request, result));
                    judged
                }
                Err(failure) => (self.judge(step, Err(&failure)).0, false),
            };
            match is_refused {
                true if self.renewed => return Ok(Judged::credentials("what was obtained with them is refused")),
                true => {
                    self.renewed = true;
                    self.proof = None;
                    refused = Some(proof);
                }
                false => return Ok(judged),
            }
        }
    }

    /// What to authenticate with; the inner error is what its absence means for the attempt.
    async fn prove(&mut self, refused: Option<&Proof>) -> Result<Result<Proof, Judged>, Stop> {
        if let Some(proof) = &self.proof {
            return Ok(Ok(proof.clone()));
        }
        let Executor { auth, client, .. } = self.executor;
        match auth.prove(client, &self.job.party, refused, clock::now()).await {
            Ok(proof) => {
                self.proof = Some(proof.clone());
                Ok(Ok(proof))
            }
            Err(Unproven::Refused(what)) => Ok(Err(Judged::credentials(what))),
            Err(Unproven::Fault(again, reason)) => Ok(Err(Judged { meaning: Meaning::Fault(again), reason })),
            Err(Unproven::Later(why)) => Err(Stop::Later { after: MOMENT, why }),
            Err(Unproven::Store(error)) => Err(Stop::Store(error)),
        }
    }

    /// What came of a step's request, with what a successful answer gives; and whether it is to be made once more.
    fn judge(&mut self, step: &'a Step, result: Result<&Answer, &Failure>) -> (Judged, bool) {
        let (now, patterns) = (clock::now(), &mut self.patterns);
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => return (verdict::judge(Err(failure), step, self.manner, patterns, now), false),
        };
        if self.manner.native {
            self.executor.gate.heed(self.job.party.webhook, answer, now);
        }
        let shown = Shown::of(answer);
        let judged = verdict::judge(Ok((answer, &shown)), step, self.manner, patterns, now);
        if judged.meaning != Meaning::Success {
            let again = judged.meaning != Meaning::Duplicate && auth::is_refused(&self.job.party, answer, &shown);
            return (judged, again);
        }
        match captures::take(&step.capture, &shown, patterns) {
            Ok(taken) => {
                let (line, series) = (self.job.planned.delivery.event.lineitem, self.plan().series.as_deref());
                for (capture, value) in taken {
                    self.owed.extend(memory::of_capture(capture, &value, line, series));
                    self.values.learn(capture, &value);
                }
                (judged, false)
            }
            Err(name) => (without(name, answer), false),
        }
    }

    fn passed(&mut self, index: usize, step: &Step) {
        match step.recheck {
            true => self.progress.rechecked = index + 1,
            false => self.progress.step = index + 1,
        }
        self.progress.changed |= step.method != Method::Get;
        self.advanced = true;
    }

    /// Writes what is owed to the ledger, before anything else happens.
    async fn remember(&mut self) -> Result<(), Stop> {
        // Until the store has taken it, whoever goes on with this plan has to.
        self.progress.owed = !self.owed.is_empty();
        let (webhook, delivery) = (self.job.party.webhook, &self.job.planned.delivery);
        self.executor.memory.write(webhook, delivery, &self.owed).await?;
        self.progress.owed = false;
        self.owed.clear();
        Ok(())
    }

    /// All that this plan has captured for the ledger.
    fn captured_for_the_ledger(&self) -> Vec<Entry> {
        let (line, series) = (self.job.planned.delivery.event.lineitem, self.plan().series.as_deref());
        let captures = self.plan().steps.iter().flat_map(|step| &step.capture);
        let captured = captures.filter_map(|capture| Some((capture, self.values.captured.get(&capture.name)?)));
        captured.flat_map(|(capture, value)| memory::of_capture(capture, value, line, series)).collect()
    }

    /// No step is left (`formats/plans.md` §4.1).
    async fn ended(&mut self, last: Judged) -> Result<Verdict, Stop> {
        let rechecks = self.plan().steps.iter().filter(|step| step.recheck);
        let found = || rechecks.flat_map(|step| &step.capture).any(|c| self.values.captured.contains_key(&c.name));
        if self.progress.changed {
            return self.succeeded(last).await;
        }
        if found() {
            return self.succeeded(Judged { reason: ALREADY.to_owned(), ..last }).await;
        }
        self.remember().await?;
        // It looks again from the start.
        (self.progress.step, self.progress.rechecked) = (0, 0);
        self.values.captured.clear();
        let nothing = Judged::rejected("the target has no record that it could be done to");
        Ok(Verdict::new(Class::Failed(Again::ORDINARY), nothing.reason))
    }

    /// The receiver has it. What that leaves in the ledger is written together with the last step's captures, so
    /// that a plan which is handed out again finds all or nothing of it.
    async fn succeeded(&mut self, last: Judged) -> Result<Verdict, Stop> {
        let delivery = &self.job.planned.delivery;
        self.owed.extend(memory::of_success(self.plan(), delivery.event.lineitem, clock::now()));
        if last.meaning == Meaning::Duplicate {
            self.progress.step = self.plan().steps.len();
            self.progress.changed = true;
        }
        self.remember().await?;
        Ok(Verdict::new(Class::Delivered, last.reason))
    }

    /// A step did not succeed: what becomes of the delivery, and where the next attempt goes on.
    fn failed(&mut self, index: usize, step: &Step, judged: Judged) -> Verdict {
        let (mut verdict, unclear) = judged.ends(step, self.plan().on_unclear);
        if unclear && step.method != Method::Get {
            self.progress.unclear = true;
            self.progress.rechecked = 0;
        }
        if !step.recheck {
            self.progress.step = index;
        }
        if self.plan().steps.len() > 1 {
            verdict = Verdict::new(verdict.class, format!("{} (step {})", verdict.reason, step.name));
        }
        verdict
    }

    fn later(self, after: Duration, why: &'static str) -> Ran {
        Ran::Later { after, why, progress: Progress { captured: self.values.captured, ..self.progress } }
    }

    fn attempted(self, verdict: Verdict) -> Attempted {
        let delivery = &self.job.planned.delivery;
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let progress = Progress { captured: self.values.captured, ..self.progress };
        let answer = self.last.as_ref().and_then(|(_, result)| result.as_ref().ok());
        let status = answer.map(|answer| answer.status);
        let shown = verdict.class != Class::Delivered || delivery.test;
        let hidden = shown.then(|| {
            let request = self.last.as_ref().map(|(request, _)| request);
            Hidden::of(self.job.party.secrets, self.proof.as_ref(), request, delivery.event.body.get())
        });
        let kept = answer.filter(|answer| !answer.body.is_empty()).zip(hidden.as_ref());
        let answer = kept.map(|(answer, hidden)| hidden.answer(&answer.body));
        let request = self.last.as_ref().filter(|_| delivery.test).zip(hidden.as_ref());
        let request = request.map(|((request, _), hidden)| hidden.request(request));
        Attempted { at: self.at, verdict, status, duration_ms, request, answer, progress }
    }
}

/// A successful answer lacks something that the plan can't go on without.
fn without(name: &str, answer: &Answer) -> Judged {
    // The rest of a key is a name of the customer's or the donor's.
    let name = name.split(':').next().unwrap_or_default();
    match answer.extent {
        Extent::Lost => Judged {
            meaning: Meaning::Unclear(Again::ORDINARY),
            reason: format!("answered {}: and broke off before {name}", answer.status),
        },
        Extent::Whole | Extent::Cut => Judged::rejected(&format!("answered {} without {name}", answer.status)),
    }
}
