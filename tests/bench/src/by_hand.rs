//! What a careful programmer writes with async-nats and serde_json alone: the same bytes, the same headers, the same window.
//!
//! What ours does beyond that (checking the constraints, retries under the same id, one deadline for all of them, counting) is
//! what ours has to do within the same time.

use std::collections::VecDeque;

use event_runtime::async_nats::header::NATS_MESSAGE_ID;
use event_runtime::async_nats::jetstream::Context;
use event_runtime::async_nats::jetstream::context::PublishAckFuture;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::async_nats::{Client, HeaderMap};

use crate::contracts::bench::{OrderPlaced, PriceTicked};

/// How many publishes wait for their acknowledgement at once: as many as ours lets wait.
pub const WINDOW: usize = 1_024;

/// Sends an event that nobody stores.
pub async fn emit(client: &Client, event: &PriceTicked) {
    let payload = serde_json::to_vec(event).expect("JSON");
    let sent = client.publish("bench.price", payload.into());
    sent.await.expect("a connection");
}

/// Sends an event into its stream; the acknowledgement comes later.
pub async fn send(jetstream: &Context, event: &OrderPlaced) -> PublishAckFuture {
    let payload = serde_json::to_vec(event).expect("JSON");
    let mut headers = HeaderMap::new();
    headers.insert(
        NATS_MESSAGE_ID,
        format!("bench.OrderPlaced:{}", event.order_id),
    );
    let message = PublishMessage::build()
        .headers(headers)
        .payload(payload.into());
    let sent = jetstream.send_publish("bench.order", message);
    sent.await.expect("a connection")
}

/// Stores an event.
pub async fn publish(jetstream: &Context, event: &OrderPlaced) {
    let acknowledgement = send(jetstream, event).await;
    acknowledgement.await.expect("stored");
}

/// Stores many, with a window of them on their way at once.
pub async fn publish_all(jetstream: &Context, events: impl IntoIterator<Item = OrderPlaced>) {
    let mut waiting = VecDeque::with_capacity(WINDOW);
    for event in events {
        if waiting.len() == WINDOW
            && let Some(acknowledgement) = waiting.pop_front()
        {
            let acknowledgement: PublishAckFuture = acknowledgement;
            acknowledgement.await.expect("stored");
        }
        waiting.push_back(send(jetstream, &event).await);
    }
    for acknowledgement in waiting {
        acknowledgement.await.expect("stored");
    }
}
