use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{partition}.{regoin}", stream = "S", id = "orderid", key = "customer", partitions = 8)]
struct OrderPlaced {
    order_id: String,
    region: String,
}

fn main() {}
