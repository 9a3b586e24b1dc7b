use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subjct = "orders.placed", stream = "ORDERS", retries = 5)]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
