use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a", validate)]
struct OrderPlaced {
    weight: f64,
}

fn main() {}
