//! The same loads by hand: async-nats, serde_json, and what one writes around them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_bench::growth::{Call, Counter, Parcel};
use event_bench::{by_hand, many};
use event_runtime::async_nats::HeaderMap;
use event_runtime::async_nats::header::NATS_MESSAGE_ID;
use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::async_nats::jetstream::consumer::pull::Stream;
use event_runtime::async_nats::jetstream::context::PublishAckFuture;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::async_nats::jetstream::{Context, Message};
use futures_util::{StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use crate::{Failure, Load};

async fn send(jetstream: &Context, parcel: &Parcel) -> Result<PublishAckFuture, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(
        NATS_MESSAGE_ID,
        format!("growth.Parcel:{}", parcel.parcel_id),
    );
    let message = PublishMessage::build()
        .headers(headers)
        .payload(serde_json::to_vec(parcel)?.into());
    Ok(jetstream.send_publish("growth.parcel", message).await?)
}

pub async fn publish(load: &Load) -> Result<f64, Failure> {
    let began = Instant::now();
    let mut waiting = VecDeque::with_capacity(by_hand::WINDOW);
    for _ in 0..load.events {
        if waiting.len() == by_hand::WINDOW
            && let Some(acknowledgement) = waiting.pop_front()
        {
            let acknowledgement: PublishAckFuture = acknowledgement;
            acknowledgement.await?;
        }
        waiting.push_back(send(load.bus.jetstream(), &Parcel::of(load.size)).await?);
    }
    for acknowledgement in waiting {
        acknowledgement.await?;
    }
    Ok(began.elapsed().as_secs_f64())
}

pub async fn acknowledged(load: &Load) -> Result<f64, Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut publishers = JoinSet::new();
    for _ in 0..load.size {
        let (jetstream, next, events) =
            (load.bus.jetstream().clone(), Arc::clone(&next), load.events);
        publishers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < events {
                send(&jetstream, &Parcel::of(200)).await?.await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = publishers.join_next().await {
        done??;
    }
    Ok(began.elapsed().as_secs_f64())
}

async fn messages(load: &Load, filters: &[&str]) -> Result<Stream, Failure> {
    load.durable(filters).await?;
    let stream = load.bus.jetstream().get_stream_no_info("GROWTH").await?;
    let consumer: PullConsumer = stream.get_consumer("growth").await?;
    Ok(consumer.messages().await?)
}

/// Runs a loop until everything was counted.
async fn until_counted(
    running: impl Future<Output = Result<(), Failure>>,
    counter: &Counter,
) -> Result<f64, Failure> {
    tokio::select! {
        seconds = counter.seconds() => Ok(seconds),
        ended = running => {
            ended?;
            Err("the loop has ended before its last event".into())
        }
    }
}

pub async fn handle(load: &Load) -> Result<f64, Failure> {
    let mut messages = messages(load, &["growth.parcel"]).await?;
    let counter = Counter::new(load.events);
    let looped = async {
        while let Some(message) = messages.try_next().await? {
            let parcel: Parcel = serde_json::from_slice(&message.payload)?;
            counter.count(parcel);
            message.ack().await?;
        }
        Ok(())
    };
    until_counted(looped, &counter).await
}

pub async fn waiting(load: &Load) -> Result<f64, Failure> {
    let messages = messages(load, &["growth.parcel"]).await?;
    let counter = &Counter::new(load.events);
    let one = |message: Message| async move {
        let parcel: Parcel = serde_json::from_slice(&message.payload)?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        counter.count(parcel);
        message.ack().await
    };
    let looped = messages
        .map_err(Failure::from)
        .try_for_each_concurrent(load.size, one);
    until_counted(looped, counter).await
}

type Handler = fn(&[u8], &Counter) -> Result<(), Failure>;

/// By subject to the function that decodes and handles: a map, as one writes it.
pub async fn types(load: &Load) -> Result<f64, Failure> {
    let filters: Vec<&str> = many::subjects(load.size).collect();
    let handler: Handler = |body, counter| {
        let parcel: Parcel = serde_json::from_slice(body)?;
        counter.count(parcel);
        Ok(())
    };
    let handlers: HashMap<&str, Handler> =
        filters.iter().map(|filter| (*filter, handler)).collect();
    let mut messages = messages(load, &filters).await?;
    let counter = Counter::new(load.events);
    let looped = async {
        while let Some(message) = messages.try_next().await? {
            let handler = handlers.get(message.subject.as_str());
            handler.ok_or("no handler")?(&message.payload, &counter)?;
            message.ack().await?;
        }
        Ok(())
    };
    until_counted(looped, &counter).await
}

pub async fn subscriptions(load: &Load) -> Result<f64, Failure> {
    let counter = Arc::new(Counter::new(load.events));
    let mut subscribers = JoinSet::new();
    for recipient in 0..load.size {
        let mut calls = load
            .bus
            .client()
            .subscribe(Call::subject_of(recipient))
            .await?;
        let counter = Arc::clone(&counter);
        subscribers.spawn(async move {
            while let Some(message) = calls.next().await {
                let call: Call = serde_json::from_slice(&message.payload)?;
                counter.count(call);
            }
            Ok::<(), Failure>(())
        });
    }
    load.bus.client().flush().await?;
    let sender = load.second().await?;
    for number in 0..load.events {
        counter.catch_up(number).await;
        let recipient = number as usize % load.size;
        let payload = serde_json::to_vec(&Call::to(recipient))?;
        let subject = Call::subject_of(recipient);
        sender.client().publish(subject, payload.into()).await?;
    }
    Ok(counter.seconds().await)
}
