use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a", envelope = "cloudevent")]
struct Near {}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "b", envelope = "protobuf")]
struct Far {}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "c", envelope)]
struct Flag {}

fn main() {}
