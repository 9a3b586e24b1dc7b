//! The resets that bring events behind a durable's position to it: the command, and what it costs.

use std::collections::BTreeMap;

use event_operate::filters_of;
use event_runtime::{Bus, Error};
use serde_json::{Value, json};

use crate::advice::command;
use crate::behind::{Behind, begins};
use crate::jetstream::{ConsumerInfo, count_from};
use crate::units::count;
use crate::wanted::WantedDurable;

/// One reset, of all durables that a service has on a stream.
pub(crate) struct Reset {
    service: String,
    stream: String,
    to: String,
    /// How many events before its position the service is delivered besides, nearly all of them a second time; nothing where it cannot be counted.
    again: Option<u64>,
}

impl Reset {
    /// The command.
    pub(crate) fn command(&self) -> String {
        let Self {
            service,
            stream,
            to,
            ..
        } = self;
        command(&format!(
            "services reset {service} --to {to} --stream {stream}"
        ))
    }

    /// What it costs.
    pub(crate) fn costs(&self) -> String {
        let again = match self.again {
            Some(n) => format!("{} events", count(n)),
            None => "the events".to_owned(),
        };
        format!(
            "{again} before the position of {} will be redelivered",
            self.service
        )
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "service": self.service,
            "stream": self.stream,
            "to": self.to,
            "deliveredAgain": self.again,
            "command": self.command(),
        })
    }
}

/// Resets as they come up, durable by durable.
#[derive(Default)]
pub(crate) struct Resets(BTreeMap<(String, String), Reset>);

impl Resets {
    /// Takes in what lies behind a durable.
    pub(crate) async fn add(
        &mut self,
        bus: &Bus,
        wanted: &WantedDurable,
        (there, retention): (&ConsumerInfo, &str),
        behind: &[Behind],
    ) -> Result<(), Error> {
        let Some((start, to)) = begins(wanted).filter(|_| !behind.is_empty()) else {
            return Ok(());
        };
        // What is handled is gone from a work queue.
        let again = match retention {
            "workqueue" => Some(there.num_ack_pending),
            _ => {
                let filters = filters_of(&there.config);
                let all = count_from(bus, &wanted.stream, &filters, start).await?;
                all.map(|all| all.saturating_sub(there.num_pending))
            }
        };
        let of = (wanted.service.clone(), wanted.stream.clone());
        let reset = self.0.entry(of).or_insert_with(|| Reset {
            service: wanted.service.clone(),
            stream: wanted.stream.clone(),
            to,
            again: Some(0),
        });
        reset.again = reset.again.zip(again).map(|(a, b)| a + b);
        Ok(())
    }

    pub(crate) fn all(self) -> Vec<Reset> {
        self.0.into_values().collect()
    }
}
