use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{weight}", stream = "S", id = "lines")]
struct OrderPlaced {
    weight: f64,
    lines: Vec<String>,
}

fn main() {}
