//! Rules about the fields of an event or a type: which are there, and under which name.

use std::collections::HashSet;

use super::finding::Direction::{Backward, Forward};
use super::finding::Severity;
use super::objects::{Objects, Rename, has};
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::Sink;
use super::sides::SidedStep;
use crate::model::Field;

pub(super) fn defaulted_added(o: &Objects<'_>, sink: &mut Sink<'_>) {
    let is = |f: &&&Field| f.default.is_some() && !has(o.old_reserved, &f.wire());
    for field in o.added.iter().filter(is) {
        let wire = field.wire();
        sink.add(
            o.path_of(field),
            format!("the field `{wire}` with a default is new"),
        )
        .was(o.old_place, "messages of this version lack it")
        .is(field.name.span, "Rust readers fill it in, others do not")
        .help("tell the owners of services in other languages, or make it optional")
        .at(&[SidedStep::Field {
            old: wire.clone(),
            new: wire,
        }]);
    }
}

pub(super) fn optional_added(o: &Objects<'_>, sink: &mut Sink<'_>) {
    let is = |f: &&&Field| f.optional && !has(o.old_reserved, &f.wire());
    for field in o.added.iter().filter(is) {
        let wire = field.wire();
        sink.add(
            o.path_of(field),
            format!("the optional field `{wire}` is new"),
        )
        .was(o.old_place, "")
        .is(field.name.span, "new")
        .at(&[SidedStep::Field {
            old: wire.clone(),
            new: wire,
        }]);
    }
}

pub(super) fn reserved_used(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for field in &o.added {
        let wire = field.wire();
        if let Some(reserved) = o.old_reserved.iter().find(|name| name.value == wire) {
            sink.add(
                o.path_of(field),
                format!("the new field `{wire}` bears a reserved name"),
            )
            .was(
                reserved.span,
                "reserved: older messages have it with another meaning",
            )
            .is(field.name.span, "used here")
            .help("choose another name, and reserve this one again")
            .at(&[SidedStep::Field {
                old: wire.clone(),
                new: wire,
            }]);
        }
    }
}

pub(super) fn reserved_released(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for name in o.old_reserved {
        let used = o.new_order.iter().any(|field| field.wire() == name.value);
        if !used && !has(o.new_reserved, &name.value) {
            sink.add(
                format!("{}.reserved.{}", o.base, name.value),
                format!("`{}` is no longer reserved", name.value),
            )
            .was(name.span, "reserved")
            .is(o.new_place, "not reserved here")
            .help("keep it: messages of older versions may still have it");
        }
    }
}

pub(super) fn optional_removed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for field in o.removed.iter().filter(|f| f.optional) {
        gone(o, field, "the optional field", sink);
    }
}

pub(super) fn defaulted_removed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for field in o
        .removed
        .iter()
        .filter(|f| f.default.is_some() && !f.optional)
    {
        gone(o, field, "the field", sink);
    }
}

fn gone(o: &Objects<'_>, field: &Field, what: &str, sink: &mut Sink<'_>) {
    let wire = field.wire();
    let reserved = has(o.new_reserved, &wire);
    let raw = sink.add(o.path_of(field), format!("{what} `{wire}` is gone"));
    raw.was(field.name.span, "was here").at(&[SidedStep::Field {
        old: wire.clone(),
        new: wire.clone(),
    }]);
    if reserved {
        raw.is(o.new_place, "its name is reserved")
            .severity(Severity::Info);
    } else {
        raw.is(o.new_place, "no longer here, and its name is not reserved")
            .help(o.reserve(&wire));
    }
}

pub(super) fn renamed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    let is = |r: &&Rename<'_>| !r.aliased && !r.known && (r.old.required() || r.new.required());
    for rename in o.renamed.iter().filter(is) {
        moved(o, rename, sink);
    }
}

pub(super) fn optional_renamed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    let is = |r: &&Rename<'_>| !r.aliased && !r.known && !r.old.required() && !r.new.required();
    for rename in o.renamed.iter().filter(is) {
        moved(o, rename, sink);
    }
}

fn moved(o: &Objects<'_>, rename: &Rename<'_>, sink: &mut Sink<'_>) {
    let (was, is) = (rename.old.wire(), rename.new.wire());
    sink.add(o.path_of(rename.new), format!("the field `{was}` is gone and `{is}` of the same type is new: a rename"))
        .was(rename.old.name.span, format!("`{was}` on the wire"))
        .is(rename.new.name.span, format!("`{is}` on the wire"))
        .help(format!(
            "keep the wire name with `rename = \"{was}\"`; or add the new field beside the old one; if they are different things, put \"{was}\" into `reserved`"
        ))
        .at(&[SidedStep::Field { old: was.clone(), new: is.clone() }])
        .shown_by(overlooked(rename));
}

/// The renamed field is written, whether or not it must be, and the reader looks for the other name.
fn overlooked(rename: &Rename<'_>) -> [Evidence; 2] {
    let (was, is) = (rename.old.wire(), rename.new.wire());
    let evidence = |direction, field: &str, of: &str, reader_needs: bool| Evidence {
        direction,
        at: Vec::new(),
        leaf: Leaf::Instead {
            field: field.to_owned(),
            of: of.to_owned(),
        },
        // A reader that must have the field refuses the message.
        overlooked: (!reader_needs).then(|| (field.to_owned(), of.to_owned())),
    };
    [
        evidence(Backward, &was, &is, rename.new.required()),
        evidence(Forward, &is, &was, rename.old.required()),
    ]
}

pub(super) fn aliased_renamed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for rename in o.renamed.iter().filter(|r| r.aliased && !r.known) {
        let (was, is) = (rename.old.wire(), rename.new.wire());
        let [_, forward] = overlooked(rename);
        sink.add(o.path_of(rename.new), format!("the field `{was}` is called `{is}` now; readers accept the old name too"))
            .was(rename.old.name.span, format!("readers of this version look for `{was}`"))
            .is(rename.new.name.span, format!("writers send `{is}`"))
            .help(format!("upgrade every consumer first; readers in other languages do not apply the alias. Or keep the wire name: `rename = \"{was}\"`"))
            .at(&[SidedStep::Field { old: was, new: is }])
            .shown_by([forward]);
    }
}

pub(super) fn renamed_to_alias(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for rename in o.renamed.iter().filter(|r| r.known) {
        let (was, is) = (rename.old.wire(), rename.new.wire());
        let [backward, _] = overlooked(rename);
        let raw = sink.add(
            o.path_of(rename.new),
            format!("the field `{was}` is called `{is}` now, which was its alias"),
        );
        raw.was(
            rename.old.name.span,
            format!("writers send `{was}`, readers accept `{is}` too"),
        )
        .at(&[SidedStep::Field {
            old: was.clone(),
            new: is.clone(),
        }]);
        if rename.aliased {
            raw.is(rename.new.name.span, format!("readers accept `{was}` too"))
                .severity(Severity::Info);
        } else {
            raw.is(
                rename.new.name.span,
                format!("readers look for `{is}` only"),
            )
            .help(format!(
                "give it `alias = \"{was}\"`; readers in other languages do not apply it"
            ))
            .shown_by([backward]);
        }
    }
}

pub(super) fn reordered(o: &Objects<'_>, sink: &mut Sink<'_>) {
    let names = |fields: &[&Field], other: &[&Field]| -> Vec<String> {
        let known: HashSet<String> = other.iter().map(|f| f.wire()).collect();
        fields
            .iter()
            .map(|f| f.wire())
            .filter(|wire| known.contains(wire))
            .collect()
    };
    if names(&o.old_order, &o.new_order) != names(&o.new_order, &o.old_order) {
        sink.add(o.base.clone(), "the fields have another order")
            .was(o.old_place, "")
            .is(o.new_place, "");
    }
}
