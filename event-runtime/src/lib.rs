//! The runtime of typed event contracts.

mod api;
mod bus;
mod choice;
mod config;
pub mod dead_letter;
mod decode;
mod delivery;
mod ensure;
mod ephemeral;
mod error;
mod event;
mod listener;
mod object;
mod process;
mod publish;
mod pull;
mod route;
#[cfg(feature = "schemars")]
pub mod schema;
mod shutdown;
pub mod streams;
mod subscribe;
mod tagged;
#[cfg(feature = "testing")]
pub mod testing;
mod validate;
mod wire;
mod worker;

pub use async_nats;
pub use async_nats::Subject;
pub use chrono::NaiveDate as Date;
pub use event_derive::Event;
#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;
pub use serde;
pub use serde_json;
pub use serde_json::Value as Json;
pub use uuid::Uuid;

pub use crate::bus::{Bus, CloseReport, Health, Stats};
pub use crate::choice::UnknownVariant;
pub use crate::config::{Config, ConfigError};
pub use crate::decode::DecodeError;
pub use crate::delivery::{Delivery, Failure, Meta, Trace};
pub use crate::ensure::Changes;
pub use crate::error::Error;
pub use crate::event::{
    Ephemeral, Event, MessageId, Stored, SubjectError, SubjectWriter, Token, partition,
};
pub use crate::listener::{ListenReport, Listener, Next};
pub use crate::publish::{BatchReport, Pending, Receipt};
pub use crate::shutdown::Shutdown;
pub use crate::streams::{
    ConsumerDef, DEAD_LETTERS, Discard, Retention, Service, Start, Storage, StreamDef, Streams,
};
pub use crate::subscribe::{Filter, Subscription};
pub use crate::validate::{Checker, Pattern, Validate, Violation, Violations};
pub use crate::wire::{Bytes, IsoDuration, as_text};

/// A moment: RFC 3339 on the wire, read with any offset and written as UTC with `Z`.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// What macros of this crate expand to. Not part of the interface.
#[doc(hidden)]
pub mod private {
    pub use crate::choice::{TaggedObject, deserialize_text, serialize_tagged};
    pub use crate::object::ObjectOnly;
}

/// Puts the module `contracts` here, as the service's build script wrote it.
#[macro_export]
macro_rules! include_contracts {
    () => {
        /// The event contracts of this service.
        #[allow(deprecated, dead_code, unused_imports, clippy::all, clippy::pedantic)]
        pub mod contracts {
            #[doc(hidden)]
            pub use $crate as event_runtime;
            ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/contracts.rs"));
        }
    };
}
