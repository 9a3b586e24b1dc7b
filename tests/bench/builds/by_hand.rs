//! What the README's service does, by hand: the same stream, durable, ids and events; no retries, dead letters or checks.

use async_nats::jetstream::{self, consumer::PullConsumer};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserScheduleCreated {
    schedule_id: uuid::Uuid,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserInfoAvailed {
    schedule_id: uuid::Uuid,
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let jetstream = jetstream::new(client);
    let consumer: PullConsumer = jetstream
        .get_consumer_from_stream("foobar-service", "SCHEDULING")
        .await?;
    let mut messages = consumer.messages().await?;
    let stop = tokio::signal::ctrl_c();
    tokio::pin!(stop);
    loop {
        let message = tokio::select! {
            _ = &mut stop => return Ok(()),
            message = messages.next() => message,
        };
        let Some(message) = message else { return Ok(()) };
        let message = message?;
        let created: UserScheduleCreated = serde_json::from_slice(&message.payload)?;
        let answer = UserInfoAvailed {
            schedule_id: created.schedule_id,
            name: "Ada".to_owned(),
        };
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("scheduling.UserInfoAvailed:{}", answer.schedule_id));
        let payload = serde_json::to_vec(&answer)?;
        let stored = jetstream.publish_with_headers("user:availed", headers, payload.into());
        stored.await?.await?;
        message.ack().await.map_err(|error| error.to_string())?;
    }
}
