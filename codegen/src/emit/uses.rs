//! What of a folder comes out: everything, or only what some services publish, handle and reach. Decides; never writes.

use super::checked;
use crate::model::{Contracts, DomainId, EventId, ServiceId, StreamId, TypeId};

/// Selection of what comes out, by index in the model.
#[derive(Debug)]
pub(super) struct Uses {
    /// The services whose modules come out, in the order of the model.
    pub(super) services: Vec<ServiceId>,
    events: Vec<bool>,
    published: Vec<bool>,
    types: Vec<bool>,
    /// Types of which some values break a rule.
    checked: Vec<bool>,
    streams: Vec<bool>,
    domains: Vec<Members>,
    parties: Vec<Parties>,
}

/// Services of the folder that publish or handle an event, in the order of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Parties {
    pub(super) publishers: Vec<ServiceId>,
    /// With the newer event as which each handles it, if that is another one.
    pub(super) handlers: Vec<(ServiceId, Option<EventId>)>,
}

/// The events and types of one domain: all of them, in the order of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    pub(super) events: Vec<EventId>,
    pub(super) types: Vec<TypeId>,
}

impl Uses {
    /// Selects what the named services use; everything when none is named.
    pub(super) fn of(contracts: &Contracts, services: &[ServiceId]) -> Self {
        let all = services.is_empty();
        let mut uses = Self {
            services: (0..contracts.services.len())
                .map(ServiceId)
                .filter(|id| all || services.contains(id))
                .collect(),
            events: vec![all; contracts.events.len()],
            published: vec![all; contracts.events.len()],
            types: vec![false; contracts.types.len() + contracts.imported.len()],
            checked: checked::types(contracts),
            streams: vec![all; contracts.streams.len()],
            domains: members(contracts),
            parties: parties(contracts),
        };
        if all {
            uses.reach((0..contracts.types.len()).map(TypeId).collect(), contracts);
        } else {
            uses.follow(contracts);
        }
        uses.reach_events(contracts);
        if !all {
            // Whose the events are that are written by hand no contract says.
            for (used, stream) in uses.streams.iter_mut().zip(&contracts.streams) {
                *used |= !stream.subjects.is_empty();
            }
        }
        uses
    }

    fn follow(&mut self, contracts: &Contracts) {
        for service in self.services.clone() {
            let service = &contracts[service];
            for event in service.publishes.iter().filter_map(|event| event.value) {
                self.events[event.0] = true;
                self.published[event.0] = true;
            }
            for delivered in contracts.delivered(service) {
                self.events[delivered.event.0] = true;
            }
        }
        for (at, event) in contracts.events.iter().enumerate() {
            if self.events[at]
                && let Some(stream) = event.stream.as_ref().and_then(|stream| stream.value)
            {
                self.streams[stream.0] = true;
            }
        }
    }

    fn reach_events(&mut self, contracts: &Contracts) {
        let events = contracts.events.iter().zip(&self.events);
        let mut open = Vec::new();
        for (event, _) in events.filter(|(_, used)| **used) {
            event.body.held(&mut open);
        }
        self.reach(open, contracts);
    }

    /// Types may nest as deep as they like: no recursion.
    fn reach(&mut self, mut open: Vec<TypeId>, contracts: &Contracts) {
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut self.types[id.0], true) {
                contracts[id].body.held(&mut open);
            }
        }
    }

    /// The events and types of a domain, whether they come out or not.
    pub(super) fn members(&self, domain: DomainId) -> &Members {
        &self.domains[domain.0]
    }

    /// Returns the services that publish and handle an event.
    pub(super) fn parties(&self, id: EventId) -> &Parties {
        &self.parties[id.0]
    }

    /// Returns `true` if an event comes out.
    pub(super) fn event(&self, id: EventId) -> bool {
        self.events[id.0]
    }

    /// Returns `true` if an event can be published by what comes out.
    pub(super) fn published(&self, id: EventId) -> bool {
        self.published[id.0]
    }

    /// Returns `true` if a type comes out.
    pub(super) fn ty(&self, id: TypeId) -> bool {
        self.types[id.0]
    }

    /// Returns `true` if some values of a type break a rule: then it implements `Validate`.
    pub(super) fn checked(&self, id: TypeId) -> bool {
        self.checked[id.0]
    }

    /// Returns `true` if a stream comes out.
    pub(super) fn stream(&self, id: StreamId) -> bool {
        self.streams[id.0]
    }
}

/// One pass over everything, and not one for each domain.
fn members(contracts: &Contracts) -> Vec<Members> {
    let mut domains = vec![Members::default(); contracts.domains.len()];
    for (at, event) in contracts.events.iter().enumerate() {
        domains[event.domain.0].events.push(EventId(at));
    }
    for (at, ty) in contracts.types.iter().enumerate() {
        domains[ty.domain.0].types.push(TypeId(at));
    }
    domains
}

/// One pass over the services, and not one for each event.
fn parties(contracts: &Contracts) -> Vec<Parties> {
    let mut parties = vec![Parties::default(); contracts.events.len()];
    for (at, service) in contracts.services.iter().enumerate() {
        for event in service.publishes.iter().filter_map(|event| event.value) {
            parties[event.0].publishers.push(ServiceId(at));
        }
        let mut newest = None;
        for delivered in contracts.delivered(service) {
            let handled_as = delivered.newer.and(newest);
            if handled_as.is_none() {
                newest = Some(delivered.event);
            }
            let handlers = &mut parties[delivered.event.0].handlers;
            handlers.push((ServiceId(at), handled_as));
        }
    }
    parties
}
