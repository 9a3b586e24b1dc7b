use event_runtime::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "a b..{c", stream = "bad stream")]
struct Syntax {
    a: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "{a}.x.*.y{a}")]
struct Tokens {
    a: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "$JS.API", stream = "DEAD_LETTERS")]
struct Reserved {
    a: String,
}

fn main() {}
