//! Whether anybody reads what is sent to a service again: its durable for redrives, as the server has it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::SecondsFormat;
use event_codegen::check::Checked;
use event_codegen::json::Json;
use event_runtime::streams::redrive_durable;
use event_runtime::{Bus, DEAD_LETTERS, Error, Timestamp};
use tokio::time::sleep;

use crate::advice::command;
use crate::jetstream::{self, ConsumerInfo};
use crate::message::visible;
use crate::terminal::ago;
use crate::units::duration;

/// A listener may be between two of its requests: so often, and so far apart, is asked before nobody is said to listen.
const LOOKS: u32 = 4;
const BETWEEN: Duration = Duration::from_millis(100);

/// The services of the letters, each asked once.
pub(super) struct Readers<'a> {
    bus: &'a Bus,
    contracts: &'a Checked,
    known: BTreeMap<String, RedriveReader>,
}

/// Who reads a service's redrives.
pub(super) enum RedriveReader {
    /// There is no durable: nothing can be sent.
    Missing(String),
    /// Somebody listens, or is busy with what it was delivered.
    Listens,
    /// Nobody asks for any; what is sent waits.
    Nobody {
        /// The last delivery or acknowledgement that the server knows of.
        last: Option<Timestamp>,
        /// Number of deliveries that are not acknowledged.
        in_hand: u64,
        /// How long it is paused for, as contracts write it.
        paused: Option<String>,
    },
}

impl<'a> Readers<'a> {
    pub(super) fn new(bus: &'a Bus, contracts: &'a Checked) -> Self {
        Self {
            bus,
            contracts,
            known: BTreeMap::new(),
        }
    }

    pub(super) async fn of(&mut self, service: &str) -> Result<&RedriveReader, Error> {
        if !self.known.contains_key(service) {
            let reader = self.ask(service).await?;
            self.known.insert(service.to_owned(), reader);
        }
        Ok(self.known.get(service).unwrap_or(&RedriveReader::Listens))
    }

    async fn ask(&self, service: &str) -> Result<RedriveReader, Error> {
        let durable = redrive_durable(service);
        let mut looks = 1;
        loop {
            let Some(info) = jetstream::consumer(self.bus, DEAD_LETTERS, &durable).await? else {
                return Ok(RedriveReader::Missing(self.missing(service)));
            };
            match RedriveReader::seen(&info) {
                RedriveReader::Nobody { paused: None, .. } if looks < LOOKS => looks += 1,
                reader => return Ok(reader),
            }
            sleep(BETWEEN).await;
        }
    }

    /// Why there is no durable, and what to do.
    fn missing(&self, service: &str) -> String {
        let mut services = self.contracts.services.iter();
        let own = services.find(|own| own.name.value == service);
        let help = match own.map(|own| self.contracts.durables(own).is_empty()) {
            Some(false) => &*format!("`{}` makes it", command("streams apply")),
            Some(true) => "it subscribes to no stored event in these contracts",
            None => "it is not in these contracts; use the contracts that define it",
        };
        format!("the service {service} has no durable for redrives: {help}")
    }

    /// The services that nobody reads for, each as a sentence.
    pub(super) fn warnings(&self) -> Vec<String> {
        let all = self.known.iter();
        all.filter_map(|(service, reader)| reader.warning(service))
            .collect()
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Json {
        let all = self.known.iter();
        Json::list(all.filter_map(|(service, reader)| reader.json(service)))
    }
}

impl RedriveReader {
    fn seen(info: &ConsumerInfo) -> Self {
        let last = info.delivered.last_active.max(info.ack_floor.last_active);
        let in_hand = info.num_ack_pending;
        if info.paused {
            let nanos = i64::try_from(info.pause_remaining).unwrap_or(i64::MAX);
            let paused = Some(duration(nanos - nanos % 1_000_000_000));
            return Self::Nobody {
                last,
                in_hand,
                paused,
            };
        }
        // What is in hand for longer than it may be is in nobody's hand any more.
        let ack_wait = info.config["ack_wait"].as_u64().unwrap_or(0);
        let since = last.map(|last| (chrono::Utc::now() - last).num_nanoseconds());
        let fresh = since.is_some_and(|since| {
            let since = since.unwrap_or(i64::MAX);
            u64::try_from(since).unwrap_or(0) <= ack_wait
        });
        match info.num_waiting > 0 || (in_hand > 0 && fresh) {
            true => Self::Listens,
            false => Self::Nobody {
                last,
                in_hand,
                paused: None,
            },
        }
    }

    fn warning(&self, service: &str) -> Option<String> {
        let Self::Nobody {
            last,
            in_hand,
            paused,
        } = self
        else {
            return None;
        };
        let durable = format!("{DEAD_LETTERS}/{}", redrive_durable(service));
        let last = match last {
            Some(last) => format!("last active {} ago", ago(*last)),
            None => "never active, as far as the server knows".to_owned(),
        };
        let text = match paused {
            None if *in_hand > 0 => format!(
                "{durable} has no waiting pull request ({in_hand} in flight, {last}): {service} is busy or stopped; redriven events stay pending until it pulls again; see `{}`",
                command("services list")
            ),
            Some(time) => format!(
                "{durable} is paused for {time} ({last}): events redriven to {service} stay pending until then, or until \
                 `{}`",
                command(&format!("services resume {service}"))
            ),
            None => format!(
                "{durable} has no consumer ({last}): redriven events stay pending until {service} runs; start it, and see \
                 `{}`",
                command("services list")
            ),
        };
        Some(visible(&text))
    }

    fn json(&self, service: &str) -> Option<Json> {
        let Self::Nobody {
            last,
            in_hand,
            paused,
        } = self
        else {
            return None;
        };
        let last = last.map(|last| last.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        Some(Json::object([
            ("service", Json::text(service)),
            ("durable", Json::text(redrive_durable(service))),
            ("lastActive", last.map_or(Json::Null, Json::Text)),
            ("inHand", Json::integer(*in_hand)),
            ("paused", Json::Bool(paused.is_some())),
        ]))
    }
}
