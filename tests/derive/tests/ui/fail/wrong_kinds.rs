use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = 5, stream, id = order_id, key("order_id"), partitions = "8")]
struct Texts {
    order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a", publish = "no", validate = true, crate = "not a path")]
struct Flags {
    order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{partition}", stream = "S", key = "order_id", partitions = 0)]
struct Numbers {
    order_id: String,
}

fn main() {}
