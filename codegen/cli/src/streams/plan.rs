//! What a server lacks against the contracts, item by item. Reads, compares and counts; writes nothing.

use std::collections::BTreeMap;

use event_runtime::{Bus, DEAD_LETTERS, Error};
use serde_json::Value;

use super::leftover::{is_leftover, leftover_durables, leftover_streams};
use super::loss;
use super::reset::{Reset, Resets};
use super::setting::{self, Difference, Effect, Setting};
use super::subjects::overlap;
use crate::behind::{self, Behind};
use crate::jetstream::{self, ConsumerInfo, StreamInfo, metadata, text};
use crate::units;
use crate::wanted::{HASH, Wanted, WantedDurable, WantedStream, subjects_of};

/// Everything that differs, and what else is worth knowing.
pub(crate) struct Plan {
    pub(crate) items: Vec<Item>,
    /// What brings the events that lie behind a durable's position to it, once the items are done.
    pub(crate) resets: Vec<Reset>,
}

/// One stream or durable.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    pub(crate) stream: String,
    /// The durable's name; nothing for a stream.
    pub(crate) durable: Option<String>,
    pub(crate) action: Action,
    /// Differences, when both sides have it.
    pub(crate) differences: Vec<Difference>,
    /// Losses: none of them is done without confirmation.
    pub(crate) losses: Vec<String>,
    /// Notes.
    pub(crate) notes: Vec<String>,
    /// Stored events that a durable does not deliver when it gets their filter now.
    pub(crate) behind: Vec<Behind>,
    /// Configuration that the contracts want.
    pub(crate) wanted: Option<Value>,
    /// Configuration that the server had when this was made.
    pub(crate) there: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Stream,
    Durable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Change,
    Remove,
    /// It cannot be made: what is there, and is not ours, is in the way.
    Conflict,
    /// It is there, is not in these contracts, and stays.
    Foreign,
    /// It is in sync.
    Keep,
}

impl Item {
    pub(super) fn new(kind: ItemKind, stream: &str, durable: Option<&str>, action: Action) -> Self {
        Self {
            kind,
            stream: stream.to_owned(),
            durable: durable.map(str::to_owned),
            action,
            differences: Vec::new(),
            losses: Vec::new(),
            notes: Vec::new(),
            behind: Vec::new(),
            wanted: None,
            there: None,
        }
    }

    /// `<stream>` or `<stream>/<durable>`.
    pub(crate) fn name(&self) -> String {
        match &self.durable {
            Some(durable) => format!("{}/{durable}", self.stream),
            None => self.stream.clone(),
        }
    }

    /// Returns whether apply writes something for it.
    pub(crate) fn is_change(&self) -> bool {
        match self.action {
            Action::Create | Action::Remove => true,
            Action::Change => self.differences.iter().any(Difference::is_possible),
            Action::Conflict | Action::Foreign | Action::Keep => false,
        }
    }

    /// Returns whether something of it is impossible.
    pub(crate) fn is_stuck(&self) -> bool {
        self.action == Action::Conflict || self.differences.iter().any(|d| !d.is_possible())
    }

    fn wants(mut self, wanted: &Value, there: Option<&Value>) -> Self {
        self.wanted = Some(wanted.clone());
        self.there = there.cloned();
        self
    }
}

impl Difference {
    pub(crate) fn is_possible(&self) -> bool {
        !matches!(self.effect, Effect::Cannot(_))
    }
}

impl Plan {
    /// Compares a server with what is wanted of it.
    pub(crate) async fn make(bus: &Bus, wanted: &Wanted) -> Result<Self, Error> {
        let there = jetstream::streams(bus).await?;
        let by_name: BTreeMap<&str, &StreamInfo> = there.iter().map(|s| (s.name(), s)).collect();
        let (mut items, mut resets) = (Vec::new(), Resets::default());
        for stream in &wanted.streams {
            let found = by_name.get(stream.name.as_str()).copied();
            let mut item = stream_item(stream, found);
            item.moves_within(wanted);
            item.conflicts(wanted, &there);
            if let Some(found) = found {
                loss::of_stream(bus, &mut item, found, &stream.keyed).await?;
            }
            items.push(item);
        }
        items.extend(leftover_streams(wanted, &there));
        for stream in &wanted.streams {
            let consumers = match by_name.get(stream.name.as_str()) {
                Some(_) => jetstream::consumers(bus, &stream.name).await?,
                None => Vec::new(),
            };
            let blocked = items
                .iter()
                .any(|item| item.stream == stream.name && item.action == Action::Conflict);
            let retention = text(&stream.config, "retention");
            let of = wanted.durables.iter().filter(|d| d.stream == stream.name);
            for durable in of {
                let found = consumers.iter().find(|c| c.name == durable.name);
                let mut item = durable_item(durable, found);
                item.moves_within(wanted);
                if blocked && item.is_change() {
                    item.action = Action::Conflict;
                    item.notes
                        .push("its stream cannot be provisioned as it requires".to_owned());
                }
                if let Some(found) = found {
                    loss::of_durable(bus, &mut item, found).await?;
                    item.behind = behind::lacking(bus, durable, found).await?;
                    let found = (found, retention);
                    resets.add(bus, durable, found, &item.behind).await?;
                }
                items.push(item);
            }
            items.extend(leftover_durables(wanted, stream, &consumers, retention));
        }
        let resets = resets.all();
        Ok(Self { items, resets })
    }

    /// Compares what a service's own user may see of a server: the state of its durables. Also the requests for it that
    /// were refused.
    pub(crate) async fn of_service(
        bus: &Bus,
        wanted: &Wanted,
        service: &str,
    ) -> Result<(Self, Vec<String>), Error> {
        let (mut items, mut refused) = (Vec::new(), Vec::new());
        let asked = |durable: &WantedDurable| {
            let (api, stream, name) = (bus.api_prefix(), &durable.stream, &durable.name);
            format!("{api}.CONSUMER.INFO.{stream}.{name}")
        };
        for durable in wanted.durables_of(service) {
            match jetstream::consumer(bus, &durable.stream, &durable.name).await {
                Ok(found) => items.push(durable_item(durable, found.as_ref())),
                Err(Error::Refused { .. }) => refused.push(asked(durable)),
                // An account of its own has only what it imports.
                Err(Error::Server { code: 503, .. }) => {
                    let mut item = durable_item(durable, None);
                    item.action = Action::Conflict;
                    item.notes.push(format!(
                        "no responder for {}: the account has no JetStream and does not import it, or NATS_JS_DOMAIN is wrong",
                        asked(durable)
                    ));
                    items.push(item);
                }
                Err(error) => return Err(error),
            }
        }
        let resets = Vec::new();
        Ok((Self { items, resets }, refused))
    }

    /// Returns whether the server is as the contracts want it.
    pub(crate) fn in_sync(&self) -> bool {
        !self
            .items
            .iter()
            .any(|item| item.is_change() || item.is_stuck())
    }

    pub(crate) fn count(&self, action: Action) -> usize {
        self.items
            .iter()
            .filter(|item| item.action == action)
            .count()
    }

    /// Counts the losses.
    pub(crate) fn needs_yes(&self) -> usize {
        let lossy = |item: &&Item| item.is_change() && !item.losses.is_empty();
        self.items.iter().filter(lossy).count()
    }
}

fn stream_item(stream: &WantedStream, there: Option<&StreamInfo>) -> Item {
    let Some(there) = there else {
        return Item::new(ItemKind::Stream, &stream.name, None, Action::Create)
            .wants(&stream.config, None);
    };
    let shared = stream.name == DEAD_LETTERS;
    let differences = setting::of_stream(&stream.config, &there.config, shared);
    let action = match differences.as_slice() {
        [] => Action::Keep,
        _ => Action::Change,
    };
    let mut item = Item::new(ItemKind::Stream, &stream.name, None, action)
        .wants(&stream.config, Some(&there.config));
    item.differences = differences;
    item.origin();
    let flag = |key: &str| {
        there
            .config
            .get(key)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    if flag("sealed") {
        item.notes
            .push("it is sealed: nothing can be published to it any more".to_owned());
    }
    if flag("no_ack") {
        item.notes
            .push("it acknowledges nothing (`no_ack`): every publish fails".to_owned());
    }
    if there
        .config
        .get("mirror")
        .is_some_and(|mirror| !mirror.is_null())
    {
        item.notes
            .push("it is a mirror: nothing can be published to it".to_owned());
    }
    item.notes.extend(loss::full(there));
    item
}

fn durable_item(durable: &WantedDurable, there: Option<&ConsumerInfo>) -> Item {
    let new = |action| {
        Item::new(
            ItemKind::Durable,
            &durable.stream,
            Some(&durable.name),
            action,
        )
    };
    let Some(there) = there else {
        return new(Action::Create).wants(&durable.config, None);
    };
    let differences = setting::of_durable(&durable.config, &there.config);
    let action = match differences.as_slice() {
        [] => Action::Keep,
        _ => Action::Change,
    };
    let mut item = new(action).wants(&durable.config, Some(&there.config));
    item.differences = differences;
    item.origin();
    if !text(&there.config, "deliver_subject").is_empty() {
        item.notes.push(
            "it pushes (`deliver_subject`), and services pull: delete it (`nats consumer rm`) and apply again".to_owned(),
        );
    }
    if there.paused {
        let left = i64::try_from(there.pause_remaining).unwrap_or(i64::MAX);
        let left = units::duration(left - left % 1_000_000_000);
        item.notes.push(format!("it is paused for another {left}"));
    }
    item
}

impl Item {
    /// Returns whether it was changed by hand, or the contracts have changed.
    fn origin(&mut self) {
        let hash = |config: &Option<Value>| {
            let config = config.as_ref()?;
            metadata(config, HASH).map(str::to_owned)
        };
        let about_settings = self.differences.iter().any(|d| d.setting != Setting::Owner);
        if about_settings && hash(&self.there).is_some() && hash(&self.there) == hash(&self.wanted)
        {
            self.notes.push(
                "the contracts have not changed since the last apply: the server was changed by hand"
                    .to_owned(),
            );
        }
    }

    /// From one domain of these contracts to another nothing is taken over from anybody.
    fn moves_within(&mut self, wanted: &Wanted) {
        let ours = self
            .there
            .as_ref()
            .is_some_and(|there| is_leftover(wanted, there));
        for difference in &mut self.differences {
            if ours && difference.setting == Setting::Owner {
                difference.effect = Effect::Free;
            }
        }
    }

    /// What is on the server, is not ours, and has subjects that this stream needs.
    fn conflicts(&mut self, wanted: &Wanted, there: &[StreamInfo]) {
        let Some(config) = &self.wanted else { return };
        let gains_subjects = self.action == Action::Create
            || self
                .differences
                .iter()
                .any(|d| d.setting == Setting::Subjects);
        if !gains_subjects {
            return;
        }
        let own = subjects_of(config);
        for other in there.iter().filter(|other| other.name() != self.stream) {
            // What these contracts move or take away themselves is not in the way.
            if wanted.streams.iter().any(|s| s.name == other.name())
                || is_leftover(wanted, &other.config)
            {
                continue;
            }
            for theirs in subjects_of(&other.config) {
                if let Some(ours) = own.iter().find(|ours| overlap(ours, &theirs)) {
                    self.action = Action::Conflict;
                    self.notes.push(format!(
                        "{ours} overlaps with {theirs} of the stream {}, which is not ours: change one of the two, or \
                         give that stream's events to these contracts",
                        other.name()
                    ));
                }
            }
        }
    }
}
