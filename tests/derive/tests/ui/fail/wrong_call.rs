//! A stored event cannot be sent without an acknowledgement, and one that nobody stores gives no receipt.
use event_runtime::{Bus, Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "stored", stream = "S")]
struct Kept {
    a: u32,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "sent")]
struct Sent {
    a: u32,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "read", stream = "S", publish = false)]
struct Read {
    a: u32,
}

async fn calls(bus: &Bus, kept: &Kept, sent: &Sent, read: &Read) {
    let _ = kept.emit(bus).await;
    let _ = bus.emit(kept);
    let _ = sent.publish(bus).await;
    let _ = bus.publish(sent);
    let _ = read.publish(bus).await;
}

fn main() {
    let _ = calls;
}
