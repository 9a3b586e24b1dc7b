use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(subject = "a")]
struct Missing {
    order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "kebab-case")]
#[event(subject = "a")]
struct Other {
    order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
#[event(subject = "a")]
struct Half {
    order_id: String,
}

fn main() {}
