//! What one service needs of the server: the subjects that the runtime uses for its events and durables.

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::model::{EventId, ServiceId};

/// The stream of dead letters.
pub(super) const DEAD_LETTERS: &str = "DEAD_LETTERS";

/// Prefix of requests to JetStream.
pub(super) const API: &str = "$JS.API";

/// Subject at which a server tells a user its own permissions: with that `event-contracts streams plan --service` verifies them.
const OWN_PERMISSIONS: &str = "$SYS.REQ.USER.INFO";

/// Needs of one service.
pub(super) struct Grants<'a> {
    pub(super) service: &'a str,
    pub(super) group: &'a str,
    /// Subjects of the stored events that it publishes, `*` for each placeholder.
    pub(super) stores: BTreeSet<String>,
    /// Subjects of the ephemeral events that it publishes.
    pub(super) emits: BTreeSet<String>,
    /// Subjects of the ephemeral events that it handles, in its queue group.
    pub(super) hears: BTreeSet<String>,
    /// Streams and the durables on them that it consumes, the one for redriven dead letters among them.
    pub(super) durables: BTreeSet<(String, String)>,
}

impl<'a> Grants<'a> {
    pub(super) fn new(contracts: &'a Checked, id: ServiceId) -> Self {
        let service = &contracts[id];
        let mut grants = Self {
            service: &service.name,
            group: service.group(),
            stores: BTreeSet::new(),
            emits: BTreeSet::new(),
            hears: BTreeSet::new(),
            durables: BTreeSet::new(),
        };
        let event = |id: Option<EventId>| id.map(|id| &contracts[id]);
        for event in service
            .publishes
            .iter()
            .filter_map(|named| event(named.value))
        {
            let subjects = match event.stream {
                Some(_) => &mut grants.stores,
                None => &mut grants.emits,
            };
            subjects.insert(event.subject.pattern());
        }
        for delivered in contracts.delivered(service) {
            let event = &contracts[delivered.event];
            if event.stream.is_none() {
                grants.hears.insert(event.subject.pattern());
            }
        }
        grants.durables.extend(
            contracts
                .durables(service)
                .into_iter()
                .map(|durable| (contracts[durable.stream].name.value.clone(), durable.name)),
        );
        if !grants.durables.is_empty() {
            let redrive = format!("redrive-{}", grants.service);
            grants.durables.insert((DEAD_LETTERS.to_owned(), redrive));
        }
        grants
    }

    /// Subject of its dead letters; none when it handles nothing that is stored.
    pub(super) fn dead_letters(&self) -> Option<String> {
        (!self.durables.is_empty()).then(|| format!("dead_letters.{}.>", self.service))
    }

    /// Its inboxes. It also publishes there: a message to itself comes back when the server has read all before it.
    pub(super) fn inbox(&self) -> String {
        format!("_INBOX_{}.>", self.service)
    }

    /// Every subject that it may publish to. `api` is what the requests to JetStream start with.
    pub(super) fn publish(&self, api: &str) -> Vec<String> {
        let mut all: Vec<String> = self.stores.iter().chain(&self.emits).cloned().collect();
        for (stream, durable) in &self.durables {
            all.push(info(api, stream, durable));
            all.push(next(api, stream, durable));
            all.push(ack(stream, durable));
            if api == API {
                // The form with a domain and an account's hash before the stream.
                all.push(format!("$JS.ACK.*.*.{stream}.{durable}.>"));
            }
        }
        all.extend(self.dead_letters());
        all.push(self.inbox());
        all.push(OWN_PERMISSIONS.to_owned());
        all
    }

    /// Every subject that it may subscribe to, with the queue group where it must be in one.
    pub(super) fn subscribe(&self) -> Vec<String> {
        let queued = |subject| format!("{subject} {}", self.group);
        let all = self.hears.iter().map(queued);
        all.chain([self.inbox()]).collect()
    }
}

/// The request for a durable's state.
pub(super) fn info(api: &str, stream: &str, durable: &str) -> String {
    format!("{api}.CONSUMER.INFO.{stream}.{durable}")
}

/// The request for a durable's next messages.
pub(super) fn next(api: &str, stream: &str, durable: &str) -> String {
    format!("{api}.CONSUMER.MSG.NEXT.{stream}.{durable}")
}

/// The outcomes of a durable's messages.
pub(super) fn ack(stream: &str, durable: &str) -> String {
    format!("$JS.ACK.{stream}.{durable}.>")
}
