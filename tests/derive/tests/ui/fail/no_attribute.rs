use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
