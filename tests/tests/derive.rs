//! What `#[derive(Event)]` makes of hand-written structs: names, subjects, ids, filters.
#![allow(clippy::unwrap_used, clippy::panic)]

use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{
    Checker, Ephemeral, Event, Filter, MessageId, Stored, SubjectError, Uuid, Validate,
};

#[derive(Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.orders.OrderPlaced",
    subject = "orders.{partition}.{region}.by.{type}.placed",
    stream = "ORDERS",
    id = "order_id",
    key = "customer",
    partitions = 8
)]
struct OrderPlaced {
    order_id: Uuid,
    customer: String,
    region: Region,
    r#type: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Region {
    Eu,
    Unknown(String),
}
event_runtime::wire_enum!(Region, open(Unknown) { Eu = "eu" });

fn placed(customer: &str, region: Region) -> OrderPlaced {
    OrderPlaced {
        order_id: Uuid::from_u128(7),
        customer: customer.to_owned(),
        region,
        r#type: 3,
    }
}

#[derive(Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(subject = "userschedule:created", stream = "SCHEDULING")]
struct NoId {}

#[derive(Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(subject = "seen.{who}", validate)]
struct Seen {
    who: String,
}

impl Validate for Seen {
    fn check(&self, checker: &mut Checker) {
        checker.field("who", |checker| checker.max_length(&self.who, 3));
    }
}

#[test]
fn names_and_settings_are_constants() {
    assert_eq!(OrderPlaced::NAME, "shop.orders.OrderPlaced");
    assert_eq!(
        OrderPlaced::SUBJECT,
        "orders.{partition}.{region}.by.{type}.placed"
    );
    assert_eq!(
        (OrderPlaced::STREAM, OrderPlaced::PARTITIONS),
        (Some("ORDERS"), Some(8))
    );
    // Without `name` it is the struct's; without `stream` nobody stores it.
    assert_eq!(
        (Seen::NAME, Seen::STREAM, Seen::PARTITIONS),
        ("Seen", None, None)
    );
    fn stored<E: Stored>() {}
    fn ephemeral<E: Ephemeral>() {}
    stored::<NoId>();
    ephemeral::<Seen>();
}

#[test]
fn subjects_take_each_field_as_one_token() {
    let partition = event_runtime::partition("ada", 8);
    let event = placed("ada", Region::Unknown("antarctica".to_owned()));
    assert_eq!(
        event.subject().unwrap().as_str(),
        format!("orders.{partition}.antarctica.by.3.placed")
    );
    assert_eq!(NoId {}.subject().unwrap().as_str(), "userschedule:created");
}

#[test]
fn a_value_that_would_change_the_subject_is_an_error() {
    for bad in ["", "a.b", "*", ">", "a b", "a\r\nPUB x", "\0"] {
        let event = placed("ada", Region::Unknown(bad.to_owned()));
        let error: SubjectError = event.subject().unwrap_err();
        assert!(error.to_string().contains("`region`"), "{error}");
        let filter = OrderPlaced::filter().region(bad);
        assert!(filter.pattern().is_err(), "{bad:?} in a filter");
    }
}

#[test]
fn ids_carry_the_name_and_are_random_without_a_field() {
    let id = placed("ada", Region::Eu).message_id().unwrap();
    assert_eq!(
        id.as_str(),
        "shop.orders.OrderPlaced:00000000-0000-0000-0000-000000000007"
    );
    let (a, b): (MessageId, MessageId) =
        (NoId {}.message_id().unwrap(), NoId {}.message_id().unwrap());
    assert!(a.as_str().starts_with("NoId:") && a != b);
}

#[test]
fn filters_narrow_what_is_set() {
    let pattern =
        |filter: Result<Filter<OrderPlaced>, SubjectError>| filter.unwrap().pattern().to_owned();
    assert_eq!(
        pattern(OrderPlaced::filter().pattern()),
        "orders.*.*.by.*.placed"
    );
    let some = OrderPlaced::filter().region("eu").r#type(3_u32);
    assert_eq!(pattern(some.pattern()), "orders.*.eu.by.3.placed");
    // The key has no token of its own; its partition has.
    let keyed = OrderPlaced::filter().customer("ada");
    let partition = event_runtime::partition("ada", 8);
    assert_eq!(
        pattern(keyed.pattern()),
        format!("orders.{partition}.*.by.*.placed")
    );
    assert_eq!(
        Filter::<Seen>::all().pattern(),
        Seen::filter().pattern().unwrap().pattern()
    );
}

#[test]
fn validate_calls_the_structs_own_rules() {
    let seen = |who: &str| Seen {
        who: who.to_owned(),
    };
    assert!(seen("ada").validate().is_ok());
    let violations = seen("grace").validate().unwrap_err();
    assert_eq!(violations.iter().next().unwrap().path, "who");
    // Without the flag there is nothing to break.
    assert!(placed("", Region::Eu).validate().is_ok());
}
