//! What happens to one delivery: found, read, handled, and its outcome.
//!
//! Never acknowledges: it answers what the worker has to send. A dead letter is stored here, before that answer.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use tokio::time::{Instant, timeout};

use crate::dead_letter::{Burial, Cause, MESSAGE_ID};
use crate::delivery::{AckSubject, Failure, Meta};
use crate::listener::Shared;
use crate::route::{self, Rejection};
use crate::store::jittered;
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

#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    /// How long the handler ran.
    pub(crate) took: Option<Duration>,
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
    let mut took = None;
    let outcome = case.decide(&mut took).await;
    Settled { outcome, took }
}

impl<H: Send + Sync + 'static> Case<H> {
    async fn decide(&mut self, took: &mut Option<Duration>) -> Outcome {
        let max_attempts = u64::from(self.shared.service.max_attempts);
        if self.meta.attempt > max_attempts + SPARE_ATTEMPTS {
            return self
                .bury(
                    Cause::NoOutcome,
                    "delivered again and again without an outcome",
                )
                .await;
        }
        let found = route::find(&self.shared.routes, &self.message, &self.meta).and_then(|route| {
            let handlers = Arc::clone(&self.shared.handlers);
            route.call(handlers, &self.message, &mut self.meta)
        });
        let handling = match found {
            Ok(handling) => handling,
            // A newer replica may know what this build does not.
            Err(Rejection {
                cause: Cause::Unknown,
                detail,
            }) if self.meta.attempt < max_attempts => return self.retry(None, &detail),
            Err(rejection) => return self.bury(rejection.cause, &rejection.detail).await,
        };
        // Waiting has no limit of its own: the lease is kept, and every handler before this one has one.
        let slot = tokio::select! {
            biased;
            () = self.shared.stop.wait() => return Outcome::Return,
            slot = Arc::clone(&self.shared.slots).acquire_owned() => slot,
        };
        let limit = self
            .shared
            .handler_limit
            .unwrap_or(self.durable.ack_wait * 10);
        let began = Instant::now();
        let handling = self.shared.wrap(&self.meta, handling);
        let result = timeout(limit, route::run(handling)).await;
        drop(slot);
        *took = Some(began.elapsed());
        let (cause, failure) = match result {
            Ok(Ok(())) => return Outcome::Ack,
            Ok(Err(failed)) => failed,
            Err(_) => (
                Cause::Attempts,
                Failure::retry(format!(
                    "the handler took longer than {limit:?} and was cancelled"
                )),
            ),
        };
        match failure {
            Failure::Dead { reason } => self.bury(cause, &reason).await,
            Failure::Retry { reason, .. } if self.meta.attempt >= max_attempts => {
                self.bury(cause, &reason).await
            }
            Failure::Retry { after, reason } => self.retry(after, &reason),
        }
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
        match self.shared.bus.bury(&burial).await {
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
