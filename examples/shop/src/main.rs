//! The web shop: publishes `OrderPlaced`, as many as its argument says. The contract keeps one customer's orders in
//! order; orders of different customers are published side by side.

event_runtime::include_contracts!();

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::billing::Money;
use contracts::shop::orders::{
    CardPayment, CashPayment, OrderLine, OrderPlaced, PaymentMethod, Region,
};
use event_runtime::{Bus, Config, Timestamp, Uuid};
use tally::Tally;

const CUSTOMERS: u32 = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u32 = std::env::args().nth(1).map_or(Ok(10), |n| n.parse())?;
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();

    let mut customers = Vec::new();
    for customer in 0..CUSTOMERS {
        let (bus, tally) = (bus.clone(), tally.clone());
        customers.push(tokio::spawn(async move {
            for sequence in 1..=count / CUSTOMERS + u32::from(customer < count % CUSTOMERS) {
                let order = order(customer, sequence);
                match order.publish(&bus).await {
                    Ok(_) => tally.published::<OrderPlaced>(1),
                    Err(error) => eprintln!("shop: order {}: {error}", order.order_id),
                }
            }
        }));
    }
    for customer in customers {
        customer.await?;
    }

    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("shop", None, &closed);
    Ok(())
}

fn order(customer: u32, sequence: u32) -> OrderPlaced {
    let price = |cents: i64| Money {
        currency: "EUR".to_owned(),
        amount_minor: cents,
    };
    OrderPlaced {
        order_id: Uuid::now_v7(),
        customer_id: Uuid::from_u128(u128::from(customer) + 1),
        region: [Region::Eu, Region::Us, Region::Apac][sequence as usize % 3].clone(),
        sequence,
        placed_at: Timestamp::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + u64::from(sequence)),
        lines: vec![OrderLine {
            sku: format!("SKU-{customer}"),
            quantity: 1,
            price: price(1999),
        }],
        tax_by_region: BTreeMap::from([("eu".to_owned(), price(319))]),
        payment: if customer.is_multiple_of(2) {
            PaymentMethod::Card(CardPayment {
                last4: "4242".to_owned(),
            })
        } else {
            PaymentMethod::Cash(CashPayment {
                change_for_minor: Some(5000),
            })
        },
    }
}
