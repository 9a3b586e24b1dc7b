//! Who is connected with whom, collected once: publishers, subscribers, successors and users of types. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Checked;
use crate::model::{Body, DomainId, EventId, Service, ServiceId, TypeId, TypeKind};

/// Events from which on a browser lays out only what is near the window.
pub(super) const MANY: usize = 60;

/// The contracts and their connections the other way round.
pub(super) struct Index<'a> {
    pub(super) contracts: &'a Checked,
    publishers: Vec<Vec<ServiceId>>,
    subscribers: Vec<Vec<ServiceId>>,
    /// By service: what it handles, and the newer event as which it does.
    handled: Vec<Vec<(EventId, Option<EventId>)>>,
    successors: Vec<Vec<EventId>>,
    users: Vec<Vec<User>>,
    variants: Vec<Option<(TypeId, usize)>>,
    owners: BTreeMap<TypeId, TypeId>,
    /// The types that events and declared types lead to.
    reached: BTreeSet<TypeId>,
}

/// What has a field of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// An event.
    Event(EventId),
    /// A type, or the union that it is a variant of.
    Type(TypeId),
}

impl<'a> Index<'a> {
    pub(super) fn new(contracts: &'a Checked) -> Self {
        let events = contracts.events.len();
        let types = contracts.types.len() + contracts.imported.len();
        let mut index = Self {
            contracts,
            publishers: vec![Vec::new(); events],
            subscribers: vec![Vec::new(); events],
            handled: contracts
                .services
                .iter()
                .map(|s| handled(contracts, s))
                .collect(),
            successors: vec![Vec::new(); events],
            users: vec![Vec::new(); types],
            variants: vec![None; types],
            owners: contracts.owners(),
            reached: reached(contracts),
        };
        index.add_services();
        index.add_events();
        index.add_types();
        index
    }

    /// The services that publish an event, in the order of the model.
    pub(super) fn publishers(&self, event: EventId) -> &[ServiceId] {
        &self.publishers[event.0]
    }

    /// The services that handle an event, as it is or as a newer one, in the order of the model.
    pub(super) fn subscribers(&self, event: EventId) -> &[ServiceId] {
        &self.subscribers[event.0]
    }

    /// The events that replace an event.
    pub(super) fn successors(&self, event: EventId) -> &[EventId] {
        &self.successors[event.0]
    }

    /// Users of a type, each once.
    pub(super) fn users(&self, ty: TypeId) -> &[User] {
        &self.users[ty.0]
    }

    /// The union that a type is a variant of, and which one.
    pub(super) fn variant_of(&self, ty: TypeId) -> Option<(TypeId, usize)> {
        self.variants[ty.0]
    }

    /// The events that a service publishes, each once.
    pub(super) fn publishes(&self, service: ServiceId) -> Vec<EventId> {
        once(
            self.contracts[service]
                .publishes
                .iter()
                .filter_map(|e| e.value),
        )
    }

    /// The events that a service handles, each once: those that it subscribes to, and the older ones that these replace.
    pub(super) fn subscribes(&self, service: ServiceId) -> Vec<EventId> {
        let handled = self.handled[service.0].iter();
        handled.map(|(event, _)| *event).collect()
    }

    /// The newer event as which a service handles an event; nothing when it handles it as it is.
    pub(super) fn handled_as(&self, service: ServiceId, event: EventId) -> Option<EventId> {
        let mut handled = self.handled[service.0].iter();
        handled.find(|(known, _)| *known == event)?.1
    }

    /// Every event, in the order of the model.
    pub(super) fn events(&self) -> impl Iterator<Item = EventId> + use<> {
        (0..self.contracts.events.len()).map(EventId)
    }

    /// Every type with a page, in the order of the model: of imported ones what others lead to.
    pub(super) fn types(&self) -> impl Iterator<Item = TypeId> + '_ {
        let all = (0..self.users.len()).map(TypeId);
        all.filter(|id| self.page(*id) == *id && self.reached.contains(id))
    }

    /// The types of a domain; those of JSON Schemas are in none.
    pub(super) fn of_domain(&self, domain: Option<DomainId>) -> impl Iterator<Item = TypeId> + '_ {
        self.types().filter(move |id| {
            let ty = &self.contracts[*id];
            domain == ty.body.origin.is_none().then_some(ty.domain)
        })
    }

    /// The type on whose page a type is: an imported one is on that of the type that gives it a name.
    pub(super) fn page(&self, id: TypeId) -> TypeId {
        self.owners.get(&id).copied().unwrap_or(id)
    }

    /// The values of a type, which an imported one behind its name says.
    pub(super) fn body(&self, id: TypeId) -> &'a Body {
        let body = &self.contracts[id].body;
        let renamed = self.contracts.renamed(body);
        renamed.map_or(body, |id| &self.contracts[id].body)
    }

    /// Every service, in the order of the model.
    pub(super) fn services(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.contracts.services.len()).map(ServiceId)
    }

    fn add_services(&mut self) {
        for service in self.services() {
            for event in self.publishes(service) {
                self.publishers[event.0].push(service);
            }
            for event in self.subscribes(service) {
                self.subscribers[event.0].push(service);
            }
        }
    }

    fn add_events(&mut self) {
        let contracts = self.contracts;
        for id in self.events() {
            let event = &contracts[id];
            if let Some(old) = event.supersedes.as_ref().and_then(|old| old.value) {
                self.successors[old.0].push(id);
            }
            self.add_users(User::Event(id), &event.body);
        }
    }

    fn add_types(&mut self) {
        for id in self.types().collect::<Vec<_>>() {
            match &self.body(id).kind {
                TypeKind::Union(union) => {
                    for (at, variant) in union.variants.iter().enumerate() {
                        if let Some(ty) = variant.ty.value {
                            self.variants[ty.0] = Some((id, at));
                        }
                    }
                }
                _ => self.add_users(User::Type(id), self.body(id)),
            }
        }
    }

    fn add_users(&mut self, user: User, body: &Body) {
        let mut held = Vec::new();
        body.held(&mut held);
        for id in held {
            let page = self.page(id);
            let users = &mut self.users[page.0];
            // One user's fields come one after the other: the last one is enough to see that it is there already.
            if user != User::Type(id) && users.last() != Some(&user) {
                users.push(user);
            }
        }
    }
}

fn reached(contracts: &Checked) -> BTreeSet<TypeId> {
    let mut open: Vec<TypeId> = (0..contracts.types.len()).map(TypeId).collect();
    let events = contracts.events.iter();
    events.for_each(|event| event.body.held(&mut open));
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            contracts[id].body.held(&mut open);
        }
    }
    reached
}

/// What a service is delivered, each with the event at the end of its chain when that is another one.
fn handled(contracts: &Checked, service: &Service) -> Vec<(EventId, Option<EventId>)> {
    let mut newest = None;
    let delivered = contracts.delivered(service).into_iter();
    let handled = delivered.map(|delivered| match delivered.newer {
        None => {
            newest = Some(delivered.event);
            (delivered.event, None)
        }
        Some(_) => (delivered.event, newest),
    });
    handled.collect()
}

/// Keeps the first of each; lists of one service are short enough to be sorted by position.
fn once(events: impl Iterator<Item = EventId>) -> Vec<EventId> {
    let mut seen = BTreeSet::new();
    events.filter(|event| seen.insert(*event)).collect()
}
