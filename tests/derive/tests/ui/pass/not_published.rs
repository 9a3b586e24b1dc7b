//! An event that may not be published is subscribed to as any other, whatever it is called.
#![deny(warnings, missing_docs)]

use event_runtime::{Bus, Event, Subscription};
use serde::{Deserialize, Serialize};

/// As a trait of the derive could be.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{published}", not_published_by = "foobar")]
pub struct Published {
    /// A token.
    pub published: String,
}

/// Subscribes.
pub async fn heard(bus: &Bus) -> Result<Subscription<Published>, event_runtime::Error> {
    Published::filter().published("x").subscribe(bus).await
}

fn main() {}
