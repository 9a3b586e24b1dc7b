//! Requests to JetStream's API: the few that the runtime makes, with errors that say what was asked.
//!
//! The requests' bodies are written by hand: an answer of a newer server must not fail in a type of ours.

use std::time::Duration;

use async_nats::jetstream::context::RequestErrorKind;
use event_wire::streams::Start;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bus::Bus;
use crate::error::Error;
use crate::store::is_publish_to;

/// The server's code for a consumer that is not there.
pub const CONSUMER_NOT_FOUND: u64 = 10_014;
/// The server's code for a stream that is not there.
pub const STREAM_NOT_FOUND: u64 = 10_059;
/// The server's code where JetStream is on, but not for the account of the connection.
pub(crate) const NO_JETSTREAM_FOR_ACCOUNT: u64 = 10_039;
/// The code for a request that nobody listens to.
pub(crate) const NOBODY_ANSWERS: u64 = 503;

/// The state of a consumer, as far as the runtime reads it.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsumerInfo {
    pub(crate) name: String,
    /// Creation time: distinguishes it from another one of the same name.
    pub(crate) created: String,
    pub(crate) config: ConsumerConfig,
    pub(crate) delivered: Delivered,
    /// Matching messages that it has not delivered yet.
    #[serde(default)]
    pub(crate) num_pending: u64,
    /// Deliveries that wait for their outcome.
    #[serde(default)]
    pub(crate) num_ack_pending: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Delivered {
    pub(crate) stream_seq: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ConsumerConfig {
    #[serde(default)]
    filter_subject: String,
    #[serde(default)]
    filter_subjects: Vec<String>,
    #[serde(default)]
    pub(crate) ack_policy: String,
    /// Nanoseconds.
    #[serde(default)]
    ack_wait: u64,
    #[serde(default)]
    pub(crate) max_deliver: i64,
    #[serde(default)]
    pub(crate) max_ack_pending: i64,
}

impl ConsumerConfig {
    /// The subjects that it delivers; none means all of the stream.
    pub(crate) fn filters(&self) -> Vec<String> {
        match self.filter_subject.as_str() {
            "" => self.filter_subjects.clone(),
            filter => vec![filter.to_owned()],
        }
    }

    pub(crate) fn ack_wait(&self) -> Duration {
        if self.ack_wait == 0 {
            Duration::from_secs(30)
        } else {
            Duration::from_nanos(self.ack_wait)
        }
    }
}

/// Nanoseconds of a duration, as JetStream writes durations.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes where a consumer starts into its configuration.
pub fn start_of(start: Start, config: &mut Value) -> Result<(), Error> {
    let time = |time: chrono::DateTime<chrono::Utc>| {
        let text = time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        ("by_start_time", Some(("opt_start_time", json!(text))))
    };
    let no_time = |text: String| Error::Server {
        what: "starting a consumer".to_owned(),
        code: 0,
        description: format!("{text} is no RFC 3339 timestamp"),
    };
    let (policy, option) = match start {
        Start::All => ("all", None),
        Start::New => ("new", None),
        Start::Sequence(sequence) => (
            "by_start_sequence",
            Some(("opt_start_seq", json!(sequence))),
        ),
        Start::At(text) => time(text.parse().map_err(|_| no_time(text.to_owned()))?),
        Start::AtUnixMillis(millis) => time(
            chrono::DateTime::from_timestamp_millis(millis)
                .ok_or_else(|| no_time(millis.to_string()))?,
        ),
    };
    config["deliver_policy"] = json!(policy);
    if let Some((name, value)) = option {
        config[name] = value;
    }
    Ok(())
}

/// Writes the filters of a consumer into its configuration.
pub fn set_filters(config: &mut Value, filters: &[String]) {
    let Some(config) = config.as_object_mut() else {
        return;
    };
    config.remove("filter_subject");
    config.remove("filter_subjects");
    match filters {
        [] => {}
        [one] => {
            config.insert("filter_subject".to_owned(), json!(one));
        }
        many => {
            config.insert("filter_subjects".to_owned(), json!(many));
        }
    }
}

impl Bus {
    /// Asks JetStream's API, for operators' tools; a service has no need of it. `subject` is what follows the API's
    /// prefix: `bus.api("STREAM.INFO.ORDERS", &json!({}))`. A refusal for permissions is an error at once, where
    /// async-nats waits for an answer that never comes.
    ///
    /// # Errors
    /// [`Error::Server`] with the server's own code (503 when nobody answers), [`Error::Refused`], [`Error::NoAnswer`],
    /// [`Error::Closed`].
    pub async fn api<T: DeserializeOwned>(
        &self,
        subject: impl Into<String>,
        request: &impl Serialize,
    ) -> Result<T, Error> {
        let subject: String = subject.into();
        let full = format!("{}.{subject}", self.inner.config.api_prefix());
        self.has_server(&full)?;
        let mark = self.inner.events.mark();
        let answer = self
            .jetstream()
            .request::<_, _, Value>(subject.clone(), request);
        let refused = self
            .inner
            .events
            .refused(mark, |operation| is_publish_to(operation, &full));
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            operation = refused => return Err(Error::Refused { operation }),
        };
        let failed = |code: u64, description: String| Error::Server {
            what: subject.clone(),
            code,
            description,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                return Err(match error.kind() {
                    RequestErrorKind::TimedOut => Error::NoAnswer {
                        what: subject.clone(),
                        after: self.inner.config.request_timeout,
                    },
                    RequestErrorKind::NoResponders => failed(
                        NOBODY_ANSWERS,
                        "nobody answers: JetStream is not enabled here, or not ready yet"
                            .to_owned(),
                    ),
                    _ => Error::Closed,
                });
            }
        };
        if let Some(error) = answer.get("error") {
            let code = error
                .get("err_code")
                .or(error.get("code"))
                .and_then(Value::as_u64)
                .unwrap_or_default();
            let description = error
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or("an error without a text");
            return Err(failed(code, description.to_owned()));
        }
        serde_json::from_value(answer)
            .map_err(|error| failed(0, format!("something that cannot be read: {error}")))
    }

    /// Reads a consumer.
    pub(crate) async fn consumer(
        &self,
        stream: &str,
        durable: &str,
    ) -> Result<ConsumerInfo, Error> {
        self.api(format!("CONSUMER.INFO.{stream}.{durable}"), &json!({}))
            .await
    }
}

/// Returns true if the error says that the consumer or the stream does not exist.
pub(crate) fn is_not_found(error: &Error) -> bool {
    matches!(
        error,
        Error::Server {
            code: CONSUMER_NOT_FOUND | STREAM_NOT_FOUND,
            ..
        }
    )
}
