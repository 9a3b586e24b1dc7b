//! Publishing what is deprecated is a warning, and naming or handling it is none.
#![deny(warnings)]
use event_runtime::{Bus, Delivery, Event, Failure};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "placed", stream = "S", deprecated = "use Ordered")]
pub struct Placed {
    a: u32,
}

pub async fn handle(delivery: Delivery<Placed>) -> Result<(), Failure> {
    println!("{}", delivery.event.a);
    Ok(())
}

pub async fn publish(bus: &Bus) -> Result<(), event_runtime::Error> {
    Placed { a: 1 }.publish(bus).await?;
    Ok(())
}

fn main() {}
