//! What happens to one delivery: found, read, handled, and its outcome.
//!
//! Never acknowledges: it answers what the worker has to send. A dead letter is stored here, before that answer.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use tokio::time::Instant;
use tracing::Span;

use crate::dead_letter::{Burial, Cause, MESSAGE_ID};
use crate::delivery::{AckSubject, Failure, Meta};
use crate::listener::Shared;
use crate::route::{self, Failed, Handling, Rejection, Route};
use crate::spans;
use crate::store::jittered;
use crate::suspect::Place;
use crate::worker::Durable;

/// Deliveries beyond the service's attempts before one is taken for a message that kills its process: returns at a
/// stop count as deliveries too.
const SPARE_ATTEMPTS: u64 = 5;

/// What the server is to be told, and why: for the recorder.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "testing"),
    expect(
        dead_code,
        reason = "the worker has no use for the reasons, they are logged here"
    )
)]
pub(crate) enum Outcome {
    /// It is done.
    Ack,
    /// Deliver it again after this delay.
    Retry { delay: Duration, reason: String },
    /// It is in the dead letters.
    Dead { cause: Cause, reason: String },
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
    /// How long the handler ran.
    pub(crate) took: Option<Duration>,
    /// The place of a suspect, kept until the server has its outcome.
    pub(crate) alone: Option<Place>,
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

struct Case<H> {
    shared: Arc<Shared<H>>,
    durable: Arc<Durable>,
    message: Message,
    meta: Meta,
}

pub(crate) async fn process<H: Send + Sync + 'static>(
    shared: Arc<Shared<H>>,
    durable: Arc<Durable>,
    message: Message,
    info: AckSubject,
) -> Settled {
    let mut meta = Meta::of(&message, Some(&info));
    if durable.redrives {
        let prefix = format!("redrive.{}.", shared.service.name);
        if let Some(subject) = meta.subject.strip_prefix(&prefix).map(str::to_owned) {
            meta.subject = subject.into();
        }
        meta.redriven = true;
        meta.id = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(MESSAGE_ID))
            .map(|id| id.as_str().to_owned());
    }
    let mut case = Case {
        shared,
        durable,
        message,
        meta,
    };
    case.settle().await
}

impl<H: Send + Sync + 'static> Case<H> {
    async fn settle(&mut self) -> Settled {
        let shared = Arc::clone(&self.shared);
        let route = route::find(&shared.routes, &self.message, &self.meta);
        let template = route.as_ref().ok().map(|route| route.template);
        let handling = match route.and_then(|route| self.ready(route)) {
            Ok(handling) => handling,
            Err(rejection) => {
                let span = self.span(template);
                let rejected = pin!(async { self.reject(&span, rejection).await.into() });
                return self.within(&span, rejected).await;
            }
        };
        // Waiting has no limit of its own: the lease is kept, and every handler before this one has one.
        let place = tokio::select! {
            biased;
            () = shared.stop.wait() => return Outcome::Return.into(),
            place = shared.place(&self.durable.name, &self.meta) => place,
        };
        // What waited was not being processed: the span begins here.
        let span = self.span(template);
        let handled = pin!(async {
            let began = Instant::now();
            let result = self.handle(handling).await;
            let took = Some(began.elapsed());
            let alone = place.filter(|place| place.alone);
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
        self.within(&span, handled).await
    }

    /// The handler's call, unless there is a reason not to make it.
    fn ready(&mut self, route: &Route<H>) -> Result<Handling, Rejection> {
        if self.meta.attempt > self.max_attempts() + SPARE_ATTEMPTS {
            return Err(Rejection {
                cause: Cause::NoOutcome,
                detail: "delivered again and again without an outcome".to_owned(),
            });
        }
        let handlers = Arc::clone(&self.shared.handlers);
        route.call(handlers, &self.message, &mut self.meta)
    }

    fn max_attempts(&self) -> u64 {
        u64::from(self.shared.service.max_attempts)
    }

    fn span(&self, template: Option<&'static str>) -> Span {
        spans::process(
            template,
            &self.meta,
            self.message.payload.len(),
            self.shared.service.queue_group,
            Some(&self.durable.name),
        )
    }

    /// Works inside the span and, around it, inside the trace of the delivery, which stays when nobody listens to spans.
    ///
    /// The work is pinned: moved through span and trace it would be copied each time, which costs more than they do.
    async fn within(&self, span: &Span, work: Pin<&mut impl Future<Output = Settled>>) -> Settled {
        let settled = spans::traced(self.meta.trace.clone(), span, work).await;
        span.record("messaging.nats.outcome", settled.outcome.word());
        settled
    }

    async fn handle(&self, handling: Handling) -> Result<(), Failed> {
        let limit = self
            .shared
            .handler_limit
            .unwrap_or(self.durable.ack_wait * 10);
        let handling = self.shared.wrap(&self.meta, handling);
        route::run(handling, limit).await
    }

    /// A message that no handler gets.
    async fn reject(&self, span: &Span, rejection: Rejection) -> Outcome {
        let Rejection { cause, detail } = rejection;
        // A newer replica may know what this build does not.
        let outcome = if cause == Cause::Unknown && self.meta.attempt < self.max_attempts() {
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
            Failure::Retry { reason, .. } if self.meta.attempt >= self.max_attempts() => {
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
            let doublings = u32::try_from(self.meta.attempt.saturating_sub(1))
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
            subject = %self.meta.subject,
            sequence = self.meta.sequence,
            attempt = self.meta.attempt,
            reason,
            "an event was not handled and is tried again in {delay:?}"
        );
        Outcome::Retry {
            delay,
            reason: reason.to_owned(),
        }
    }

    async fn bury(&self, cause: Cause, detail: &str) -> Outcome {
        let service = &self.shared.service;
        let burial = Burial {
            service: service.name,
            durable: &self.durable.name,
            created: &self.durable.created,
            message: &self.message,
            meta: &self.meta,
            cause,
            detail,
        };
        // Rare, and large: in a box every delivery's task is the smaller.
        match Box::pin(self.shared.bus.bury(&burial)).await {
            Ok(receipt) => {
                tracing::error!(
                    service = service.name,
                    subject = %self.meta.subject,
                    sequence = self.meta.sequence,
                    attempt = self.meta.attempt,
                    cause = cause.as_str(),
                    detail,
                    dead_letter = receipt.sequence,
                    "an event is in the dead letters"
                );
                Outcome::Dead {
                    cause,
                    reason: detail.to_owned(),
                }
            }
            Err(error) => {
                tracing::error!(service = service.name, %error, "a dead letter could not be stored; its event is tried again");
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
