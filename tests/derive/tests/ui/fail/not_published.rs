//! What the contract does not let a service publish: the error says what to add, and where.
use event_runtime::{Bus, Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "shop.Placed", subject = "placed", stream = "S", not_published_by = "foobar")]
pub struct Placed {
    a: u32,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "shop.Seen", subject = "seen", not_published_by = "foobar` or `web")]
pub struct Seen {
    a: u32,
}

async fn calls(bus: &Bus, placed: &Placed, seen: &Seen) -> Result<(), event_runtime::Error> {
    let receipt = placed.publish(bus).await?;
    println!("{}", receipt.sequence);
    let pending = placed.enqueue(bus).await?;
    pending.await?;
    seen.emit(bus).await
}

fn main() {
    let _ = calls;
}
