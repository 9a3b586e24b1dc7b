//! Changes of what a field may hold.

use super::{at, both, find, plain};
use crate::compat_property::contract::{Contract, Field, PATTERNS, Ty, quoted, random_field};
use crate::compat_property::random::Random;

const SCALARS: &[&str] = &[
    "bool",
    "string",
    "i32",
    "u32",
    "f64",
    "decimal",
    "uuid",
    "timestamp",
    "date",
    "duration",
    "bytes",
    "json",
];

pub fn scalar_changed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (a, b) = (*random.pick(SCALARS), *random.pick(SCALARS));
    a != b && both(old, new, random, plain("value", a), plain("value", b))
}

/// Numbers and texts in all their spellings.
pub fn scalar_changed_again(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let text = |ty: &str| Field {
        keys: vec![("encoding", quoted("string"))],
        ..plain("value", ty)
    };
    let wide = |ty: &str| Field {
        keys: vec![("min", "0".into()), ("max", "9007199254740991".into())],
        ..plain("value", ty)
    };
    let short = |length: &str| Field {
        keys: vec![("max_length", length.into())],
        ..plain("value", "string")
    };
    let all = [
        text("i32"),
        text("i64"),
        text("u32"),
        text("u64"),
        wide("i64"),
        wide("u64"),
        plain("value", "i32"),
        plain("value", "f64"),
        plain("value", "decimal"),
        plain("value", "string"),
        plain("value", "Status"),
        plain("value", "Code"),
        plain("value", "uuid"),
        short("40"),
        short("4"),
    ];
    let (a, b) = (random.below(all.len()), random.below(all.len()));
    a != b && both(old, new, random, all[a].clone(), all[b].clone())
}

pub fn type_changed(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let Some(place) = find(new, random, |f| !f.has("default")) else {
        return false;
    };
    let mut other = random_field("", random);
    other.keys.retain(|(key, _)| *key != "default");
    let field = at(new, place);
    // The same type would be no change.
    if field.ty == other.ty {
        return false;
    }
    field.ty = other.ty;
    field.keys = other.keys;
    true
}

pub fn wrapped(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let Some(place) = find(new, random, |f| f.keys.is_empty()) else {
        return false;
    };
    let map = random.chance(50);
    let field = at(new, place);
    let inner = Box::new(field.ty.clone());
    field.ty = if map { Ty::Map(inner) } else { Ty::List(inner) };
    true
}

pub fn range(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let with = |random: &mut Random| {
        let mut field = plain("value", random.pick::<&str>(&["i32", "u32"]));
        let min = random.between(0, 40);
        if random.chance(70) {
            field.keys.push(("min", min.to_string()));
        }
        if random.chance(70) {
            field
                .keys
                .push(("max", (min + random.between(0, 60)).to_string()));
        }
        field
    };
    let (a, b) = (with(random), with(random));
    let same = a.ty == b.ty && a.keys == b.keys;
    // An i32 from 0 and a u32 to the same bound are one range: no change.
    let unsigned = |f: &Field| f.ty == Ty::name("u32") || f.has("min");
    let equal = a
        .keys
        .iter()
        .filter(|k| k.1 != "0")
        .eq(b.keys.iter().filter(|k| k.1 != "0"))
        && unsigned(&a)
        && unsigned(&b);
    !same && !equal && both(old, new, random, a, b)
}

pub fn float_range(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("value", "f64");
    now.keys
        .push(("min", random.pick(&["0", "-0.5", "100.25"]).to_string()));
    if random.chance(50) {
        now.keys.push(("max", "1000".into()));
    }
    let before = plain("value", random.pick::<&str>(&["f64", "i32"]));
    both(old, new, random, before, now)
}

pub fn length(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let with = |random: &mut Random| {
        let mut field = plain("value", "string");
        let min = random.between(0, 5);
        if random.chance(60) {
            field.keys.push(("min_length", min.to_string()));
        }
        if random.chance(60) {
            field
                .keys
                .push(("max_length", (min + random.between(0, 9)).to_string()));
        }
        field
    };
    let (a, b) = (with(random), with(random));
    let key = |f: &Field| {
        f.keys
            .iter()
            .filter(|k| *k != &("min_length", "0".to_owned()))
            .cloned()
            .collect::<Vec<_>>()
    };
    key(&a) != key(&b) && both(old, new, random, a, b)
}

pub fn items(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let map = random.chance(40);
    let item = *random.pick(&["string", "Line", "Status", "Pay", "i32"]);
    let ty = |item: &str| {
        if map {
            Ty::Map(Box::new(Ty::name(item)))
        } else {
            Ty::List(Box::new(Ty::name(item)))
        }
    };
    let before = Field::new("value", ty(item));
    let mut now = before.clone();
    let (key, value) = *random.pick(&[("min_items", "1"), ("max_items", "2"), ("min_items", "3")]);
    now.keys.push((key, value.into()));
    // In an event: a type that must hold some of itself has no value at all.
    let event = random.below(old.events.len());
    old.events[event].fields.push(before);
    new.events[event].fields.push(now);
    true
}

pub fn pattern(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let with = |pattern: &str| Field {
        keys: vec![("pattern", quoted(pattern))],
        ..plain("value", "string")
    };
    let (a, b) = (
        random.below(PATTERNS.len()),
        random.below(PATTERNS.len() + 2),
    );
    let now = PATTERNS
        .get(b)
        .map_or(plain("value", "string"), |p| with(p));
    a != b && both(old, new, random, with(PATTERNS[a]), now)
}
