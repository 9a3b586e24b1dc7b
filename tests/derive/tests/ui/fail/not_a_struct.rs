use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(subject = "a")]
enum Choice {
    A,
}

#[derive(Serialize, Deserialize, Event)]
#[event(subject = "a", id = "0")]
struct Tuple(u32);

#[derive(Serialize, Deserialize, Event)]
#[event(subject = "a")]
struct Unit;

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a")]
struct Generic<T> {
    value: T,
}

fn main() {}
