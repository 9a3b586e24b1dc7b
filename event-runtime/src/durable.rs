//! A durable of a service as the server has it, and whether it is still the same one.

use std::sync::Arc;
use std::time::Duration;

use event_wire::streams::DEAD_LETTERS;
use event_wire::streams::Service;
use tokio::time::{Instant, sleep};

use crate::api::{ConsumerInfo, is_not_found};
use crate::bus::Bus;
use crate::error::Error;

fn acks(stream: &str, durable: &str) -> String {
    format!("$JS.ACK.{stream}.{durable}.")
}

/// A durable as the server has it.
#[derive(Debug)]
pub(crate) struct Durable {
    pub(crate) stream: &'static str,
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) ack_wait: Duration,
    pub(crate) redrives: bool,
    pub(crate) max_in_flight: usize,
    /// Prefix of the subjects of its acknowledgements.
    pub(crate) acks: String,
}

impl Durable {
    pub(crate) fn new(stream: &'static str, name: String, info: &ConsumerInfo) -> Self {
        Self {
            stream,
            acks: acks(stream, &name),
            name,
            created: info.created.clone(),
            ack_wait: info.config.ack_wait(),
            redrives: stream == DEAD_LETTERS,
            // No limit is -1.
            max_in_flight: usize::try_from(info.config.max_ack_pending)
                .unwrap_or(usize::MAX)
                .max(1),
        }
    }

    /// The error for one that was deleted.
    fn gone(&self) -> Error {
        Error::ConsumerGone {
            stream: self.stream.to_owned(),
            durable: self.name.clone(),
        }
    }

    /// One that no server has: for deliveries that are made by hand.
    pub(crate) fn by_hand(stream: &'static str, service: &Service) -> Self {
        Self {
            stream,
            acks: acks(stream, service.queue_group),
            name: service.queue_group.to_owned(),
            created: String::new(),
            ack_wait: service.ack_wait,
            redrives: stream == DEAD_LETTERS,
            max_in_flight: service.max_in_flight as usize,
        }
    }
}

/// Waits until the durable is there; an error when it is not there for good.
pub(crate) async fn look(bus: Bus, durable: Arc<Durable>, sure: bool) -> Result<(), Error> {
    let (mut pause, mut misses) = (Duration::from_millis(50), 0);
    loop {
        bus.connected(Instant::now() + Duration::from_secs(60))
            .await;
        match bus.consumer(durable.stream, &durable.name).await {
            // Another one of the same name: it counts its deliveries anew, and an acknowledgement of what is in hand could be
            // taken for one of its own.
            Ok(info) if info.created != durable.created => return Err(durable.gone()),
            Ok(_) => return Ok(()),
            Err(error) if is_not_found(&error) => {
                misses += 1;
                // A server that has just started may not know everything yet.
                if sure || misses > 4 {
                    return Err(durable.gone());
                }
            }
            Err(error @ (Error::Refused { .. } | Error::Closed)) => return Err(error),
            Err(error) => {
                tracing::debug!(durable = durable.name, %error, "the durable cannot be read now")
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}
