use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(stream = "ORDERS")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
