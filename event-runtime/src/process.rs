//! What happens to one delivery: found, read, handled, and its outcome.
//!
//! Never acknowledges: it answers what the worker has to send. A dead letter is stored here, before that answer.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use tracing::Span;

use crate::begun::{Begun, Progress};
use crate::cause::Cause;
use crate::dead_letter::{Burial, MESSAGE_ID};
use crate::delivery::{AckSubject, Meta};
use crate::durable::Durable;
use crate::failure::Failure;
use crate::heuristics::is_poison;
use crate::route::{self, Failed, Handling, Rejection, Route};
use crate::shared::Shared;
use crate::slots::Slot;
use crate::spans;
use crate::store::jittered;

/// The field of a span that says how its delivery ended.
const OUTCOME: &str = "messaging.nats.outcome";

/// The answer to the server for a delivery, with the reason of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ack,
    /// Deliver it again after this delay.
    Retry {
        /// The delay.
        delay: Duration,
        /// Reason.
        reason: String,
    },
    /// It is in the dead letters.
    Dead {
        /// The kind of reason.
        cause: Cause,
        /// Reason.
        reason: String,
    },
    /// Deliver it again, to whoever is there.
    Return,
}

impl Outcome {
    /// The word that a span has for it.
    fn word(&self) -> &'static str {
        match self {
            Self::Ack => "acknowledged",
            Self::Retry { .. } => "retried",
            Self::Dead { .. } => "dead-lettered",
            Self::Return => "returned",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    /// Run time of the handler.
    pub(crate) took: Option<Duration>,
    /// The slots of a suspect, kept until the server has its outcome.
    pub(crate) alone: Option<Slot>,
}

impl From<Outcome> for Settled {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            took: None,
            alone: None,
        }
    }
}

/// A delivery that has come, and nothing has been done about it.
pub(crate) struct Arrived {
    pub(crate) message: Message,
    pub(crate) info: AckSubject,
}

/// A delivery in a task of its own.
pub(crate) struct Case {
    shared: Arc<Shared>,
    durable: Arc<Durable>,
    arrived: Arrived,
}

impl Arrived {
    /// Begins to handle it, here and now. A break: it is handled, and took so long.
    pub(crate) fn begin(
        &self,
        shared: &Arc<Shared>,
        durable: &Durable,
    ) -> ControlFlow<Duration, Begun> {
        let meta = self.meta(shared, durable);
        let trace = meta.trace.clone();
        let route = route::find(&shared.routes, &self.message, &meta);
        let template = route.as_ref().ok().map(|route| route.template);
        let span = self.span(template, &meta, shared, durable);
        let ready = route.and_then(|route| self.ready(route, meta, shared));
        match Begun::advance(span, trace, ready) {
            ControlFlow::Break((span, took)) => {
                span.record(OUTCOME, Outcome::Ack.word());
                ControlFlow::Break(took)
            }
            ControlFlow::Continue(begun) => ControlFlow::Continue(begun),
        }
    }

    /// The full name of its event, where that is known.
    pub(crate) fn event(&self, shared: &Shared, durable: &Durable) -> &'static str {
        let meta = self.meta(shared, durable);
        let route = route::find(&shared.routes, &self.message, &meta);
        route.map_or("unknown", |route| route.event)
    }

    /// Returns its metadata.
    #[inline]
    fn meta(&self, shared: &Shared, durable: &Durable) -> Meta {
        let mut meta = Meta::of(&self.message, Some((durable.stream, &self.info)));
        if durable.redrives {
            let prefix = format!("redrive.{}.", shared.service.name);
            if let Some(subject) = meta.subject.strip_prefix(&prefix).map(str::to_owned) {
                meta.subject = subject.into();
            }
            meta.redriven = true;
            let headers = self.message.headers.as_ref();
            meta.id = headers
                .and_then(|headers| headers.get(MESSAGE_ID))
                .map(|id| id.as_str().to_owned());
        }
        meta
    }

    /// The handler's call, unless there is a reason not to make it.
    #[inline]
    fn ready(
        &self,
        route: &Route,
        meta: Meta,
        shared: &Arc<Shared>,
    ) -> Result<Handling, Rejection> {
        if is_poison(meta.attempt, shared.service.max_attempts) {
            return Err(Rejection {
                cause: Cause::NoOutcome,
                detail: "delivered again and again without an outcome".to_owned(),
            });
        }
        shared.handling(route, &self.message, meta)
    }

    fn span(
        &self,
        template: Option<&'static str>,
        meta: &Meta,
        shared: &Shared,
        durable: &Durable,
    ) -> Span {
        spans::process(
            template,
            meta,
            self.message.payload.len(),
            shared.service.queue_group,
            Some(&durable.name),
        )
    }
}

impl Case {
    pub(crate) fn new(shared: Arc<Shared>, durable: Arc<Durable>, arrived: Arrived) -> Self {
        Self {
            shared,
            durable,
            arrived,
        }
    }

    /// Handles it, from the beginning to its outcome; without a place it waits for one.
    pub(crate) async fn settle(self, slot: Option<Slot>) -> Settled {
        let (shared, arrived) = (&self.shared, &self.arrived);
        let meta = arrived.meta(shared, &self.durable);
        let route = route::find(&shared.routes, &arrived.message, &meta);
        let template = route.as_ref().ok().map(|route| route.template);
        let ready = route.and_then(|route| arrived.ready(route, meta.clone(), shared));
        let slot = match slot {
            // Without a handler it needs none.
            _ if ready.is_err() => None,
            Some(slot) => Some(slot),
            // Waiting has no limit of its own: the lease is kept, and every handler before this one has one.
            None => tokio::select! {
                biased;
                () = shared.stop.wait() => return Outcome::Return.into(),
                slot = shared.slot(&self.durable.name, &meta) => slot,
            },
        };
        // What waited was not being processed: the span begins here.
        let span = arrived.span(template, &meta, shared, &self.durable);
        let begun = Begun::new(span, meta.trace, ready);
        self.go_on(begun, slot).await
    }

    /// Goes on with it to its outcome, inside its span and, around that, inside its trace, which is there too when nobody
    /// listens to spans.
    pub(crate) async fn go_on(self, begun: Begun, slot: Option<Slot>) -> Settled {
        let Begun {
            span,
            trace,
            since,
            step,
        } = begun;
        // Moved through span and trace it would be copied each time, which costs more than they do.
        let work = pin!(async {
            let limit = self.shared.handler_limit;
            let limit = limit.unwrap_or(self.durable.ack_wait * 10);
            let result = match step {
                Progress::Running(handling) => {
                    let blocked = |took| {
                        let event = self.arrived.event(&self.shared, &self.durable);
                        self.shared.blocked(event, took);
                    };
                    route::run(handling, limit, blocked).await
                }
                Progress::Failed(failed) => Err(failed),
                Progress::Rejected(rejection) => {
                    // No handler runs, and what comes after it need not wait.
                    drop(slot);
                    return self.reject(&span, rejection).await.into();
                }
            };
            let took = Some(since.elapsed());
            let alone = slot.filter(|slot| slot.alone);
            let outcome = match result {
                Ok(()) => Outcome::Ack,
                Err(failed) => self.fail(&span, failed).await,
            };
            Settled {
                outcome,
                took,
                alone,
            }
        });
        let settled: Settled = spans::traced(trace, &span, work).await;
        span.record(OUTCOME, settled.outcome.word());
        settled
    }

    fn meta(&self) -> Meta {
        self.arrived.meta(&self.shared, &self.durable)
    }

    fn max_attempts(&self) -> u64 {
        u64::from(self.shared.service.max_attempts)
    }

    /// A message that no handler gets.
    async fn reject(&self, span: &Span, rejection: Rejection) -> Outcome {
        let Rejection { cause, detail } = rejection;
        // A newer replica may know what this build does not.
        let outcome = if cause == Cause::Unknown && self.arrived.info.attempt < self.max_attempts()
        {
            self.retry(None, &detail)
        } else {
            self.bury(cause, &detail).await
        };
        spans::failed(span, cause.as_str(), &detail);
        outcome
    }

    /// A message that its handler did not handle.
    async fn fail(&self, span: &Span, failed: Failed) -> Outcome {
        let outcome = match &failed.failure {
            Failure::Dead { reason } => self.bury(failed.cause, reason).await,
            Failure::Retry { reason, .. } if self.arrived.info.attempt >= self.max_attempts() => {
                self.bury(failed.cause, reason).await
            }
            Failure::Retry { after, reason } => self.retry(*after, reason),
        };
        spans::failed(span, failed.kind, &failed.failure.reason());
        outcome
    }

    fn retry(&self, after: Option<Duration>, reason: &str) -> Outcome {
        let service = &self.shared.service;
        let delay = after.unwrap_or_else(|| {
            let doublings = u32::try_from(self.arrived.info.attempt.saturating_sub(1))
                .unwrap_or(u32::MAX)
                .min(31);
            jittered(
                service
                    .first_delay
                    .saturating_mul(1 << doublings)
                    .min(service.max_delay),
            )
        });
        tracing::warn!(
            service = service.name,
            subject = %self.meta().subject,
            sequence = self.arrived.info.sequence,
            attempt = self.arrived.info.attempt,
            ?delay,
            reason,
            "an event was not handled and is retried"
        );
        Outcome::Retry {
            delay,
            reason: reason.to_owned(),
        }
    }

    async fn bury(&self, cause: Cause, detail: &str) -> Outcome {
        let service = &self.shared.service;
        let meta = self.meta();
        let burial = Burial {
            service: service.name,
            durable: &self.durable.name,
            created: &self.durable.created,
            message: &self.arrived.message,
            meta: &meta,
            cause,
            detail,
        };
        // Rare, and large: in a box every delivery's task is the smaller.
        match Box::pin(self.shared.bus.bury(&burial)).await {
            Ok(receipt) => {
                tracing::error!(
                    service = service.name,
                    subject = %meta.subject,
                    sequence = self.arrived.info.sequence,
                    attempt = self.arrived.info.attempt,
                    cause = cause.as_str(),
                    dead_letter = receipt.sequence,
                    reason = detail,
                    "an event was dead-lettered"
                );
                Outcome::Dead {
                    cause,
                    reason: detail.to_owned(),
                }
            }
            Err(error) => {
                tracing::error!(service = service.name, %error, "a dead letter could not be stored; its event is retried");
                let delay = service
                    .max_delay
                    .min(Duration::from_secs(30))
                    .max(service.first_delay);
                Outcome::Retry {
                    delay: jittered(delay),
                    reason: detail.to_owned(),
                }
            }
        }
    }
}
