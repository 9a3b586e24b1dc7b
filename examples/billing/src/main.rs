//! Billing: a web server and a listener in one process. The server publishes too, through a clone of the same bus.
//!
//! `POST /payments/{user}` takes a payment, `GET /health` says how it is: 503 without a connection, or
//! while every delivery that may be in flight waits for a retry. `GET /stats` is what its metrics read.

event_runtime::include_contracts!();

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use contracts::billing::{Money, PaymentCreated, required};
use contracts::services::billing;
use contracts::shop::orders::OrderPlaced;
use event_runtime::{Bus, Config, Delivery, Failure, Health, Shutdown, Stats, Timestamp, Uuid};
use tally::Tally;

#[derive(Clone)]
struct Billing {
    bus: Bus,
    tally: Tally,
}

impl Billing {
    /// Takes a payment: from a web request as from an event.
    async fn charge(&self, payment: PaymentCreated) -> Result<(), event_runtime::Error> {
        let receipt = payment.publish(&self.bus).await?;
        if !receipt.duplicate {
            self.tally.published::<PaymentCreated>(1);
        }
        Ok(())
    }
}

impl billing::Handlers for Billing {
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        let order = &delivery.event;
        self.tally
            .in_order(order.customer_id, u64::from(order.sequence));
        let total = order
            .lines
            .iter()
            .map(|line| line.price.amount_minor * i64::from(line.quantity))
            .sum();
        self.charge(PaymentCreated {
            order_id: Some(order.order_id),
            ..required::PaymentCreated {
                // Derived from the order: a redelivered order is not charged twice.
                payment_id: order.order_id,
                user_id: order.customer_id,
                amount: Money {
                    currency: "EUR".to_owned(),
                    amount_minor: total,
                },
                paid_at: order.placed_at,
            }
            .into()
        })
        .await?;
        self.tally.handled(&delivery, order.order_id);
        Ok(())
    }
}

async fn pay(
    State(billing): State<Billing>,
    Path(user): Path<Uuid>,
) -> Result<StatusCode, (StatusCode, String)> {
    let payment = PaymentCreated::from(required::PaymentCreated {
        payment_id: Uuid::now_v7(),
        user_id: user,
        amount: Money {
            currency: "EUR".to_owned(),
            amount_minor: 990,
        },
        paid_at: Timestamp::from(SystemTime::now()),
    });
    match billing.charge(payment).await {
        Ok(()) => Ok(StatusCode::CREATED),
        Err(error) => Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}

/// For whoever decides whether the process gets traffic. How far its durables are is in the answer; it decides nothing.
async fn health(State(billing): State<Billing>) -> (StatusCode, Json<Health>) {
    let health = billing.bus.health().await;
    let status = match health.is_healthy() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(health))
}

async fn stats(State(billing): State<Billing>) -> Json<Stats> {
    Json(billing.bus.stats())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();
    let service = Billing {
        bus: bus.clone(),
        tally: tally.clone(),
    };
    let shutdown = Shutdown::on_signals();

    let address = std::env::var("BILLING_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let socket = tokio::net::TcpListener::bind(&address).await?;
    let routes = axum::Router::new()
        .route("/health", get(health))
        .route("/stats", get(stats))
        .route("/payments/{user}", post(pay))
        .with_state(service.clone());
    let stop = shutdown.clone();
    let web = tokio::spawn(async move {
        axum::serve(socket, routes)
            .with_graceful_shutdown(async move { stop.wait().await })
            .await
    });

    let listened = billing::listen(&bus, service, shutdown).await?;
    web.await??;
    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("billing", Some(&listened), &closed);
    Ok(())
}
