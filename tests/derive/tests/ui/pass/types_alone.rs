//! An event of event-wire alone: what it has, and that nothing of a runtime is there.

use event_wire::serde::{Deserialize, Serialize};
use event_wire::{Event, Stored};

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_wire::serde", rename_all = "camelCase")]
#[event(
    name = "shop.OrderPlaced",
    subject = "orders.{region}.placed",
    stream = "ORDERS",
    id = "order_id",
    crate = "event_wire"
)]
struct OrderPlaced {
    order_id: u64,
    region: String,
}

/// The names are free: the derive has not taken them.
impl OrderPlaced {
    fn publish(&self) -> &'static str {
        "by hand"
    }

    fn subscribe() {}
}

fn main() {
    let order = OrderPlaced { order_id: 7, region: "eu".to_owned() };
    assert_eq!(order.subject().unwrap(), "orders.eu.placed");
    assert_eq!(order.message_id().unwrap().as_str(), "shop.OrderPlaced:7");
    assert_eq!(OrderPlaced::filter().region("eu").pattern().unwrap().pattern(), "orders.eu.placed");
    let body = event_wire::encode(&order).unwrap();
    assert_eq!(event_wire::decode::<OrderPlaced>(&body).unwrap(), order);
    assert_eq!(order.publish(), "by hand");
    OrderPlaced::subscribe();
}
