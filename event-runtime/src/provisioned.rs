//! Whether a server has what a listener needs: its streams and durables, as wide as the contract has them.
//!
//! Only reads; asks for all of it at once and reports all that is missing at once.

use std::collections::BTreeMap;

use event_wire::streams::{DEAD_LETTERS, covers, pattern_of, redrive_durable, redrive_filter};
use futures_util::future::join_all;

use crate::api::{
    CONSUMER_NOT_FOUND, ConsumerInfo, NO_JETSTREAM_FOR_ACCOUNT, NOBODY_ANSWERS, STREAM_NOT_FOUND,
};
use crate::durable::Durable;
use crate::error::Error;
use crate::shared::Shared;

/// What a listener wants of a durable.
#[derive(Default)]
struct Wanted {
    filters: Vec<String>,
    /// Whether its events have a key, whose order one delivery at a time keeps.
    keyed: bool,
}

/// Its stream and its name.
type Name = (&'static str, String);

impl Shared {
    /// The durables that the routes need, as the server has them.
    pub(crate) async fn durables(&self) -> Result<Vec<Durable>, Error> {
        let wanted = self.wanted();
        let asked = wanted.iter().map(|((stream, name), wanted)| async move {
            (stream, name, wanted, self.bus.consumer(stream, name).await)
        });
        let mut found = Found::default();
        for (stream, name, wanted, answer) in join_all(asked).await {
            found.add(self, (stream, name), wanted, answer)?;
        }
        found.durables(self.service.name)
    }

    fn wanted(&self) -> BTreeMap<Name, Wanted> {
        let mut all: BTreeMap<Name, Wanted> = BTreeMap::new();
        let group = self.service.queue_group;
        for route in &self.routes {
            let Some(stream) = route.stream else { continue };
            let mut want = |name: String, partition| {
                let wanted = all.entry((stream, name)).or_default();
                wanted.filters.push(pattern_of(route.template, partition));
                wanted.keyed |= partition.is_some();
            };
            match route.partitions {
                None => want(group.to_owned(), None),
                Some(partitions) => {
                    (0..partitions).for_each(|p| want(format!("{group}-p{p}"), Some(p)));
                }
            }
        }
        if !all.is_empty() {
            let name = redrive_durable(self.service.name);
            let filters = vec![redrive_filter(self.service.name)];
            let keyed = false;
            all.insert((DEAD_LETTERS, name), Wanted { filters, keyed });
        }
        all
    }
}

/// What the answers say.
#[derive(Default)]
struct Found {
    durables: Vec<Durable>,
    /// By stream, the durables that are wanted of it.
    missing_streams: BTreeMap<&'static str, Vec<String>>,
    problems: Vec<Error>,
    refused: Vec<String>,
}

impl Found {
    /// An error is one that says nothing about what is there.
    fn add(
        &mut self,
        shared: &Shared,
        (stream, name): (&&'static str, &String),
        wanted: &Wanted,
        answer: Result<ConsumerInfo, Error>,
    ) -> Result<(), Error> {
        let (service, stream) = (shared.service.name, *stream);
        match answer {
            Ok(info) => match unfit(&info, &wanted.filters, wanted.keyed) {
                None => (self.durables).push(Durable::new(stream, name.clone(), &info)),
                Some(problem) => self.problems.push(Error::Unfit {
                    service,
                    stream: stream.to_owned(),
                    durable: name.clone(),
                    problem,
                }),
            },
            Err(Error::Server { code, .. }) if code == STREAM_NOT_FOUND => {
                let durables = self.missing_streams.entry(stream).or_default();
                durables.push(name.clone());
            }
            Err(Error::Server { code, .. }) if code == CONSUMER_NOT_FOUND => {
                self.problems.push(Error::MissingDurable {
                    service,
                    stream: stream.to_owned(),
                    durable: name.clone(),
                });
            }
            Err(Error::Server {
                code, description, ..
            }) if code == NOBODY_ANSWERS || code == NO_JETSTREAM_FOR_ACCOUNT => {
                return Err(Error::NoJetStream {
                    service,
                    servers: shared.bus.inner.config.servers_shown(),
                    reason: description,
                });
            }
            Err(Error::Refused { operation }) => {
                // One refused inbox is the reason of all refusals.
                if !self.refused.contains(&operation) {
                    self.refused.push(operation);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// All durables, or all that is missing.
    fn durables(self, service: &'static str) -> Result<Vec<Durable>, Error> {
        let streams = self.missing_streams.into_iter();
        let streams = streams.map(|(stream, durables)| Error::MissingStream {
            service,
            stream: stream.to_owned(),
            durables,
        });
        let mut problems: Vec<Error> = streams.chain(self.problems).collect();
        if !self.refused.is_empty() {
            let operation = self.refused.join(", ");
            problems.push(Error::Refused { operation });
        }
        match problems.len() {
            0 => Ok(self.durables),
            1 => Err(problems.remove(0)),
            _ => Err(Error::Unprovisioned { service, problems }),
        }
    }
}

/// All that a durable lacks.
fn unfit(info: &ConsumerInfo, filters: &[String], keyed: bool) -> Option<String> {
    let (config, have) = (&info.config, info.config.filters());
    let missing: Vec<&str> = filters
        .iter()
        .filter(|filter| !have.is_empty() && !have.iter().any(|have| covers(have, filter)))
        .map(String::as_str)
        .collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("does not deliver {}", missing.join(", ")));
    }
    if config.ack_policy != "explicit" {
        problems.push(format!(
            "has the ack policy {} and not explicit",
            config.ack_policy
        ));
    }
    if config.max_deliver > 0 {
        problems.push(format!(
            "gives a message up after {} deliveries (max_deliver must be -1)",
            config.max_deliver
        ));
    }
    if keyed && config.max_ack_pending != 1 {
        problems.push(format!(
            "has {} deliveries in flight, and only one keeps the order of its key (max_ack_pending must be 1)",
            config.max_ack_pending
        ));
    }
    (!problems.is_empty()).then(|| problems.join(", and "))
}
