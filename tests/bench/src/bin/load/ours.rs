//! The loads with our runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_bench::growth::{Call, Counter, Counting, Parcel};
use event_bench::many;
use event_runtime::{Bus, Delivery, Listener, Service, Shutdown};
use tokio::task::JoinSet;

use crate::{Failure, Load};

pub async fn publish(load: &Load) -> Result<f64, Failure> {
    let began = Instant::now();
    let events = (0..load.events).map(|_| Parcel::of(load.size));
    let report = load.bus.publish_all(events).await;
    report.into_result()?;
    Ok(began.elapsed().as_secs_f64())
}

pub async fn acknowledged(load: &Load) -> Result<f64, Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut publishers = JoinSet::new();
    for _ in 0..load.size {
        publishers.spawn(publisher(load.bus.clone(), Arc::clone(&next), load.events));
    }
    while let Some(done) = publishers.join_next().await {
        done??;
    }
    Ok(began.elapsed().as_secs_f64())
}

async fn publisher(bus: Bus, next: Arc<AtomicU64>, events: u64) -> Result<(), Failure> {
    while next.fetch_add(1, Ordering::Relaxed) < events {
        Parcel::of(200).publish(&bus).await?;
    }
    Ok(())
}

fn service(concurrency: usize) -> Service {
    Service::new("growth")
        .concurrency(u32::try_from(concurrency).unwrap_or(u32::MAX))
        .max_in_flight(1_000)
}

async fn listen(listener: Listener<Counting>, counter: &Counter) -> Result<f64, Failure> {
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    let seconds = counter.seconds().await;
    shutdown.stop();
    running.await??;
    Ok(seconds)
}

pub async fn handle(load: &Load) -> Result<f64, Failure> {
    load.durable(&["growth.parcel"]).await?;
    let counter = Arc::new(Counter::new(load.events));
    let listener = Listener::new(&load.bus, service(1), Counting(Arc::clone(&counter))).on(
        |counting: Arc<Counting>, delivery: Delivery<Parcel>| async move {
            counting.0.count(delivery.event);
            Ok(())
        },
    );
    listen(listener, &counter).await
}

pub async fn waiting(load: &Load) -> Result<f64, Failure> {
    load.durable(&["growth.parcel"]).await?;
    let counter = Arc::new(Counter::new(load.events));
    let listener = Listener::new(
        &load.bus,
        service(load.size),
        Counting(Arc::clone(&counter)),
    )
    .on(
        |counting: Arc<Counting>, delivery: Delivery<Parcel>| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            counting.0.count(delivery.event);
            Ok(())
        },
    );
    listen(listener, &counter).await
}

pub async fn types(load: &Load) -> Result<f64, Failure> {
    let filters: Vec<&str> = many::subjects(load.size).collect();
    load.durable(&filters).await?;
    let counter = Arc::new(Counter::new(load.events));
    let listener = Listener::new(&load.bus, service(1), Counting(Arc::clone(&counter)));
    listen(many::handling(load.size, listener), &counter).await
}

pub async fn subscriptions(load: &Load) -> Result<f64, Failure> {
    let counter = Arc::new(Counter::new(load.events));
    let mut subscribers = JoinSet::new();
    for recipient in 0..u32::try_from(load.size)? {
        let mut calls = Call::filter()
            .recipient(recipient)
            .subscribe(&load.bus)
            .await?;
        let counter = Arc::clone(&counter);
        subscribers.spawn(async move {
            while let Some(Ok(call)) = calls.next().await {
                counter.count(call.event);
            }
        });
    }
    load.bus.client().flush().await?;
    let sender = load.second().await?;
    for number in 0..load.events {
        counter.catch_up(number).await;
        Call::to(number as usize % load.size).emit(&sender).await?;
    }
    Ok(counter.seconds().await)
}
