//! The server that both sides talk to: one process for a whole run, and its stream anew for each measurement.

use std::time::{Duration, Instant};

use event_runtime::async_nats::Client;
use event_runtime::async_nats::jetstream::Context;
use event_runtime::async_nats::jetstream::stream::{Config, StorageType};
use event_runtime::{Bus, Config as BusConfig, Event};
use event_testing::TestServer;

use crate::contracts::bench::OrderPlaced;

/// A server, and a connection of each side to it.
pub struct Ground {
    /// Ours.
    pub bus: Bus,
    /// Theirs, with its own context of JetStream.
    pub client: Client,
    /// That context.
    pub jetstream: Context,
    // Killed with this value.
    server: TestServer,
}

impl Ground {
    /// Starts the server and connects both. A benchmark without them ends here, with the reason.
    pub async fn start() -> Self {
        let server = TestServer::start().await.expect("a nats-server");
        let config = BusConfig::new(&server.url()).expect("the address of the server");
        let bus = Bus::connect(config).await.expect("a connection");
        let client = event_runtime::async_nats::connect(server.url())
            .await
            .expect("a connection");
        Self {
            bus,
            jetstream: event_runtime::async_nats::jetstream::new(client.clone()),
            client,
            server,
        }
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The server's process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid().expect("a running server")
    }

    /// An empty stream for [`OrderPlaced`]: nobody pays for the messages, or the remembered ids, of who came before.
    pub async fn fresh_stream(&self) {
        let stream = OrderPlaced::STREAM.expect("a stored event");
        // It is not there the first time.
        let _ = self.jetstream.delete_stream(stream).await;
        let began = Instant::now();
        loop {
            let created = self.jetstream.create_stream(Config {
                name: stream.to_owned(),
                subjects: vec![OrderPlaced::SUBJECT.to_owned()],
                // The disk would be what is measured.
                storage: StorageType::Memory,
                ..Config::default()
            });
            match created.await {
                Ok(_) => return,
                // The server may still be at work on the one that was deleted.
                Err(_) if began.elapsed() < Duration::from_secs(5) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("no stream to measure with: {error}"),
            }
        }
    }
}
