//! Changes of enums, unions and named scalars.

use super::{both, plain};
use crate::compat_property::contract::{Contract, Field, Kind, Ty, Type, quoted};
use crate::compat_property::random::Random;

pub fn named<'c>(c: &'c mut Contract, name: &str) -> &'c mut Type {
    c.types.iter_mut().find(|ty| ty.name == name).unwrap()
}

/// Makes sure that an event reaches a type.
pub fn reach(old: &mut Contract, new: &mut Contract, name: &str, random: &mut Random) {
    let ty = match random.below(3) {
        0 => Ty::name(name),
        1 => Ty::List(Box::new(Ty::name(name))),
        _ => Ty::Map(Box::new(Ty::name(name))),
    };
    let field = Field {
        optional: random.chance(30),
        ..Field::new("reaches", ty)
    };
    let event = random.below(old.events.len());
    old.events[event].fields.push(field.clone());
    new.events[event].fields.push(field);
}

pub fn named_scalar(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Code", random);
    named(new, "Code").kind = Kind::Scalar {
        ty: "string".into(),
        keys: vec![("min_length", "1".into()), ("max_length", "12".into())],
    };
    true
}

pub fn values_of(ty: &mut Type) -> (&mut Vec<String>, &mut bool) {
    match &mut ty.kind {
        Kind::Enum { values, closed } => (values, closed),
        other => panic!("{other:?}"),
    }
}

pub fn enum_value(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Status", random);
    if random.chance(30) {
        let name = "refunded".to_owned();
        named(old, "Status").reserved.push(name);
    }
    let (values, _) = values_of(named(new, "Status"));
    if random.chance(50) {
        values.retain(|value| value != "void");
        if random.chance(30) {
            named(new, "Status").reserved.push("void".into());
        }
    } else {
        values.push("refunded".into());
    }
    true
}

pub fn enum_closed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Level", random);
    let (_, closed) = values_of(named(new, "Level"));
    *closed = !*closed;
    true
}

pub fn enum_or_string(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let name = *random.pick(&["Status", "Level"]);
    let text = match random.below(3) {
        0 => plain("value", "string"),
        1 => Field {
            keys: vec![("max_length", "3".into())],
            ..plain("value", "string")
        },
        _ => Field {
            keys: vec![("pattern", quoted("^[a-z]+$"))],
            ..plain("value", "string")
        },
    };
    both(old, new, random, text, plain("value", name))
}

fn variants(ty: &mut Type) -> (&mut String, &mut Vec<(String, String)>, &mut bool) {
    match &mut ty.kind {
        Kind::Union {
            tag,
            variants,
            closed,
        } => (tag, variants, closed),
        other => panic!("{other:?}"),
    }
}

pub fn union_variant(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Pay", random);
    let voucher = Type {
        name: "Voucher".into(),
        kind: Kind::Struct(vec![plain("number", "string")]),
        reserved: Vec::new(),
        doc: None,
    };
    new.types.push(voucher);
    variants(named(new, "Pay"))
        .1
        .push(("voucher".into(), "Voucher".into()));
    true
}

pub fn union_closed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Contact", random);
    let closed = variants(named(new, "Contact")).2;
    *closed = !*closed;
    true
}

pub fn union_tag(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Pay", random);
    *variants(named(new, "Pay")).0 = "what".into();
    true
}
