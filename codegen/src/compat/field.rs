//! Rules about a field that both contracts have: its other names, and whether it is optional.

use super::finding::Direction::{self, Backward, Forward};
use super::objects::{Objects, is_alias};
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::{Sink, quoted};
use super::sides::Step;
use crate::json::Json;
use crate::model::Field;

/// A field that both sides have.
pub(super) struct FieldPair<'a> {
    pub objects: &'a Objects<'a>,
    pub old: &'a Field,
    pub new: &'a Field,
}

fn step(pair: &FieldPair<'_>) -> Vec<Step> {
    vec![Step::Field {
        old: pair.old.wire(),
        new: pair.new.wire(),
    }]
}

/// An object without the field, whatever either side calls it.
fn without(pair: &FieldPair<'_>, direction: Direction) -> Evidence {
    let names = vec![pair.old.wire(), pair.new.wire()];
    Evidence::new(direction, &[], Leaf::Without(names))
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

pub(super) fn became_required(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if p.old.optional && p.new.required() {
        sink.add(
            p.objects.path_of(p.new),
            format!("the optional field `{}` is required now", p.new.wire()),
        )
        .was(p.old.ty.span, "may be absent")
        .is(p.new.ty.span, "a reader refuses a message without it")
        .help("leave it optional until every writer sends it and no older message is left")
        .at(&step(p))
        .shown_by([without(p, Backward)]);
    }
}

pub(super) fn became_optional(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if p.old.required() && p.new.optional {
        sink.add(
            p.objects.path_of(p.new),
            format!("the required field `{}` is optional now", p.new.wire()),
        )
        .was(
            p.old.ty.span,
            "readers of this version refuse a message without it",
        )
        .is(p.new.ty.span, "may be absent")
        .help("upgrade every consumer before a publisher leaves it out")
        .at(&step(p))
        .shown_by([without(p, Forward)]);
    }
}

pub(super) fn default_added(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    let Some(default) = &p.new.default else {
        return;
    };
    if p.old.required() {
        sink.add(
            p.objects.path_of(p.new),
            format!("the required field `{}` has a default now", p.new.wire()),
        )
        .was(
            p.old.name.span,
            "readers of this version refuse a message without it",
        )
        .is(
            default.span,
            "writers in other languages may leave it out: the schema no longer requires it",
        )
        .help("upgrade every consumer first")
        .at(&step(p))
        .shown_by([without(p, Forward)]);
    }
}

pub(super) fn default_removed(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    let Some(default) = &p.old.default else {
        return;
    };
    if p.new.required() {
        sink.add(
            p.objects.path_of(p.new),
            format!("the field `{}` has no default any more", p.new.wire()),
        )
        .was(
            default.span,
            "writers in other languages may have left it out",
        )
        .is(p.new.name.span, "a reader refuses a message without it")
        .help("keep the default")
        .at(&step(p))
        .shown_by([without(p, Backward)]);
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
