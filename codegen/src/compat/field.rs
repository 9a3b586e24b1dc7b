//! Rules about a field that both contracts have: its other names, and whether it is optional.

use super::finding::Direction::Backward;
use super::objects::{Objects, is_alias};
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::{Sink, quoted};
use super::sides::SidedStep;
use crate::json::Json;
use crate::model::Field;

/// A field that both sides have.
pub(super) struct FieldPair<'a> {
    pub objects: &'a Objects<'a>,
    pub old: &'a Field,
    pub new: &'a Field,
}

fn step(pair: &FieldPair<'_>) -> Vec<SidedStep> {
    vec![SidedStep::Field {
        old: pair.old.wire(),
        new: pair.new.wire(),
    }]
}

pub(super) fn alias_removed(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    let Some(alias) = &p.old.alias else { return };
    if is_alias(p.new, &alias.value) || p.new.wire() == alias.value {
        return;
    }
    let wire = p.old.wire();
    let mut evidence = Evidence::new(
        Backward,
        &[],
        Leaf::Renamed {
            field: wire.clone(),
            to: alias.value.clone(),
        },
    );
    if !p.new.required() {
        evidence.overlooked = Some((wire.clone(), p.new.wire()));
    }
    sink.add(
        p.objects.path_of(p.new),
        format!(
            "the field `{wire}` no longer accepts its older name `{}`",
            alias.value
        ),
    )
    .was(alias.span, "messages with this name were accepted")
    .is(p.new.name.span, "no alias here")
    .help("keep the alias until the stream holds no message with it")
    .at(&step(p))
    .shown_by([evidence]);
}

pub(super) fn rust_name(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if p.old.name.value != p.new.name.value && p.old.wire() == p.new.wire() {
        sink.add(
            p.objects.path_of(p.new),
            format!(
                "the field `{}` is called `{}` in Rust now",
                p.old.name.value, p.new.name.value
            ),
        )
        .was(p.old.name.span, "was")
        .is(p.new.name.span, "is")
        .help("nothing changes on the wire; services that use the field must be changed to compile")
        .at(&step(p));
    }
}

pub(super) fn default_changed(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if let (Some(old), Some(new)) = (&p.old.default, &p.new.default) {
        let (was, is) = (Json::from(old), Json::from(new));
        if was != is {
            sink.add(
                p.objects.path_of(p.new),
                format!(
                    "the default of `{}` is {} now, and was {}",
                    p.new.wire(),
                    quoted(&is),
                    quoted(&was)
                ),
            )
            .was(old.span, "was")
            .is(new.span, "is")
            .help("a message without the field is read differently before and after an upgrade")
            .at(&step(p));
        }
    }
}

pub(super) fn absent_value(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    let (was, is) = match (&p.old.default, &p.new.default) {
        (None, Some(_)) if p.old.optional => ("absent", "its default"),
        (Some(_), None) if p.new.optional => ("its default", "absent"),
        _ => return,
    };
    sink.add(
        p.objects.path_of(p.new),
        format!(
            "a message without `{}` is read as {is} now, and was as {was}",
            p.new.wire()
        ),
    )
    .was(p.old.name.span, "was")
    .is(p.new.name.span, "is")
    .help("nothing is refused; see that no handler tells the two apart")
    .at(&step(p));
}

pub(super) fn sensitive(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if p.old.sensitive.is_some() != p.new.sensitive.is_some() {
        let what = if p.new.sensitive.is_some() {
            "is sensitive now: no longer printed"
        } else {
            "is no longer sensitive: logs and dead letters print it"
        };
        sink.add(
            p.objects.path_of(p.new),
            format!("the field `{}` {what}", p.new.wire()),
        )
        .was(p.old.sensitive.unwrap_or(p.old.name.span), "")
        .is(p.new.sensitive.unwrap_or(p.new.name.span), "")
        .help("see that this is meant")
        .at(&step(p));
    }
}

pub(super) fn annotations(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    let deprecated = |f: &Field| f.deprecated.as_ref().map(|d| d.value.clone());
    let mut changed = Vec::new();
    if p.old.doc != p.new.doc {
        changed.push("doc");
    }
    if deprecated(p.old) != deprecated(p.new) {
        changed.push("deprecated");
    }
    if !changed.is_empty() {
        sink.add(
            p.objects.path_of(p.new),
            format!("`{}`: {} changed", p.new.wire(), changed.join(" and ")),
        )
        .was(p.old.name.span, "")
        .is(p.new.name.span, "")
        .at(&step(p));
    }
}
