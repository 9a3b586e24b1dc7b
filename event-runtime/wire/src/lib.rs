//! Typed events as data: what generated code and `#[derive(Event)]` are made of, without a connection and without an async runtime.
//!
//! An event is a struct with a JSON form, a subject, a message id and constraints. This crate reads, writes and checks events;
//! [event-runtime](https://docs.rs/event-runtime) publishes and handles them over NATS JetStream, and re-exports everything that is
//! here. Depend on this crate alone where events are read or written without a connection: in a browser (`wasm32-unknown-unknown`), in
//! a batch job, in a library of types.
//!
//! # Examples
//!
//! ```
//! use event_wire::serde::{Deserialize, Serialize};
//! use event_wire::{Event, Stored, Uuid};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
//! #[serde(crate = "event_wire::serde", rename_all = "camelCase")]
//! #[event(name = "shop.OrderPlaced", subject = "orders.{region}.placed", stream = "ORDERS", id = "order_id", crate = "event_wire")]
//! pub struct OrderPlaced {
//!     pub order_id: Uuid,
//!     pub region: String,
//! }
//!
//! let order = OrderPlaced { order_id: Uuid::nil(), region: "eu".to_owned() };
//! let body = event_wire::encode(&order)?;
//! assert_eq!(event_wire::decode::<OrderPlaced>(&body)?, order);
//! assert_eq!(order.subject()?, "orders.eu.placed");
//! assert_eq!(order.message_id()?.as_str(), "shop.OrderPlaced:00000000-0000-0000-0000-000000000000");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Feature flags
//!
//! - `decimal`: decimals in contracts.
//! - `schemars`: JSON Schema of hand-written events.

#[macro_use]
mod chain;

pub mod as_text;
mod bytes;
mod choice;
mod decode;
mod duration;
mod encode;
mod event;
mod fields;
mod filter;
mod fit;
mod format;
mod imported;
mod include;
mod members;
mod message_id;
mod object;
mod permanent;
mod problem;
mod required;
#[cfg(feature = "schemars")]
pub mod schema;
mod slots;
pub mod streams;
mod subject;
mod tagged;
mod text;
mod token;
mod tuples;
mod validate;

pub use chrono::NaiveDate as Date;
/// Makes a struct an event: with a subject, a message id, and functions that publish it and subscribe to it.
///
/// ```
/// use event_wire::{Event, Uuid};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[serde(rename_all = "camelCase")]
/// #[event(subject = "orders.{region}.placed", stream = "ORDERS", id = "order_id", crate = "event_wire")]
/// pub struct OrderPlaced {
///     pub order_id: Uuid,
///     pub region: String,
/// }
///
/// let event = OrderPlaced { order_id: Uuid::nil(), region: "eu".to_owned() };
/// assert_eq!(event.subject()?.as_str(), "orders.eu.placed");
/// assert_eq!(OrderPlaced::filter().region("eu").pattern()?.pattern(), "orders.eu.placed");
/// # Ok::<(), event_wire::SubjectError>(())
/// ```
///
pub use event_derive::Event;
#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;
pub use serde;
pub use serde_json;
pub use serde_json::Value as Json;
pub use uuid::Uuid;

pub use crate::bytes::Bytes;
pub use crate::choice::UnknownVariant;
pub use crate::decode::{DecodeError, decode};
pub use crate::duration::IsoDuration;
pub use crate::encode::encode;
pub use crate::event::{Envelope, Ephemeral, Event, Stored};
pub use crate::filter::Filter;
pub use crate::imported::{Int64, ParseTextError};
pub use crate::message_id::MessageId;
pub use crate::permanent::Permanent;
pub use crate::streams::{
    ConsumerDef, DEAD_LETTERS, Discard, Retention, Service, Start, Storage, StreamDef, Streams,
};
pub use crate::subject::{Subject, SubjectError, SubjectWriter, partition};
pub use crate::token::Token;
pub use crate::validate::{Checker, Pattern, Validate, Violation, Violations};

/// Point in time: RFC 3339 on the wire, read with any offset and written as UTC with `Z`.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Code that macros of this crate expand to. Not part of the interface.
#[doc(hidden)]
pub mod private {
    pub use crate::choice::{TaggedObject, deserialize_text, serialize_tagged};
    pub use crate::fields::{read_object, read_open_object};
    pub use crate::fit::{Candidate, candidate};
    pub use crate::members::{member, write_object, write_open_object};
    pub use crate::slots::slot;
    pub use crate::tuples::Then;
}

/// Code that the derive names, in the format that its name has the number of. Not part of the interface.
#[doc(hidden)]
pub mod __format1 {
    pub use crate::format::Derived;
}

/// Code that event-runtime shares with this crate. Not part of the interface.
#[doc(hidden)]
pub mod __runtime {
    pub use crate::__debug_by_text as debug_by_text;
    pub use crate::bytes::base64;
    pub use crate::chain::{Chain, sources};
    pub use crate::problem::reason;
    pub use crate::subject::token_problem;
}
