//! Runtime of typed event contracts over NATS JetStream: publishing, listening, retries and dead letters on top of async-nats.
//!
//! Most code that uses it is generated from contracts, and a service writes only its handlers. By hand it looks like this:
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use event_runtime::serde::{Deserialize, Serialize};
//! use event_runtime::{Bus, Config, Delivery, Event, Failure, Listener, Service, Shutdown};
//!
//! #[derive(Debug, Serialize, Deserialize, Event)]
//! #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
//! #[event(name = "shop.OrderPlaced", subject = "orders.{region}.placed", stream = "ORDERS", id = "order_id")]
//! pub struct OrderPlaced {
//!     pub order_id: event_runtime::Uuid,
//!     pub region: String,
//! }
//!
//! const BILLING: Service = Service::new("billing").concurrency(4);
//!
//! struct Billing;
//!
//! impl Billing {
//!     async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
//!         println!("{} in {}", delivery.event.order_id, delivery.event.region);
//!         Ok(())
//!     }
//! }
//!
//! # async fn service() -> Result<(), event_runtime::Error> {
//! let bus = Bus::connect(Config::from_env()?.service("billing")).await?;
//!
//! // Ok: the stream has acknowledged it. A retry of the same event is deduplicated.
//! let order = OrderPlaced { order_id: event_runtime::Uuid::now_v7(), region: "eu".to_owned() };
//! let receipt = order.publish(&bus).await?;
//! println!("{} of {}", receipt.sequence, receipt.stream);
//!
//! // Until SIGTERM: each event at least once, over all replicas of the service.
//! let listener = Listener::new(&bus, BILLING, Billing)
//!     .on(|billing: Arc<Billing>, delivery| async move { billing.order_placed(delivery).await });
//! let report = listener.run(Shutdown::on_signals()).await?;
//! println!("{report:?}");
//!
//! let closed = bus.close(Duration::from_secs(10)).await;
//! assert_eq!(closed.abandoned, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Choosing a method
//!
//! | to … | call | meaning of `Ok` |
//! |---|---|---|
//! | publish an event to its stream | [`Bus::publish`] | acknowledged: the stream has persisted it |
//! | publish many, fast | [`Bus::enqueue`], [`Bus::publish_all`] | sent; the acknowledgement comes with the [`Pending`] or the [`BatchReport`] |
//! | send an event to the current subscribers | [`Bus::emit`] | sent; perhaps nobody received it |
//! | handle each event once, over all replicas | [`Listener`], or the generated `listen` | |
//! | receive every event, in each process | [`Bus::subscribe`] | |
//! | redrive a dead letter | [`Bus::redrive`] | its service will receive it again |
//!
//! A stored event cannot be emitted and an ephemeral one cannot be published: it does not compile.
//!
//! # Delivery guarantees
//!
//! - At least once: an event whose `publish` returned `Ok` is stored, and a stored event is handled at least once, unless the limits of
//!   the stream remove it first. A handler receives an event again if its acknowledgement was lost: handlers must be idempotent.
//! - Deduplication is per event type: the message id begins with the event's full name, so two different events never share one.
//! - A slow handler keeps its lease up to [`Listener::handler_limit`], and is cancelled then. A handler that blocks its thread is named
//!   in the log; leases are extended as long as one thread of the runtime is not blocked.
//! - `?` works in handlers with every error: `anyhow`'s, boxed ones, your own. A [`Permanent`] error is dead-lettered at once.
//! - A failed handler is retried with the service's backoff; after the last attempt the event is dead-lettered. So is, at once, a
//!   message that cannot be decoded, breaks its constraints, or contradicts its subject. The dead letter is stored before the original
//!   is terminated.
//! - Events with an ordering key are handled in order, over any number of replicas.
//! - A graceful shutdown loses nothing: deliveries that have not begun are NAKed at once, running handlers may finish, and every
//!   outcome has reached the server before `run` returns.
//! - The value of a field can never break a subject, an id or a header: such a value is an error.
//!
//! Not guaranteed: exactly-once handling; any order without an ordering key; that a process frozen for longer than ack_wait does not
//! overlap with its successor; that an acknowledged event survives a power failure, unless the server syncs each write
//! (`sync_interval: always`); memory streams while more than one server is down.
//!
//! # Provisioning
//!
//! Operators provision streams and durable consumers with `event-contracts streams apply`. A service only reads them and reports
//! drift; the function `ensure` of
//! [event-operate](https://docs.rs/event-operate) is for development and tests. A service needs permissions for its subjects, its inbox (`_INBOX_<service>`),
//! its durables and `dead_letters.<service>.>`, and for nothing else. Within one account such a service can still make the server send
//! an answer to any subject, by the reply subject of a request for messages; one account per service closes that.
//!
//! # Observability
//!
//! With `tracing_subscriber::fmt::init()` in `main` a service logs a line when it connects, loses its connection, listens, retries,
//! dead-letters and shuts down, and none for an event that is handled.
//!
//! Every publish and every delivery to a handler is a `tracing` span with the attributes of OpenTelemetry's messaging conventions, at
//! the level `DEBUG` under the targets `event_runtime::publish` and `event_runtime::process`; the logs of a handler are inside the span
//! of its delivery. [`Bus::stats`] has counters, and [`Bus::health`] asks the server.
//!
//! # Feature flags
//!
//! - `decimal`: decimals in contracts.
//! - `opentelemetry`: trace context from service to service.
//! - `schemars`: JSON Schema of hand-written events.
//!
//! The crate [event-testing](https://docs.rs/event-testing) has real servers that fail on demand, and delivers to handlers without a server.
//! TLS is always on. Types without a connection are a crate of their own,
//! [event-wire](https://docs.rs/event-wire), which this one re-exports.

mod acks;
mod api;
mod begun;
mod blocked;
mod bus;
#[doc(hidden)]
pub mod by_hand;
mod cause;
mod cloudevents;
mod config;
mod connection;
mod credentials;
pub mod dead_letter;
mod delivery;
mod durable;
mod ephemeral;
mod error;
mod failure;
mod functions;
mod health;
mod held;
mod heuristics;
mod keeper;
mod listener;
mod ordered;
mod outbox;
mod outgoing;
mod process;
mod provisioned;
mod publish;
mod pull;
pub mod raw;
mod receipt;
mod report;
mod route;
mod shared;
mod shutdown;
mod slots;
mod spans;
mod store;
mod subscribe;
mod trace;
mod worker;

pub use async_nats;

#[doc(inline)]
pub use event_wire::*;

pub use crate::bus::{Bus, CloseReport};
pub use crate::cloudevents::CloudEvent;
pub use crate::config::{Config, ConfigError};
pub use crate::delivery::{Delivery, Meta};
pub use crate::error::Error;
pub use crate::failure::{Failure, Reason};
pub use crate::health::{Health, Lag, Stats};
pub use crate::listener::Listener;
pub use crate::publish::BatchReport;
pub use crate::receipt::{Pending, Receipt};
pub use crate::report::ListenReport;
pub use crate::shared::Next;
pub use crate::shutdown::Shutdown;
pub use crate::subscribe::Subscription;
pub use crate::trace::Trace;

/// Includes the module `contracts` that the build script has generated.
///
/// The build script is `build.rs` beside `Cargo.toml`; `event-codegen` is its dependency:
///
/// ```toml
/// [build-dependencies]
/// event-codegen = "0.1"
/// ```
///
/// ```no_run
/// # mod event_codegen { pub struct Codegen; impl Codegen {
/// #     pub fn new(_: &str) -> Self { Self } pub fn service(self, _: &str) -> Self { self } pub fn run(self) {}
/// # } }
/// fn main() {
///     event_codegen::Codegen::new("contracts").service("foobar").run();
/// }
/// ```
#[macro_export]
macro_rules! include_contracts {
    () => {
        $crate::__include_contracts!($crate);
    };
}

/// Code that event-operate shares with this crate. Not part of the interface.
#[doc(hidden)]
pub mod __operate {
    pub use crate::api::{CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, nanos, set_filters, start_of};
    pub use crate::store::jittered;
}
