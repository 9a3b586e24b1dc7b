//! Changes of fields: there or not, required or not, under another name.

use super::{add, at, both, find, plain};
use crate::compat_property::contract::{Contract, Field, quoted, random_field};
use crate::compat_property::random::Random;

pub fn field_required(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("fresh", random);
    field.optional = false;
    field.keys.retain(|(key, _)| *key != "default");
    add(new, random, field);
    true
}

pub fn field_optional(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("fresh", random);
    field.optional = true;
    field.keys.retain(|(key, _)| *key != "default");
    add(new, random, field);
    true
}

pub fn field_defaulted(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = plain("fresh", "i32");
    field.keys.push(("default", "3".into()));
    add(new, random, field);
    true
}

pub fn field_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("before", random);
    field.keys.retain(|(key, _)| *key != "default");
    field.optional = false;
    let now = Field {
        name: "after".into(),
        optional: random.chance(30),
        ..field.clone()
    };
    both(old, new, random, field, now)
}

pub fn optional_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("before", random);
    field.keys.retain(|(key, _)| *key != "default");
    field.optional = true;
    let now = Field {
        name: "after".into(),
        ..field.clone()
    };
    both(old, new, random, field, now)
}

pub fn aliased(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let field = plain("before", "i32");
    let mut now = Field {
        name: "after".into(),
        optional: random.chance(30),
        ..field.clone()
    };
    let before = Field {
        optional: now.optional,
        ..field
    };
    now.keys.push(("alias", quoted("before")));
    both(old, new, random, before, now)
}

pub fn alias_gone(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut before = plain("current", "i32");
    before.optional = random.chance(30);
    let now = before.clone();
    before.keys.push(("alias", quoted("former")));
    both(old, new, random, before, now)
}

pub fn rust_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("other_name", "i32");
    now.keys.push(("rename", quoted("before")));
    both(old, new, random, plain("before", "i32"), now)
}

pub fn optionality(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let Some(place) = find(new, random, |f| !f.has("default")) else {
        return false;
    };
    let field = at(new, place);
    field.optional = !field.optional;
    true
}

pub fn default_or_not(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("total", "i32");
    now.keys.push(("default", "1".into()));
    both(old, new, random, plain("total", "i32"), now)
}

pub fn default_or_optional(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("total", "i32");
    now.keys.push(("default", "1".into()));
    both(
        old,
        new,
        random,
        Field {
            optional: true,
            ..plain("total", "i32")
        },
        now,
    )
}

pub fn default_value(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let with = |value: &str| Field {
        keys: vec![("default", value.into())],
        ..plain("total", "i32")
    };
    both(old, new, random, with("1"), with("2"))
}

pub fn reserved_used(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let event = &mut new.events[0];
    event.reserved.clear();
    event.fields.push(Field {
        optional: random.chance(60),
        ..plain("forbidden", "i32")
    });
    true
}

pub fn reserved_released(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[1].reserved.clear();
    true
}

pub fn removed_and_reserved(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = plain("fresh", "i32");
    field.optional = random.chance(70);
    old.events[1].fields.push(field);
    new.events[1].reserved.push("fresh".into());
    true
}
