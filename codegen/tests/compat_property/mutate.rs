//! Changes of a contract: at least one for each row of the table.

use super::contract::{
    Contract, Event, Field, Kind, PATTERNS, Ty, Type, list, put, quoted, random_field,
};
use super::random::Random;

/// One kind of change.
pub struct Mutation {
    pub name: &'static str,
    /// Changes the second contract, and prepares the first where there must be something to change. False when there was
    /// nothing.
    pub apply: fn(&mut Contract, &mut Contract, &mut Random) -> bool,
    /// Whether the change the other way round is one too.
    pub both_ways: bool,
}

macro_rules! mutations {
    ($($name:ident $both:literal,)*) => {
        pub const MUTATIONS: &[Mutation] = &[$(Mutation { name: stringify!($name), apply: $name, both_ways: $both },)*];
    };
}

mutations! {
    field_required true,
    field_optional true,
    field_defaulted true,
    field_renamed true,
    optional_renamed true,
    aliased true,
    alias_gone false,
    rust_renamed true,
    optionality true,
    default_or_not true,
    default_or_optional true,
    default_value true,
    reserved_used false,
    reserved_released false,
    removed_and_reserved false,
    scalar_changed true,
    scalar_changed_again true,
    type_changed true,
    wrapped true,
    range true,
    float_range true,
    length true,
    items true,
    pattern true,
    named_scalar true,
    enum_value true,
    enum_closed true,
    enum_or_string true,
    union_variant true,
    union_closed true,
    union_tag true,
    subject true,
    placeholder true,
    envelope true,
    stream_of true,
    delivery true,
    partitions true,
    key true,
    id true,
    supersedes true,
    retention true,
    limits true,
    settings true,
    stream_gone false,
    start true,
    service_gone false,
    unsubscribed false,
    unpublished false,
    group true,
    event_gone false,
    event_moved true,
    sensitive true,
    words true,
    order_of_things true,
    type_name true,
}

/// A random field that fits, by list and position.
fn find(
    c: &mut Contract,
    random: &mut Random,
    fits: impl Fn(&Field) -> bool,
) -> Option<(usize, usize)> {
    let mut all = Vec::new();
    for (at, fields) in c.field_lists().iter().enumerate() {
        for (n, field) in fields.iter().enumerate() {
            // Keys and placeholders have rules of their own.
            if field.name != "order_id" && field.name != "region" && fits(field) {
                all.push((at, n));
            }
        }
    }
    if all.is_empty() {
        None
    } else {
        Some(*random.pick(&all))
    }
}

fn at(c: &mut Contract, place: (usize, usize)) -> &mut Field {
    let list = c.field_lists().into_iter().nth(place.0).unwrap();
    &mut list[place.1]
}

fn add(c: &mut Contract, random: &mut Random, field: Field) {
    let mut lists = c.field_lists();
    let n = random.below(lists.len());
    lists[n].push(field);
}

fn plain(name: &str, ty: &str) -> Field {
    Field::new(name, Ty::name(ty))
}

/// The same field in both contracts, in a list of a random kind.
fn both(
    old: &mut Contract,
    new: &mut Contract,
    random: &mut Random,
    before: Field,
    now: Field,
) -> bool {
    let n = random.below(old.field_lists().len());
    old.field_lists()[n].push(before);
    new.field_lists()[n].push(now);
    true
}

fn field_required(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("fresh", random);
    field.optional = false;
    field.keys.retain(|(key, _)| *key != "default");
    add(new, random, field);
    true
}

fn field_optional(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("fresh", random);
    field.optional = true;
    field.keys.retain(|(key, _)| *key != "default");
    add(new, random, field);
    true
}

fn field_defaulted(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = plain("fresh", "i32");
    field.keys.push(("default", "3".into()));
    add(new, random, field);
    true
}

fn field_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn optional_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = random_field("before", random);
    field.keys.retain(|(key, _)| *key != "default");
    field.optional = true;
    let now = Field {
        name: "after".into(),
        ..field.clone()
    };
    both(old, new, random, field, now)
}

fn aliased(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn alias_gone(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut before = plain("current", "i32");
    before.optional = random.chance(30);
    let now = before.clone();
    before.keys.push(("alias", quoted("former")));
    both(old, new, random, before, now)
}

fn rust_renamed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("other_name", "i32");
    now.keys.push(("rename", quoted("before")));
    both(old, new, random, plain("before", "i32"), now)
}

fn optionality(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let Some(place) = find(new, random, |f| !f.has("default")) else {
        return false;
    };
    let field = at(new, place);
    field.optional = !field.optional;
    true
}

fn default_or_not(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("total", "i32");
    now.keys.push(("default", "1".into()));
    both(old, new, random, plain("total", "i32"), now)
}

fn default_or_optional(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn default_value(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let with = |value: &str| Field {
        keys: vec![("default", value.into())],
        ..plain("total", "i32")
    };
    both(old, new, random, with("1"), with("2"))
}

fn reserved_used(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let event = &mut new.events[0];
    event.reserved.clear();
    event.fields.push(Field {
        optional: random.chance(60),
        ..plain("forbidden", "i32")
    });
    true
}

fn reserved_released(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[1].reserved.clear();
    true
}

fn removed_and_reserved(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut field = plain("fresh", "i32");
    field.optional = random.chance(70);
    old.events[1].fields.push(field);
    new.events[1].reserved.push("fresh".into());
    true
}

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

fn scalar_changed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (a, b) = (*random.pick(SCALARS), *random.pick(SCALARS));
    a != b && both(old, new, random, plain("value", a), plain("value", b))
}

/// Numbers and texts in all their spellings.
fn scalar_changed_again(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn type_changed(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn wrapped(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let Some(place) = find(new, random, |f| f.keys.is_empty()) else {
        return false;
    };
    let map = random.chance(50);
    let field = at(new, place);
    let inner = Box::new(field.ty.clone());
    field.ty = if map { Ty::Map(inner) } else { Ty::List(inner) };
    true
}

fn range(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn float_range(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let mut now = plain("value", "f64");
    now.keys
        .push(("min", random.pick(&["0", "-0.5", "100.25"]).to_string()));
    if random.chance(50) {
        now.keys.push(("max", "1000".into()));
    }
    let before = plain("value", random.pick::<&str>(&["f64", "i32"]));
    both(old, new, random, before, now)
}

fn length(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn items(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn pattern(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn named<'c>(c: &'c mut Contract, name: &str) -> &'c mut Type {
    c.types.iter_mut().find(|ty| ty.name == name).unwrap()
}

/// Makes sure that an event reaches a type.
fn reach(old: &mut Contract, new: &mut Contract, name: &str, random: &mut Random) {
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

fn named_scalar(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Code", random);
    named(new, "Code").kind = Kind::Scalar {
        ty: "string".into(),
        keys: vec![("min_length", "1".into()), ("max_length", "12".into())],
    };
    true
}

fn values_of(ty: &mut Type) -> (&mut Vec<String>, &mut bool) {
    match &mut ty.kind {
        Kind::Enum { values, closed } => (values, closed),
        other => panic!("{other:?}"),
    }
}

fn enum_value(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn enum_closed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Level", random);
    let (_, closed) = values_of(named(new, "Level"));
    *closed = !*closed;
    true
}

fn enum_or_string(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn union_variant(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

fn union_closed(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Contact", random);
    let closed = variants(named(new, "Contact")).2;
    *closed = !*closed;
    true
}

fn union_tag(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Pay", random);
    *variants(named(new, "Pay")).0 = "what".into();
    true
}

fn subject(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (event, subject) = *random.pick(&[
        (1, "shop.orders.paid"),
        (0, "shop.{region}.{partition}.placed"),
        (0, "shop.{partition}.placed"),
        (4, "shop.seen.{region}"),
    ]);
    new.events[event].subject = subject.into();
    true
}

fn placeholder(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    let event = &mut new.events[0];
    event.subject = "shop.{partition}.{area}.placed".into();
    event.fields[1].name = "area".into();
    event.fields[1].keys.push(("rename", "\"region\"".into()));
    true
}

fn envelope(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let event = random.below(new.events.len());
    put(
        &mut new.events[event].keys,
        "envelope",
        quoted("cloudevents"),
    );
    true
}

fn stream_of(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[1].stream = Some("SALES".into());
    true
}

fn delivery(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[4].stream = Some("SALES".into());
    true
}

fn partitions(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(&mut new.streams[0].keys, "partitions", "8".into());
    true
}

fn key(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(&mut new.events[0].keys, "key", quoted("region"));
    true
}

fn id(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    if random.chance(50) {
        put(&mut new.events[1].keys, "id", quoted("region"));
    } else {
        new.events[1].keys.retain(|(key, _)| *key != "id");
    }
    true
}

fn supersedes(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[3].keys.clear();
    true
}

fn retention(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    put(
        &mut new.streams[0].keys,
        "retention",
        quoted(random.pick::<&str>(&["interest", "workqueue"])),
    );
    true
}

fn limits(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (key, value) = *random.pick(&[
        ("max_age", "\"1d\""),
        ("max_bytes", "\"1MiB\""),
        ("max_messages", "1000"),
        ("duplicate_window", "\"10s\""),
    ]);
    put(&mut new.streams[0].keys, key, value.into());
    // More than before is no finding; less is.
    true
}

fn settings(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (key, value) = *random.pick(&[
        ("storage", "\"memory\""),
        ("discard", "\"old\""),
        ("replicas", "1"),
    ]);
    put(&mut new.streams[0].keys, key, value.into());
    true
}

fn stream_gone(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.streams.truncate(1);
    for event in &mut new.events {
        if event.stream.as_deref() == Some("SALES") {
            event.stream = Some("SHOP".into());
        }
    }
    true
}

fn start(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.services[1].keys.push(("start", "\"new\"".into()));
    true
}

fn service_gone(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let n = 1 + random.below(2);
    new.services.remove(n);
    true
}

fn unsubscribed(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(
        &mut new.services[1].keys,
        "subscribes",
        list(&["Placed".to_owned()]),
    );
    true
}

fn unpublished(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(
        &mut new.services[0].keys,
        "publishes",
        r#"["Placed", "Old", "Newer", "Seen"]"#.into(),
    );
    true
}

fn group(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.services[1]
        .keys
        .push(("queue_group", "\"accounts\"".into()));
    true
}

fn without(c: &mut Contract, name: &str) {
    c.events.retain(|event| event.name != name);
    let quoted = [
        format!(", \"{name}\""),
        format!("\"{name}\", "),
        format!("\"{name}\""),
    ];
    for service in &mut c.services {
        for (_, value) in &mut service.keys {
            for quoted in &quoted {
                *value = value.replace(quoted, "");
            }
        }
    }
}

fn event_gone(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    without(new, random.pick::<&str>(&["Old", "Newer", "Seen"]));
    true
}

fn event_moved(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let name = *random.pick(&["Seen", "Newer"]);
    let moved: Vec<Event> = new
        .events
        .iter_mut()
        .filter(|event| event.name == name)
        .map(|event| {
            event.file = "web";
            event.clone()
        })
        .collect();
    for event in &mut new.events {
        for (key, value) in &mut event.keys {
            if *key == "supersedes" && event.file == "web" {
                *value = quoted("shop.Paid");
            }
        }
    }
    for service in &mut new.services {
        for (_, value) in &mut service.keys {
            *value = value.replace(&format!("\"{name}\""), &format!("\"web.{name}\""));
        }
    }
    !moved.is_empty()
}

fn sensitive(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let now = Field {
        keys: vec![("sensitive", "true".into())],
        ..plain("value", "string")
    };
    both(old, new, random, plain("value", "string"), now)
}

fn words(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    match random.below(3) {
        0 => new.events[1]
            .keys
            .push(("doc", "\"Money came in.\"".into())),
        1 => new.events[1].keys.push(("version", "2".into())),
        _ => {
            reach(old, new, "Money", random);
            named(new, "Money").doc = Some("An amount.".into());
        }
    }
    true
}

fn order_of_things(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Status", random);
    if random.chance(50) {
        values_of(named(new, "Status")).0.reverse();
    } else {
        new.events[0].fields.reverse();
    }
    true
}

fn type_name(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    fn renamed(ty: &mut Ty) {
        match ty {
            Ty::Name(name) if name == "Money" => *name = "Amount".into(),
            Ty::Name(_) => {}
            Ty::List(item) | Ty::Map(item) => renamed(item),
        }
    }
    reach(old, new, "Money", random);
    named(new, "Money").name = "Amount".into();
    for fields in new.field_lists() {
        fields.iter_mut().for_each(|field| renamed(&mut field.ty));
    }
    true
}
