//! Changes of where events go, who publishes and handles them, and of words.

use super::named::{named, reach, values_of};
use super::{both, plain};
use crate::compat_property::contract::{Contract, Event, Field, Ty, list, put, quoted};
use crate::compat_property::random::Random;

pub fn subject(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (event, subject) = *random.pick(&[
        (1, "shop.orders.paid"),
        (0, "shop.{region}.{partition}.placed"),
        (0, "shop.{partition}.placed"),
        (4, "shop.seen.{region}"),
    ]);
    new.events[event].subject = subject.into();
    true
}

pub fn placeholder(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    let event = &mut new.events[0];
    event.subject = "shop.{partition}.{area}.placed".into();
    event.fields[1].name = "area".into();
    event.fields[1].keys.push(("rename", "\"region\"".into()));
    true
}

pub fn envelope(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let event = random.below(new.events.len());
    put(
        &mut new.events[event].keys,
        "envelope",
        quoted("cloudevents"),
    );
    true
}

pub fn stream_of(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[1].stream = Some("SALES".into());
    true
}

pub fn delivery(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[4].stream = Some("SALES".into());
    true
}

pub fn partitions(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(&mut new.streams[0].keys, "partitions", "8".into());
    true
}

pub fn key(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(&mut new.events[0].keys, "key", quoted("region"));
    true
}

pub fn id(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    if random.chance(50) {
        put(&mut new.events[1].keys, "id", quoted("region"));
    } else {
        new.events[1].keys.retain(|(key, _)| *key != "id");
    }
    true
}

pub fn supersedes(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.events[3].keys.clear();
    true
}

pub fn retention(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    put(
        &mut new.streams[0].keys,
        "retention",
        quoted(random.pick::<&str>(&["interest", "workqueue"])),
    );
    true
}

pub fn limits(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

pub fn settings(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let (key, value) = *random.pick(&[
        ("storage", "\"memory\""),
        ("discard", "\"old\""),
        ("replicas", "1"),
    ]);
    put(&mut new.streams[0].keys, key, value.into());
    true
}

pub fn stream_gone(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.streams.truncate(1);
    for event in &mut new.events {
        if event.stream.as_deref() == Some("SALES") {
            event.stream = Some("SHOP".into());
        }
    }
    true
}

pub fn start(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    new.services[1].keys.push(("start", "\"new\"".into()));
    true
}

pub fn service_gone(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let n = 1 + random.below(2);
    new.services.remove(n);
    true
}

pub fn unsubscribed(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(
        &mut new.services[1].keys,
        "subscribes",
        list(&["Placed", "Newer"].map(str::to_owned)),
    );
    true
}

pub fn unpublished(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
    put(
        &mut new.services[0].keys,
        "publishes",
        r#"["Placed", "Old", "Newer", "Seen"]"#.into(),
    );
    true
}

pub fn group(_: &mut Contract, new: &mut Contract, _: &mut Random) -> bool {
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

pub fn event_gone(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    without(new, random.pick::<&str>(&["Old", "Newer", "Seen"]));
    true
}

pub fn event_moved(_: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

pub fn sensitive(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    let now = Field {
        keys: vec![("sensitive", "true".into())],
        ..plain("value", "string")
    };
    both(old, new, random, plain("value", "string"), now)
}

pub fn words(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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

pub fn order_of_things(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
    reach(old, new, "Status", random);
    if random.chance(50) {
        values_of(named(new, "Status")).0.reverse();
    } else {
        new.events[0].fields.reverse();
    }
    true
}

pub fn type_name(old: &mut Contract, new: &mut Contract, random: &mut Random) -> bool {
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
