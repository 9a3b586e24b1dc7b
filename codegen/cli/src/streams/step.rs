//! The writes of an apply: which there are, in which order, and what each asks JetStream for.

use event_operate::durable_request;
use serde_json::Value;

use super::plan::{Action, Item, Kind};
use super::setting::Setting;
use super::subjects;
use crate::wanted::subjects_of;

/// One write.
pub(super) enum Step<'a> {
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
pub(super) fn order(items: &[Item]) -> Vec<Step<'_>> {
    let all = || items.iter().filter(|item| item.is_change());
    let of = |kind: Kind, action: Action| {
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
    let mut changes: Vec<&Item> = of(Kind::Stream, Action::Change).collect();
    changes.sort_by_key(|item| !gives_subjects(item));
    let mut steps: Vec<Step<'_>> = Vec::new();
    steps.extend(of(Kind::Durable, Action::Remove).map(Step::RemoveDurable));
    steps.extend(of(Kind::Stream, Action::Remove).map(Step::RemoveStream));
    steps.extend(changes.into_iter().map(Step::ChangeStream));
    steps.extend(of(Kind::Stream, Action::Create).map(Step::CreateStream));
    let durables = all().filter(|item| item.kind == Kind::Durable && item.action != Action::Remove);
    steps.extend(durables.map(Step::WriteDurable));
    steps.extend(
        of(Kind::Stream, Action::Change)
            .filter(retains)
            .map(Step::Retain),
    );
    steps
}

impl Step<'_> {
    pub(super) fn item(&self) -> &Item {
        match self {
            Step::RemoveStream(item)
            | Step::CreateStream(item)
            | Step::ChangeStream(item)
            | Step::RemoveDurable(item)
            | Step::WriteDurable(item)
            | Step::Retain(item) => item,
        }
    }

    pub(super) fn name(&self) -> String {
        let item = self.item();
        let kind = match item.kind {
            Kind::Stream => "stream",
            Kind::Durable => "durable",
        };
        format!("{kind} {}", item.name())
    }

    /// Returns whether the change of the retention is another step's.
    pub(super) fn leaves_retention(&self) -> bool {
        matches!(self, Step::ChangeStream(_))
    }

    /// What it asks JetStream for.
    pub(super) fn request(&self, exists: bool) -> String {
        let item = self.item();
        let (stream, durable) = (&item.stream, item.durable());
        match self {
            Step::RemoveStream(_) => format!("STREAM.DELETE.{stream}"),
            Step::RemoveDurable(_) => format!("CONSUMER.DELETE.{stream}.{durable}"),
            Step::WriteDurable(_) => {
                let wanted = item.wanted.as_ref().unwrap_or(&Value::Null);
                durable_request(stream, durable, wanted)
            }
            Step::CreateStream(_) | Step::ChangeStream(_) | Step::Retain(_) => {
                let verb = if exists { "UPDATE" } else { "CREATE" };
                format!("STREAM.{verb}.{stream}")
            }
        }
    }

    pub(super) fn done(&self) -> String {
        let verb = match (self, self.item().action) {
            (Step::RemoveStream(_) | Step::RemoveDurable(_), _) => "removed",
            (Step::CreateStream(_), _) | (Step::WriteDurable(_), Action::Create) => "created",
            (Step::Retain(_), _) => "retention changed",
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
        .filter(|step| !matches!(step, Step::Retain(_)))
        .map(|step| {
            let item = step.item();
            let info = match item.kind {
                Kind::Stream => format!("STREAM.INFO.{}", item.stream),
                Kind::Durable => format!("CONSUMER.INFO.{}.{}", item.stream, item.durable()),
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
