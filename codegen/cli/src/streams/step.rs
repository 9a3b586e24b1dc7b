//! The writes of an apply: which there are, in which order, and what each asks JetStream for.

use event_operate::durable_request;
use serde_json::Value;

use super::plan::{Action, Item, ItemKind};
use super::setting::Setting;
use super::subjects;
use crate::wanted::subjects_of;

/// One write.
pub(super) enum ServerWrite<'a> {
    /// Takes a stream away, with its durables.
    RemoveStream(&'a Item),
    /// Makes a stream.
    CreateStream(&'a Item),
    /// Changes a stream, up to what must wait until its durables are there.
    ChangeStream(&'a Item),
    RemoveDurable(&'a Item),
    WriteDurable(&'a Item),
    /// Changes when a stream lets messages go: first everybody who wants them must be there.
    Retain(&'a Item),
}

/// Subjects leave a stream before another takes them, streams come before their durables, and what makes a stream drop
/// messages comes last.
pub(super) fn order(items: &[Item]) -> Vec<ServerWrite<'_>> {
    let all = || items.iter().filter(|item| item.is_change());
    let of = |kind: ItemKind, action: Action| {
        all().filter(move |item| item.kind == kind && item.action == action)
    };
    let gives_subjects = |item: &&Item| match (&item.wanted, &item.there) {
        (Some(wanted), Some(there)) => subjects::lost(&subjects_of(wanted), &subjects_of(there))
            .is_some_and(|lost| !lost.is_empty()),
        _ => false,
    };
    let retains = |item: &&Item| {
        item.differences
            .iter()
            .any(|d| d.setting == Setting::Retention && d.is_possible())
    };
    let mut changes: Vec<&Item> = of(ItemKind::Stream, Action::Change).collect();
    changes.sort_by_key(|item| !gives_subjects(item));
    let mut steps: Vec<ServerWrite<'_>> = Vec::new();
    steps.extend(of(ItemKind::Durable, Action::Remove).map(ServerWrite::RemoveDurable));
    steps.extend(of(ItemKind::Stream, Action::Remove).map(ServerWrite::RemoveStream));
    steps.extend(changes.into_iter().map(ServerWrite::ChangeStream));
    steps.extend(of(ItemKind::Stream, Action::Create).map(ServerWrite::CreateStream));
    let durables =
        all().filter(|item| item.kind == ItemKind::Durable && item.action != Action::Remove);
    steps.extend(durables.map(ServerWrite::WriteDurable));
    steps.extend(
        of(ItemKind::Stream, Action::Change)
            .filter(retains)
            .map(ServerWrite::Retain),
    );
    steps
}

impl ServerWrite<'_> {
    pub(super) fn item(&self) -> &Item {
        match self {
            ServerWrite::RemoveStream(item)
            | ServerWrite::CreateStream(item)
            | ServerWrite::ChangeStream(item)
            | ServerWrite::RemoveDurable(item)
            | ServerWrite::WriteDurable(item)
            | ServerWrite::Retain(item) => item,
        }
    }

    pub(super) fn name(&self) -> String {
        let item = self.item();
        let kind = match item.kind {
            ItemKind::Stream => "stream",
            ItemKind::Durable => "durable",
        };
        format!("{kind} {}", item.name())
    }

    /// Returns whether the change of the retention is another step's.
    pub(super) fn leaves_retention(&self) -> bool {
        matches!(self, ServerWrite::ChangeStream(_))
    }

    /// What it asks JetStream for.
    pub(super) fn request(&self, exists: bool) -> String {
        let item = self.item();
        let (stream, durable) = (&item.stream, item.durable());
        match self {
            ServerWrite::RemoveStream(_) => format!("STREAM.DELETE.{stream}"),
            ServerWrite::RemoveDurable(_) => format!("CONSUMER.DELETE.{stream}.{durable}"),
            ServerWrite::WriteDurable(_) => {
                let wanted = item.wanted.as_ref().unwrap_or(&Value::Null);
                durable_request(stream, durable, wanted)
            }
            ServerWrite::CreateStream(_)
            | ServerWrite::ChangeStream(_)
            | ServerWrite::Retain(_) => {
                let verb = if exists { "UPDATE" } else { "CREATE" };
                format!("STREAM.{verb}.{stream}")
            }
        }
    }

    pub(super) fn done(&self) -> String {
        let verb = match (self, self.item().action) {
            (ServerWrite::RemoveStream(_) | ServerWrite::RemoveDurable(_), _) => "removed",
            (ServerWrite::CreateStream(_), _) | (ServerWrite::WriteDurable(_), Action::Create) => {
                "created"
            }
            (ServerWrite::Retain(_), _) => "retention changed",
            _ => "changed",
        };
        format!("{}: {verb}", self.name())
    }
}

/// The requests that an apply of these makes, each with what for.
pub(super) fn requests(items: &[Item]) -> Vec<(String, Vec<String>)> {
    order(items)
        .iter()
        // The last step of a stream is a change like the first.
        .filter(|step| !matches!(step, ServerWrite::Retain(_)))
        .map(|step| {
            let item = step.item();
            let info = match item.kind {
                ItemKind::Stream => format!("STREAM.INFO.{}", item.stream),
                ItemKind::Durable => format!("CONSUMER.INFO.{}.{}", item.stream, item.durable()),
            };
            let request = step.request(item.there.is_some());
            (step.name(), vec![info, request])
        })
        .collect()
}

impl Item {
    pub(super) fn durable(&self) -> &str {
        self.durable.as_deref().unwrap_or_default()
    }
}
