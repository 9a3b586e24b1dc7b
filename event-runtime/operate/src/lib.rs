//! Provisions the streams and durable consumers of typed event contracts.
//!
//! A service never writes the configuration of a server: it reads its durables and reports drift. This crate is what writes it:
//! [`ensure`] for development and tests, and the configurations that `event-contracts streams apply` plans with in production.
//!
//! # Examples
//!
//! ```no_run
//! # async fn provision(streams: &event_runtime::Streams<'_>) -> Result<(), event_runtime::Error> {
//! use event_runtime::{Bus, Config};
//!
//! let bus = Bus::connect(Config::from_env()?).await?;
//! // In a service: `&contracts::STREAMS`.
//! let changes = event_operate::ensure(&bus, streams).await?;
//! println!("created {:?}", changes.created_streams);
//! # Ok(())
//! # }
//! ```

mod config;
mod ensure;

pub use config::{
    OnServer, ServerDurable, ServerStream, durable_request, filters_of, set_filters, set_start,
    write_durable,
};
pub use ensure::{Changes, ensure};
