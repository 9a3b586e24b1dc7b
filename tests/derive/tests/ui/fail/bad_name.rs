use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "shop.order placed", subject = "a")]
struct OrderPlaced {
    a: String,
}

fn main() {}
