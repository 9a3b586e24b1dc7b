//! The way of an event without a server: a bus whose messages go to an [`Outbox`], and deliveries that are made by hand.
//!
//! The seam of the test kit `event-testing`: deliveries go through the code of the listener, and publishes through that of the
//! publisher. No interface for services; it may change with each version.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use chrono::Utc;
use event_wire::streams::{Service, covers};
use event_wire::{Ephemeral, Stored as StoredEvent};

use crate::bus::Bus;
use crate::config::Config;
use crate::connection::Events;
use crate::delivery::AckSubject;
use crate::durable::Durable;
use crate::ephemeral;
use crate::error::Error;
use crate::listener::Listener;
use crate::process::{Arrived, Case};
use crate::shared::Shared;

use crate::outbox::Sink;
pub use crate::outbox::{Outbox, Stored};
pub use crate::outgoing::Outgoing;
pub use crate::process::Outcome;

/// Creates a bus whose messages go no further than `outbox`, under the name `name`. Its client never connects.
///
/// # Errors
/// Those of the client; none is known.
pub async fn bus(name: &str, outbox: Arc<dyn Outbox>) -> Result<Bus, Error> {
    let config = Config::new("nats://127.0.0.1:1")?.name(name);
    // The client waits before every attempt, the first one included.
    let options = config
        .options()?
        .retry_on_initial_connect()
        .reconnect_delay_callback(|_| Duration::from_secs(u64::from(u32::MAX)));
    let client = options
        .connect(config.servers())
        .await
        .map_err(|error| Error::Connect {
            servers: config.servers_shown(),
            reason: error.to_string(),
        })?;
    let events = Arc::new(Events::new(config.inboxes()));
    Ok(Bus::over(client, config, events, Sink::Outbox(outbox)))
}

/// A listener whose deliveries are made by hand.
pub struct Hand<H> {
    handlers: Arc<H>,
    shared: Arc<Shared>,
}

impl<H> fmt::Debug for Hand<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hand")
            .field("service", &self.shared.service)
            .finish_non_exhaustive()
    }
}

impl<H: Send + Sync + 'static> Hand<H> {
    /// Takes a listener that does not run.
    #[must_use]
    pub fn of(listener: Listener<H>) -> Self {
        Self {
            handlers: Arc::clone(&listener.handlers),
            shared: listener.share(),
        }
    }

    /// Returns the handlers.
    #[must_use]
    pub fn handlers(&self) -> &H {
        &self.handlers
    }

    /// Makes the message of a stored event, with the current trace.
    ///
    /// # Errors
    /// Those of [`Bus::publish`] for the event itself.
    pub fn stored<E: StoredEvent>(&self, event: &E) -> Result<Outgoing, Error> {
        let mut message = Outgoing::stored(event, &self.shared.bus)?;
        message.trace();
        Ok(message)
    }

    /// Makes the message of an ephemeral event, with the current trace.
    ///
    /// # Errors
    /// Those of [`Bus::emit`] for the event itself.
    pub fn ephemeral<E: Ephemeral>(&self, event: &E) -> Result<Outgoing, Error> {
        let mut message = Outgoing::ephemeral(event, &self.shared.bus)?;
        message.trace();
        Ok(message)
    }
}

impl<H> Hand<H> {
    /// Returns the service.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.shared.service
    }

    /// Returns the stream of the event with such a subject, or of any stored event; empty for an ephemeral one.
    #[must_use]
    pub fn stream_of(&self, subject: &str) -> &'static str {
        let routes = &self.shared.routes;
        let route = routes
            .iter()
            .find(|route| covers(&route.pattern, subject))
            .or(routes.iter().find(|route| route.stream.is_some()));
        route.and_then(|route| route.stream).unwrap_or_default()
    }

    /// Delivers a message of a stream.
    pub async fn deliver(&self, message: Outgoing, attempt: u64, sequence: u64) -> Outcome {
        let info = AckSubject {
            attempt,
            sequence,
            consumer_sequence: sequence,
            time: Some(Utc::now()),
            pending: 0,
        };
        let durable = Arc::new(Durable::by_hand(message.stream, &self.shared.service));
        let message = arriving(message);
        let case = Case::new(Arc::clone(&self.shared), durable, Arrived { message, info });
        case.settle(None).await.outcome
    }

    /// Delivers a message that no stream has.
    ///
    /// # Errors
    /// The reason for which it was not handled.
    pub async fn deliver_ephemeral(&self, message: Outgoing) -> Result<(), String> {
        let message = arriving(message);
        let mut routes = self.shared.routes.iter();
        let route = routes
            .find(|route| route.stream.is_none() && covers(&route.pattern, &message.subject))
            .ok_or("no handler subscribes to the subject")?;
        ephemeral::handle(&self.shared, route, &message)
            .await
            .result
    }
}

/// The message as the client would have received it.
fn arriving(message: Outgoing) -> Message {
    Message {
        length: message.payload.len(),
        subject: message.subject,
        reply: None,
        payload: message.payload,
        headers: Some(message.headers),
        status: None,
        description: None,
    }
}
