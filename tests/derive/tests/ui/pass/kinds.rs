//! Stored, ephemeral and keyed events, and the functions of each.
#![deny(warnings, missing_docs)]

use event_runtime::{Bus, Envelope, Error, Event, Pending, Receipt, Subscription, Uuid};
use serde::{Deserialize, Serialize};

/// Stored under an id.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "orders.{region}.placed", stream = "ORDERS", id = "order_id")]
pub struct OrderPlaced {
    /// The id.
    pub order_id: Uuid,
    /// A token.
    pub region: String,
}

/// A CloudEvent.
#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "orders.paid", stream = "ORDERS", envelope = "cloudevents")]
pub struct OrderPaid {}

/// With a field that must be there and may be `null`, as other teams' schemas have it.
#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "orders.moved", stream = "ORDERS")]
pub struct OrderMoved {
    /// Where it was.
    #[serde(deserialize_with = "Deserialize::deserialize")]
    pub base: Option<String>,
}

/// A plain event that says so.
#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "orders.shipped", stream = "ORDERS", envelope = "plain")]
pub struct OrderShipped {}

/// Nobody stores it.
#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "shop.Seen", subject = "seen")]
pub struct Seen {}

/// In order by user.
#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "user.{partition}.moved", stream = "USERS")]
#[event(key = "user_id", partitions = 8, publish = false)]
pub struct Moved {
    user_id: u64,
}

/// Everything that a stored event can do.
pub async fn stored(bus: &Bus, event: &OrderPlaced) -> Result<(Receipt, Pending), Error> {
    let _all: Subscription<OrderPlaced> = OrderPlaced::subscribe(bus).await?;
    let _some = OrderPlaced::filter().region("eu").subscribe(bus).await?;
    Ok((event.publish(bus).await?, event.enqueue(bus).await?))
}

/// Everything that an ephemeral event can do.
pub async fn ephemeral(bus: &Bus, event: &Seen) -> Result<(), Error> {
    let _all: Subscription<Seen> = Seen::subscribe(bus).await?;
    event.emit(bus).await
}

/// What is left of an event that is not published here.
pub async fn keyed(bus: &Bus) -> Result<Subscription<Moved>, Error> {
    Moved::filter().user_id(7_u32).subscribe(bus).await
}

fn main() {
    assert_eq!(OrderPlaced::ENVELOPE, Envelope::Plain);
    assert_eq!(OrderPaid::ENVELOPE, Envelope::CloudEvents);
    assert_eq!(OrderShipped::ENVELOPE, Envelope::Plain);
}
