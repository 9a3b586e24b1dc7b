use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[event(subject = "a")]
struct Strict {
    order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a")]
struct Nulls {
    note: Option<String>,
    #[serde(default)]
    other: std::option::Option<u32>,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a")]
struct Collide {
    user_id: String,
    #[serde(rename = "userId")]
    other: String,
}

fn main() {}
