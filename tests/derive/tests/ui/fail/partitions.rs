use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{partition}", stream = "S", key = "user_id")]
struct NoPartitions {
    user_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{user_id}", stream = "S", key = "user_id", partitions = 8)]
struct NoPlaceholder {
    user_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{partition}", stream = "S")]
struct NoKey {
    user_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a", stream = "S", partitions = 8)]
struct OnlyPartitions {
    user_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a.{partition}", key = "user_id", partitions = 8)]
struct NoStream {
    user_id: String,
}

fn main() {}
