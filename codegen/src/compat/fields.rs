//! Rules about the fields of an event or a type: which are there, under which name, and whether they may be absent.

use std::collections::{HashMap, HashSet};

use super::Direction::{Backward, Forward};
use super::rule::{Evidence, Severity, Sink, quoted};
use super::sample::{Leaf, Step, written};
use super::walk::Sides;
use crate::model::{Contracts, Field, Type, TypeKind};
use crate::source::{Span, Spanned};

/// One object in both contracts, its fields paired by wire name.
pub(super) struct Objects<'a> {
    sides: Sides<'a>,
    /// `events.shop.OrderPlaced` or `types.shop.OrderLine`.
    base: String,
    old_place: Span,
    new_place: Span,
    old_reserved: &'a [Spanned<String>],
    new_reserved: &'a [Spanned<String>],
    old_order: Vec<&'a Field>,
    new_order: Vec<&'a Field>,
    pairs: Vec<(&'a Field, &'a Field)>,
    renamed: Vec<Rename<'a>>,
    removed: Vec<&'a Field>,
    added: Vec<&'a Field>,
}

/// A field that went and one that came, taken for one.
pub(super) struct Rename<'a> {
    pub old: &'a Field,
    pub new: &'a Field,
    /// New readers accept the old name.
    aliased: bool,
    /// Old readers accept the new name.
    known: bool,
}

/// A field that both sides have.
pub(super) struct FieldPair<'a> {
    pub objects: &'a Objects<'a>,
    pub old: &'a Field,
    pub new: &'a Field,
}

/// Fields, reserved names, and the place of the name.
type Side<'a> = (&'a [Field], &'a [Spanned<String>], Span);

impl<'a> Objects<'a> {
    pub fn new(sides: Sides<'a>, base: String, old: Side<'a>, new: Side<'a>) -> Self {
        let mut objects = Self {
            sides,
            base,
            old_place: old.2,
            new_place: new.2,
            old_reserved: old.1,
            new_reserved: new.1,
            old_order: old.0.iter().collect(),
            new_order: new.0.iter().collect(),
            pairs: Vec::new(),
            renamed: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
        };
        objects.pair();
        objects
    }

    fn pair(&mut self) {
        let by_wire: HashMap<String, &Field> = self
            .old_order
            .iter()
            .map(|field| (field.wire(), *field))
            .collect();
        let mut kept = HashSet::new();
        let mut came = Vec::new();
        for new in &self.new_order {
            let wire = new.wire();
            match by_wire.get(&wire) {
                Some(old) => {
                    self.pairs.push((old, new));
                    kept.insert(wire);
                }
                None => came.push(*new),
            }
        }
        for old in &self.old_order {
            let wire = old.wire();
            if kept.contains(&wire) {
                continue;
            }
            match self.successor(old, &wire, &came) {
                Some(at) => {
                    let new = came.remove(at);
                    let aliased = is_alias(new, &wire);
                    let known = is_alias(old, &new.wire());
                    self.renamed.push(Rename {
                        old,
                        new,
                        aliased,
                        known,
                    });
                    if aliased || known {
                        self.pairs.push((old, new));
                    }
                }
                None => self.removed.push(old),
            }
        }
        self.added = came;
    }

    /// The new field that an old one became: the one with its name as alias, else one of equal type. Of several the one
    /// that kept its Rust name, else the first: whether it is a rename cannot be decided, and so it counts as one.
    fn successor(&self, old: &Field, wire: &str, came: &[&Field]) -> Option<usize> {
        let related = |new: &&Field| is_alias(new, wire) || is_alias(old, &new.wire());
        if let Some(at) = came.iter().position(related) {
            return Some(at);
        }
        if has(self.new_reserved, wire) {
            return None;
        }
        let fits = |new: &&Field| {
            !has(self.old_reserved, &new.wire()) && is_same_type(self.sides, old, new)
        };
        came.iter()
            .position(|new| new.name.value == old.name.value && fits(new))
            .or_else(|| came.iter().position(fits))
    }

    /// Fields of both sides.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a Field, &'a Field)> + '_ {
        self.pairs.iter().copied()
    }

    /// The field of the new side that an old one became.
    pub fn became(&self, old: &Field) -> Option<&'a Field> {
        let pair = self
            .pairs
            .iter()
            .find(|(before, _)| std::ptr::eq(*before, old));
        let renamed = self
            .renamed
            .iter()
            .find(|rename| std::ptr::eq(rename.old, old));
        pair.map(|pair| pair.1).or(renamed.map(|rename| rename.new))
    }

    pub fn path_of(&self, field: &Field) -> String {
        format!("{}.fields.{}", self.base, field.name.value)
    }

    fn reserve(&self, wire: &str) -> String {
        format!(
            "put \"{wire}\" into `reserved`, so that no later field takes its place with another meaning"
        )
    }
}

fn is_alias(field: &Field, wire: &str) -> bool {
    field
        .alias
        .as_ref()
        .is_some_and(|alias| alias.value == wire)
}

fn has(reserved: &[Spanned<String>], wire: &str) -> bool {
    reserved.iter().any(|name| name.value == wire)
}

/// Whether two types are the same but for constraints: the scalars behind names, and other names by full name.
fn equal_types(sides: Sides<'_>, old: &Type, new: &Type) -> bool {
    match (behind(sides.old, old), behind(sides.new, new)) {
        (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => equal_types(sides, a, b),
        (Type::Named(a), Type::Named(b)) => {
            sides.old.type_name(&sides.old[*a]) == sides.new.type_name(&sides.new[*b])
        }
        (a, b) => a == b,
    }
}

/// Whether two fields hold the same scalar, constraints aside.
pub(super) fn is_same_type(sides: Sides<'_>, old: &Field, new: &Field) -> bool {
    old.as_text.is_some() == new.as_text.is_some() && equal_types(sides, &old.ty, &new.ty)
}

fn behind<'a>(contracts: &'a Contracts, mut ty: &'a Type) -> &'a Type {
    for _ in 0..=contracts.types.len() {
        let Type::Named(id) = ty else { break };
        let TypeKind::Scalar { ty: inner, .. } = &contracts[*id].kind else {
            break;
        };
        ty = &inner.value;
    }
    ty
}

fn step(pair: &FieldPair<'_>) -> Vec<Step> {
    vec![Step::Field {
        old: pair.old.wire(),
        new: pair.new.wire(),
    }]
}

pub(super) fn required_added(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for field in o
        .added
        .iter()
        .filter(|f| f.required() && !has(o.old_reserved, &f.wire()))
    {
        let wire = field.wire();
        sink.add(
            o.path_of(field),
            format!("the required field `{wire}` is new"),
        )
        .was(o.old_place, "messages of this version lack it")
        .is(field.name.span, "a reader refuses a message without it")
        .help(format!(
            "make it optional (`{}?`); or give it a `default`, which other languages do not apply",
            type_text(o.sides.new, &field.ty)
        ))
        .at(&[Step::Field {
            old: wire.clone(),
            new: wire,
        }])
        .shown_by([Evidence::new(Backward, &[], Leaf::Smallest)]);
    }
}

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
        .at(&[Step::Field {
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
        .at(&[Step::Field {
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
            .at(&[Step::Field {
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
    raw.was(field.name.span, "was here").at(&[Step::Field {
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

pub(super) fn required_removed(o: &Objects<'_>, sink: &mut Sink<'_>) {
    for field in o.removed.iter().filter(|f| f.required()) {
        let wire = field.wire();
        let mut help =
            "upgrade every consumer first; or make it optional, and remove it when nobody needs it"
                .to_owned();
        if !has(o.new_reserved, &wire) {
            help = format!("{help}. Also {}", o.reserve(&wire));
        }
        sink.add(
            o.path_of(field),
            format!("the required field `{wire}` is gone"),
        )
        .was(
            field.name.span,
            "readers of this version refuse a message without it",
        )
        .is(o.new_place, "no longer here")
        .help(help)
        .at(&[Step::Field {
            old: wire.clone(),
            new: wire,
        }])
        .shown_by([Evidence::new(Forward, &[], Leaf::Smallest)]);
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
        .at(&[Step::Field { old: was.clone(), new: is.clone() }])
        .shown_by(overlooked(rename));
}

/// The renamed field is written, whether or not it must be, and the reader looks for the other name.
fn overlooked(rename: &Rename<'_>) -> [Evidence; 2] {
    let (was, is) = (rename.old.wire(), rename.new.wire());
    let evidence = |direction, field: &str, names, reader_needs: bool| Evidence {
        direction,
        at: Vec::new(),
        leaf: Leaf::WithField(field.to_owned()),
        // A reader that must have the field refuses the message.
        overlooked: if reader_needs { None } else { Some(names) },
    };
    [
        evidence(
            Backward,
            &was,
            (was.clone(), is.clone()),
            rename.new.required(),
        ),
        evidence(
            Forward,
            &is,
            (is.clone(), was.clone()),
            rename.old.required(),
        ),
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
            .at(&[Step::Field { old: was, new: is }])
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
        .at(&[Step::Field {
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
        .shown_by([Evidence::new(Backward, &[], Leaf::Smallest)]);
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
        .shown_by([Evidence::new(Forward, &[], Leaf::Without(p.new.wire()))]);
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
        .shown_by([Evidence::new(Forward, &[], Leaf::Without(p.new.wire()))]);
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
        .shown_by([Evidence::new(Backward, &[], Leaf::Without(p.old.wire()))]);
    }
}

pub(super) fn default_changed(p: &FieldPair<'_>, sink: &mut Sink<'_>) {
    if let (Some(old), Some(new)) = (&p.old.default, &p.new.default) {
        let (was, is) = (written(&old.kind), written(&new.kind));
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

/// A type as a contract writes it, for advice.
pub(super) fn type_text(contracts: &Contracts, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::String => "string".to_owned(),
        Type::I32 => "i32".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::Uuid => "uuid".to_owned(),
        Type::Timestamp => "timestamp".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Json => "json".to_owned(),
        Type::List(item) => format!("list<{}>", type_text(contracts, item)),
        Type::Map(item) => format!("map<{}>", type_text(contracts, item)),
        Type::Named(id) => contracts[*id].name.value.clone(),
        Type::Invalid => "?".to_owned(),
    }
}
