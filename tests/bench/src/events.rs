//! The events themselves: some 200 bytes each, every one with an id of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use event_runtime::Uuid;

use crate::contracts::bench::{OrderPlaced, PriceTicked};

static LAST: AtomicU64 = AtomicU64::new(0);

/// An id that no other event of this process has.
fn id() -> Uuid {
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(u128::from(number) + (0x0194_2f6a_bc5d_7d30 << 64))
}

/// An event of a stream.
pub fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: id(),
        customer_id: Uuid::from_u128(0x0194_2f6a_bc5d_7d30_8f3f_5aee_91c3_7d02),
        at: Default::default(),
        cents: 12_990,
        currency: "EUR".to_owned(),
        note: Some("Ring twice".to_owned()),
    }
}

/// An event that nobody stores.
pub fn price() -> PriceTicked {
    PriceTicked {
        product_id: id(),
        seller_id: Uuid::from_u128(0x0194_2f6a_bc5d_7d30_8f3f_5aee_91c3_7d02),
        at: Default::default(),
        cents: 12_990,
        currency: "EUR".to_owned(),
        note: Some("Ring twice".to_owned()),
    }
}
