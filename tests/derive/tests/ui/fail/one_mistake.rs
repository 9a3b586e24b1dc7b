//! A mistake in the attribute is the only thing that is reported, however the struct is used.
use event_runtime::{Bus, Error, Event, Stored};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(subject = "orders.{regoin}", stream = "ORDERS")]
struct OrderPlaced {
    region: String,
}

async fn publish(bus: &Bus, event: &OrderPlaced) -> Result<(), Error> {
    event.publish(bus).await?;
    let _ = event.enqueue(bus).await?;
    bus.publish(event).await?;
    let _ = OrderPlaced::subscribe(bus).await?;
    let _ = OrderPlaced::filter().region("eu").subscribe(bus).await?;
    Ok(())
}

fn name<E: Stored>() -> &'static str {
    E::NAME
}

fn main() {
    name::<OrderPlaced>();
    let _ = publish;
}
