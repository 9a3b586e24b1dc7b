//! A service that does not say what an older event becomes does not compile; the trait says which event and into what.
#![allow(deprecated)]
use event_runtime::{Delivery, Failure};
mod contracts {
    pub use event_runtime;
    include!("../../../../../codegen/tests/golden/supersedes/expected.rs");
}

use contracts::{services::billing, shop};

struct Billing;

impl billing::Handlers for Billing {
    async fn order_placed_v3(&self, _: Delivery<shop::OrderPlacedV3>) -> Result<(), Failure> {
        Ok(())
    }

    fn upcast_order_placed_v2(&self, old: shop::OrderPlacedV2) -> Result<shop::OrderPlacedV3, Failure> {
        Ok(shop::OrderPlacedV3 {
            order_id: old.order_id,
            total_cents: old.total_cents,
            currency: "EUR".to_owned(),
        })
    }
}

/// An upcast into the newest event at once is none: the chain has a step for each generation.
struct Hasty;

impl billing::Handlers for Hasty {
    async fn order_placed_v3(&self, _: Delivery<shop::OrderPlacedV3>) -> Result<(), Failure> {
        Ok(())
    }

    fn upcast_order_placed_v2(&self, _: shop::OrderPlacedV2) -> Result<shop::OrderPlacedV3, Failure> {
        Err(Failure::dead("not yet"))
    }

    fn upcast_order_placed(&self, _: shop::OrderPlaced) -> Result<shop::OrderPlacedV3, Failure> {
        Err(Failure::dead("not yet"))
    }
}

fn main() {}
