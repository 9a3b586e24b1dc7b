//! What codegen writes has the wire that the contract language promises: exact bytes out, and in whatever a peer sends.
#![allow(clippy::unwrap_used, clippy::panic)]

use event_runtime::serde_json::{self, json};
use event_runtime::{Event, Stored, serde};
use event_tests::generated::{
    all_constraints, all_defaults, all_names, all_recursion, all_services, all_types, only_foobar,
};

/// Reads text, writes it, and gives back what was read.
fn same<T: serde::Serialize + serde::de::DeserializeOwned>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    value
}

fn refused<T: serde::de::DeserializeOwned>(text: &str) {
    assert!(serde_json::from_str::<T>(text).is_err(), "was read: {text}");
}

const EVERYTHING: &str = concat!(
    r#"{"truth":true,"text":"é","small":-1,"wide":9007199254740991,"natural":7,"huge":"18446744073709551615","#,
    r#""hugeOrNone":"-9223372036854775808","hugeList":["1","-2"],"ratio":0.5,"#,
    r#""id":"67e55044-10b1-426f-9247-bb680e5fe0c8","at":"2024-02-29T12:00:00.500Z","day":"2024-02-29","#,
    r#""length":"PT1H30M","data":"AP8B","anything":null,"maybe":{"a":[1]},"list":[["a"],[]],"#,
    r#""map":{"eu":[{"ccy":"EUR","cents":1}]},"other":{"ccy":"USD","cents":2},"closed":"yes","#,
    r#""shape":{"type":"circle","radiusMm":3}}"#
);

#[test]
fn every_type_has_its_bytes() {
    use all_types::types::{Everything, Shape};
    let event: Everything = same(EVERYTHING);
    assert_eq!(event.huge, u64::MAX);
    assert!(matches!(event.shape, Shape::Circle(ref circle) if circle.radius_mm == 3));
}

#[test]
fn absent_is_left_out_and_null_is_absent() {
    use all_types::types::Everything;
    let mut body: serde_json::Value = serde_json::from_str(EVERYTHING).unwrap();
    for field in ["hugeOrNone", "maybe", "other"] {
        body[field] = json!(null);
    }
    body["unknownField"] = json!({"ignored": [1, 2]});
    let event: Everything = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(
        (event.huge_or_none, &event.maybe, &event.other),
        (None, &None, &None)
    );
    let written = serde_json::to_value(&event).unwrap();
    for field in ["hugeOrNone", "maybe", "other", "unknownField"] {
        assert!(written.get(field).is_none(), "{field} was written");
        body.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        serde_json::from_value::<Everything>(body.clone()).unwrap(),
        event
    );
    // No other field may be absent or null.
    for field in body.as_object().unwrap().keys() {
        let mut without = body.clone();
        without.as_object_mut().unwrap().remove(field);
        assert!(
            serde_json::from_value::<Everything>(without).is_err(),
            "{field} was not missed"
        );
        let mut null = body.clone();
        null[field] = json!(null);
        let read = serde_json::from_value::<Everything>(null);
        assert_eq!(read.is_ok(), field == "anything", "{field}");
    }
}

#[test]
fn numbers_are_what_they_say() {
    use all_types::types::Everything;
    let base: serde_json::Value = serde_json::from_str(EVERYTHING).unwrap();
    for (field, bad) in [
        ("small", json!(1.5)),
        ("small", json!("1")),
        ("small", json!(2_147_483_648_i64)),
        ("natural", json!(-1)),
        ("huge", json!(1)),
        ("hugeList", json!([1])),
        ("ratio", json!("1")),
        ("truth", json!("true")),
        ("id", json!("67e5")),
        ("at", json!("2024-02-29")),
        ("day", json!("2024-02-30")),
        ("length", json!("P1Y")),
        ("data", json!("A_8B")),
        ("closed", json!("maybe")),
    ] {
        let mut body = base.clone();
        body[field] = bad.clone();
        assert!(
            serde_json::from_value::<Everything>(body).is_err(),
            "{field} = {bad}"
        );
    }
    let mut body = base;
    body["at"] = json!("2024-02-29T13:00:00.5+01:00");
    let event: Everything = serde_json::from_value(body).unwrap();
    assert_eq!(
        serde_json::to_value(&event).unwrap()["at"],
        "2024-02-29T12:00:00.500Z"
    );
}

#[test]
fn open_enums_keep_what_they_do_not_know() {
    use only_foobar::scheduling::Channel;
    assert_eq!(same::<Channel>(r#""sms""#), Channel::Sms);
    assert_eq!(
        same::<Channel>(r#""fax""#),
        Channel::Unknown("fax".to_owned())
    );
    refused::<Channel>("1");
    refused::<Channel>(r#"{"sms":null}"#);
    use all_types::types::Closed;
    assert_eq!(same::<Closed>(r#""yes""#), Closed::Yes);
    refused::<Closed>(r#""maybe""#);
    refused::<Closed>(r#""Yes""#);
}

#[test]
fn open_unions_keep_what_they_do_not_know() {
    use only_foobar::scheduling::Contact;
    assert!(matches!(
        same(r#"{"kind":"mail","address":"a@b"}"#),
        Contact::Mail(_)
    ));
    let Contact::Unknown(pigeon) = same(r#"{"loft":[1,{"a":null}],"kind":"pigeon","n":1.10}"#)
    else {
        panic!("a pigeon is not known");
    };
    assert_eq!(pigeon.tag(), "pigeon");
    // The tag may stand anywhere.
    let mail: Contact = serde_json::from_str(r#"{"address":"a@b","kind":"mail"}"#).unwrap();
    assert!(matches!(mail, Contact::Mail(_)));
    // A broken known variant is an error and never unknown.
    refused::<Contact>(r#"{"kind":"mail"}"#);
    refused::<Contact>(r#"{"kind":"mail","address":1}"#);
    refused::<Contact>(r#"{"address":"a@b"}"#);
    refused::<Contact>(r#"{"kind":null,"address":"a@b"}"#);
    refused::<Contact>(r#"["mail","a@b"]"#);
    use all_types::types::Shape;
    assert!(matches!(same(r#"{"type":"empty"}"#), Shape::Empty(_)));
    refused::<Shape>(r#"{"type":"square"}"#);
}

#[test]
fn an_old_name_counts_where_the_current_one_is_not_there() {
    use all_types::shop::orders::Money;
    let read = |text: &str| serde_json::from_str::<Money>(text).unwrap();
    let money = same::<Money>(r#"{"ccy":"EUR","cents":1}"#);
    assert_eq!(read(r#"{"curr":"EUR","cents":1}"#), money);
    assert_eq!(read(r#"{"cents":1,"curr":"EUR"}"#), money);
    assert_eq!(read(r#"{"curr":"USD","ccy":"EUR","cents":1}"#), money);
    assert_eq!(read(r#"{"ccy":"EUR","cents":1,"curr":7}"#), money);
    refused::<Money>(r#"{"cents":1}"#);
    refused::<Money>(r#"{"curr":7,"cents":1}"#);
    refused::<Money>(r#"{"currency":"EUR","cents":1}"#);
}

#[test]
fn defaults_are_filled_in_and_always_written() {
    use all_defaults::defaults::Defaulted;
    let event: Defaulted = serde_json::from_str("{}").unwrap();
    assert_eq!(
        serde_json::to_string(&event).unwrap(),
        concat!(
            r#"{"truth":true,"number":-5,"wide":"18446744073709551615","ratio":2.0,"text":"a \"b\"","#,
            r#""id":"67e55044-10b1-426f-9247-bb680e5fe0c8","at":"2024-02-29T11:00:00.500Z","day":"2024-02-29","#,
            r#""length":"PT1H30M","data":"TWE=","channel":"sms"}"#
        )
    );
    let other: Defaulted = serde_json::from_str(r#"{"number":7,"channel":"fax"}"#).unwrap();
    assert_eq!((other.number, other.channel.as_str()), (7, "fax"));
    refused::<Defaulted>(r#"{"number":null}"#);
}

#[test]
fn only_objects_decode() {
    use all_types::shop::orders::Money;
    use only_foobar::scheduling::{PhoneContact, UserMoved};
    refused::<PhoneContact>(r#"["+491"]"#);
    refused::<Money>(r#"["EUR",1]"#);
    refused::<all_names::names::Vec>("[]");
    refused::<UserMoved>(
        r#"["67e55044-10b1-426f-9247-bb680e5fe0c8",{"kind":"mail","address":"a"}]"#,
    );
    let mut body: serde_json::Value = serde_json::from_str(EVERYTHING).unwrap();
    body["other"] = json!(["EUR", 1]);
    refused::<all_types::types::Everything>(&body.to_string());
    body["other"] = json!(null);
    body["map"] = json!({"eu": [["EUR", 1]]});
    refused::<all_types::types::Everything>(&body.to_string());
}

#[test]
fn a_field_twice_is_an_error() {
    use all_types::shop::orders::Money;
    refused::<Money>(r#"{"ccy":"EUR","cents":1,"cents":2}"#);
    refused::<Money>(r#"{"ccy":"EUR","ccy":"EUR","cents":1}"#);
    refused::<only_foobar::scheduling::MailContact>(r#"{"address":"a","address":"a"}"#);
}

#[test]
fn types_may_contain_themselves() {
    use all_recursion::recursion::{Expr, Tree};
    let tree: Tree = same(
        r#"{"left":{"children":[],"named":{},"weight":1},"children":[],"named":{},"weight":2}"#,
    );
    assert_eq!(tree.left.unwrap().weight, 1);
    let expr: Expr = same(r#"{"op":"not","inner":{"op":"leaf","value":1}}"#);
    assert!(matches!(expr, Expr::Not(not) if not.inner.is_some()));
}

#[test]
fn names_of_the_prelude_and_of_the_language_are_only_names() {
    use all_names::names::{self, Self_};
    let text = concat!(
        r#"{"type":"t","oddId":1,"self":"","option":"some","string":{"text":"s"},"result":{"ok":"unknown","some":"x"},"#,
        r#""vec":[{}],"plain":"p","twoBars":true}"#
    );
    #[allow(deprecated)]
    let event: names::Event = same(text);
    #[allow(deprecated)]
    let value = &event.self_;
    assert_eq!(*value, Self_::Empty);
    // The empty text is a value of the enum; it cannot be a token of the subject.
    assert!(event.subject().is_err());
    for (wire, value) in [
        ("42", Self_::V42),
        ("self", Self_::Self_),
        ("a b", Self_::AB),
        ("Ünï", Self_::Ünï),
        ("unknown", Self_::Unknown),
        ("Unknown", Self_::Unknown_("Unknown".to_owned())),
        ("with \"quotes\" \\ and\nlines", Self_::WithQuotesAndLines),
    ] {
        let text = serde_json::to_string(wire).unwrap();
        assert_eq!(same::<Self_>(&text), value);
    }
}

#[test]
fn debug_keeps_secrets() {
    let event = order();
    let text = format!("{event:?} {event:#?}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(
        text.contains("<sensitive>") && text.contains("0.25"),
        "{text}"
    );
}

fn order() -> all_constraints::constraints::Order {
    serde_json::from_value(json!({
        "code": "AB", "weight": 0.25, "tags": ["a"], "prices": {}, "secret": "hunter2",
    }))
    .unwrap()
}

#[test]
fn every_constraint_is_checked_where_it_is() {
    use all_constraints::constraints::{Contact, Phone, Price};
    assert!(order().validate().is_ok());
    let mut event = order();
    event.code = "too long and small".to_owned();
    event.count = Some(10);
    event.weight = f64::NAN;
    event.tags = vec![
        "fine".to_owned(),
        "ö".repeat(12),
        "ö".repeat(13),
        String::new(),
    ];
    event
        .prices
        .insert("eu".to_owned(), Price { cents: 1_000_001 });
    event.contact = Some(Contact::Phone(Phone {
        number: "491".to_owned(),
    }));
    event.secret = "x".repeat(73);
    let violations = event.validate().unwrap_err();
    let paths: Vec<&str> = violations
        .iter()
        .map(|violation| violation.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "code",
            "code",
            "count",
            "weight",
            "weight",
            "weight",
            "tags",
            "tags[2]",
            "prices[\"eu\"].cents",
            "contact.number",
            "secret",
        ]
    );
    assert!(!violations.to_string().contains("xxx"), "{violations}");
    let mut event = order();
    event.tags.clear();
    event.code.clear();
    let paths = event.validate().unwrap_err();
    assert_eq!(
        paths
            .iter()
            .map(|violation| violation.path.as_str())
            .collect::<Vec<_>>(),
        ["code", "code", "tags"]
    );
}

#[test]
fn recursive_types_are_checked_at_every_depth() {
    let text = r#"{"tree":{"left":{"children":[{"children":[],"named":{},"weight":-1}],"named":{},"weight":0},"children":[],"named":{},"weight":0},"expr":{"op":"leaf","value":1}}"#;
    let event: all_recursion::recursion::Grown = same(text);
    let violations = event.validate().unwrap_err();
    assert_eq!(
        violations.iter().next().unwrap().path,
        "tree.left.children[0].weight"
    );
}

#[test]
fn subjects_and_ids_come_from_the_fields() {
    use only_foobar::scheduling::{UserMoved, UserScheduleCreated, subjects};
    let created: UserScheduleCreated = serde_json::from_str(
        r#"{"scheduleId":"67e55044-10b1-426f-9247-bb680e5fe0c8","startsAt":"2024-02-29T12:00:00Z","channels":["fax"]}"#,
    )
    .unwrap();
    assert_eq!(
        created.subject().unwrap().as_str(),
        subjects::USER_SCHEDULE_CREATED
    );
    assert_eq!(
        created.message_id().unwrap().as_str(),
        "scheduling.UserScheduleCreated:67e55044-10b1-426f-9247-bb680e5fe0c8"
    );
    let moved: UserMoved = serde_json::from_str(
        r#"{"userId":"67e55044-10b1-426f-9247-bb680e5fe0c8","contact":{"kind":"mail","address":"a@b"}}"#,
    )
    .unwrap();
    // FNV-1a-32 of the key's text, modulo 2.
    assert_eq!(
        moved.subject().unwrap().as_str(),
        "user.1.67e55044-10b1-426f-9247-bb680e5fe0c8.moved"
    );
    assert_ne!(
        moved.message_id().unwrap(),
        moved.message_id().unwrap(),
        "without `id` each publish is another event"
    );
    assert_eq!(subjects::USER_MOVED, "user.*.*.moved");
    assert_eq!(UserMoved::PARTITIONS, Some(2));
    assert_eq!(
        (UserScheduleCreated::STREAM, UserScheduleCreated::PARTITIONS),
        (Some("SCHEDULING"), None)
    );
}

#[test]
fn streams_and_durables_are_the_folders() {
    let durables = |streams: event_runtime::Streams<'static>| -> Vec<(String, Vec<&str>, u32)> {
        let all = streams.consumers.iter();
        all.map(|c| {
            (
                format!("{}/{}", c.stream, c.durable),
                c.filters.to_vec(),
                c.max_in_flight,
            )
        })
        .collect()
    };
    assert_eq!(
        durables(all_services::STREAMS),
        [
            ("A/order-handler".to_owned(), vec!["a.placed"], 64),
            ("A/order-handler-p0".to_owned(), vec!["a.0.moved"], 1),
            ("A/order-handler-p1".to_owned(), vec!["a.1.moved"], 1),
            ("B/order-handler".to_owned(), vec!["b.placed"], 64),
        ]
    );
    // The stream of one service's crate has the subjects of all events that name it.
    let streams: Vec<_> = only_foobar::STREAMS
        .streams
        .iter()
        .map(|s| (s.name, s.subjects))
        .collect();
    assert_eq!(
        streams,
        [(
            "SCHEDULING",
            ["userschedule:created", "user.{partition}.*.moved"].as_slice()
        )]
    );
}

/// Whoever handles what `order-handler` subscribes to fits its trait, with `async fn`.
mod handlers {
    use event_runtime::{Delivery, Failure};
    use event_tests::generated::all_services::services::order_handler;
    use event_tests::generated::all_services::{a, b};

    struct Handler;

    impl order_handler::Handlers for Handler {
        async fn a_placed(&self, delivery: Delivery<a::Placed>) -> Result<(), Failure> {
            let _ = delivery.event;
            Ok(())
        }
        async fn b_placed(&self, _: Delivery<b::Placed>) -> Result<(), Failure> {
            Ok(())
        }
        async fn moved(&self, _: Delivery<a::Moved>) -> Result<(), Failure> {
            Ok(())
        }
        async fn seen(&self, _: Delivery<a::Seen>) -> Result<(), Failure> {
            Ok(())
        }
    }

    fn is_send<T: Send>(_: T) {}

    /// Only compiled: `listen` may be spawned.
    #[allow(dead_code)]
    fn spawned(bus: &'static event_runtime::Bus, shutdown: event_runtime::Shutdown) {
        is_send(order_handler::listen(bus, Handler, shutdown));
    }

    #[test]
    fn settings_are_the_contracts() {
        assert_eq!(order_handler::QUEUE_GROUP, "order-handler");
    }
}

#[test]
fn a_struct_is_made_of_its_required_fields() {
    use all_constraints::constraints::{Order, Price, required};
    let order = Order {
        count: Some(2),
        ..required::Order {
            code: "A".to_owned(),
            weight: 1.5,
            tags: vec!["x".to_owned()],
            prices: [("eu".to_owned(), required::Price { cents: 7 }.into())].into(),
            secret: "s".to_owned(),
        }
        .into()
    };
    let literal = Order {
        code: "A".to_owned(),
        count: Some(2),
        weight: 1.5,
        tags: vec!["x".to_owned()],
        prices: [("eu".to_owned(), Price { cents: 7 })].into(),
        contact: None,
        secret: "s".to_owned(),
    };
    assert_eq!(order, literal);
}

#[test]
fn without_a_required_field_there_is_a_default() {
    use all_defaults::defaults::{Channel, Defaulted};
    let event = Defaulted {
        number: 1,
        ..Defaulted::default()
    };
    let read: Defaulted = serde_json::from_str(r#"{"number":1}"#).unwrap();
    assert_eq!(event, read);
    assert_eq!(event.channel, Channel::Sms);
    assert_eq!(
        all_services::a::Placed::default(),
        all_services::a::Placed {}
    );
    assert_eq!(all_recursion::recursion::Not::default().inner, None);
}
