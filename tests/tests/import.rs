//! Types from JSON Schema against payloads: what a schema allows is read, and written again with nothing lost; what it
//! forbids is refused, by reading or by the checks.

#![deny(warnings, missing_docs)]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use event_runtime::serde_json::{self, Value, json};
use event_runtime::{Event, Int64, Stored};

/// What `codegen/tests/import` becomes.
#[allow(deprecated, dead_code, unused_imports, clippy::all, clippy::pedantic)]
mod contracts {
    pub use event_runtime;
    include!(concat!(env!("OUT_DIR"), "/imported.rs"));
}

use contracts::imported::{DocumentChanged, OrderPlaced, ShapeDrawn, TreeGrown, WalletFilled};

/// Reads a payload, checks it, and writes it again.
#[track_caller]
fn round<E: Event>(payload: &Value) -> Value {
    let event: E = serde_json::from_str(&payload.to_string()).unwrap();
    event.validate().unwrap();
    serde_json::to_value(&event).unwrap()
}

#[track_caller]
fn keeps<E: Event>(payload: Value) {
    assert_eq!(round::<E>(&payload), payload);
}

#[track_caller]
fn unreadable<E: Event + std::fmt::Debug>(payload: &Value) {
    let read = serde_json::from_value::<E>(payload.clone());
    assert!(read.is_err(), "{read:?}");
}

#[track_caller]
fn invalid<E: Event>(payload: &Value, violation: &str) {
    let event: E = serde_json::from_value(payload.clone()).unwrap();
    assert_eq!(event.validate().unwrap_err().to_string(), violation);
}

fn order() -> Value {
    json!({
        "orderId": "0190b5f0-5d9c-7c3e-8f2a-1b2c3d4e5f60",
        "placed-at": "2026-01-02T03:04:05Z",
        "status": "in_transit",
        "total": {"currency": "EUR", "amountMinor": 1250},
        "lines": [{"sku": "a", "quantity": 2, "price": {"currency": "EUR", "amountMinor": 625, "perUnit": true}}],
    })
}

fn with(mut payload: Value, key: &str, value: Value) -> Value {
    payload[key] = value;
    payload
}

#[test]
fn an_order_comes_back_as_it_was() {
    keeps::<OrderPlaced>(order());
    for (key, value) in [
        ("deposit", json!({"currency": "EUR", "amountMinor": 0})),
        ("payment", json!({"kind": "card", "last4": "1234"})),
        ("payment", json!({"kind": "cash"})),
        ("note", json!("ring twice")),
        ("reference", json!(7)),
        ("reference", json!("seven")),
        ("position", json!([52.5, 13.25])),
        ("discount", json!(0.5)),
        ("tags", json!([])),
        ("tags", json!(["x"])),
        ("labels", json!({})),
        ("labels", json!({"🦀": "b"})),
        ("priority", json!(3)),
        ("status", json!("Pending")),
    ] {
        keeps::<OrderPlaced>(with(order(), key, value));
    }
}

#[test]
fn a_reader_is_tolerant() {
    // The schema says `unevaluatedProperties: false`, and its author adds a property tomorrow.
    assert_eq!(
        round::<OrderPlaced>(&with(order(), "addedLater", json!(1))),
        order()
    );
    assert_eq!(
        round::<OrderPlaced>(&with(order(), "note", Value::Null)),
        order()
    );
    let offset = with(order(), "placed-at", json!("2026-01-02T04:04:05+01:00"));
    assert_eq!(round::<OrderPlaced>(&offset), order());
    // A default is a remark: what was absent stays absent.
    assert!(round::<OrderPlaced>(&order()).get("tags").is_none());
}

#[test]
fn what_the_schema_forbids_is_refused() {
    for (key, value) in [
        ("orderId", json!("no uuid")),
        ("placed-at", json!("yesterday")),
        ("status", json!("lost")),
        ("lines", json!({})),
        ("position", json!([1.0])),
        ("position", json!([1.0, 2.0, 3.0])),
        ("payment", json!({"kind": "cheque"})),
        ("payment", json!({"last4": "1234"})),
        ("total", json!(["EUR", 1])),
        ("reference", json!(true)),
        ("priority", json!(1.5)),
        ("total", Value::Null),
    ] {
        unreadable::<OrderPlaced>(&with(order(), key, value));
    }
    unreadable::<OrderPlaced>(&json!([]));
    for (key, value, violation) in [
        ("lines", json!([]), "lines has fewer than 1 elements"),
        ("discount", json!(1.0), "discount must be below 1"),
        (
            "discount",
            json!(-0.5),
            "discount is below the minimum of 0",
        ),
        (
            "priority",
            json!(4),
            "priority is none of the allowed numbers",
        ),
        ("reference", json!(0), "reference is below the minimum of 1"),
        (
            "payment",
            json!({"kind": "card", "last4": "12"}),
            "payment.last4 is shorter than 4 characters",
        ),
        (
            "total",
            json!({"currency": "eur", "amountMinor": 1}),
            "total.currency does not match the pattern ^[A-Z]{3}$",
        ),
        (
            "total",
            json!({"currency": "EUR", "amountMinor": 9_007_199_254_740_992_i64}),
            "total.amountMinor is above the maximum of 9007199254740991",
        ),
    ] {
        invalid::<OrderPlaced>(&with(order(), key, value), violation);
    }
}

#[test]
fn members_are_placeholders_and_ids() {
    let event: OrderPlaced = serde_json::from_value(order()).unwrap();
    assert_eq!(event.status, contracts::imported::OrderStatus::InTransit);
    assert_eq!(
        event.subject().unwrap().as_str(),
        "import.in_transit.0190b5f0-5d9c-7c3e-8f2a-1b2c3d4e5f60.placed"
    );
    assert_eq!(
        event.message_id().unwrap().as_str(),
        "imported.OrderPlaced:0190b5f0-5d9c-7c3e-8f2a-1b2c3d4e5f60"
    );
    assert_eq!(
        contracts::imported::subjects::ORDER_PLACED,
        "import.*.*.placed"
    );
}

#[test]
fn recursion_and_untagged_choices_keep_everything() {
    keeps::<TreeGrown>(json!({"name": "root"}));
    keeps::<TreeGrown>(json!({
        "name": "root",
        "left": {"name": "l", "left": {"name": "ll"}},
        "children": [{"name": "c", "value": "text"}, {"name": "d", "value": 1.5}],
        "value": ["a", [2.5, []], {"node": {"name": "n"}}, {"link": "x"}],
    }));
    unreadable::<TreeGrown>(&json!({"name": "root", "value": true}));
    unreadable::<TreeGrown>(&json!({"name": "root", "value": {}}));
}

#[test]
fn what_generators_for_protobuf_write_is_read() {
    for payload in [
        json!({"version": "9007199254740993", "changeType": "CREATED", "changedAt": "2026-01-02T03:04:05.123456789Z"}),
        json!({"version": 3, "changeType": 1, "elapsed": "1.5s"}),
        json!({"document": {"mapValue": {"a": {"integerValue": "1"}, "b": {"arrayValue": [{"nullValue": null}, {"nullValue": 0}]}}}}),
        json!({"@type": "type.example/DocumentChanged", "document": {"@type": "x", "integerValue": -5, "new": {"deep": [null]}}}),
    ] {
        keeps::<DocumentChanged>(payload);
    }
    let event: DocumentChanged = serde_json::from_str("{\"version\":\"7\"}").unwrap();
    assert_eq!(event.version, Some(Int64::new(7)));
    unreadable::<DocumentChanged>(&json!({"changeType": "RENAMED"}));
    unreadable::<DocumentChanged>(&json!({"version": "seven"}));
    invalid::<DocumentChanged>(&json!({"size": 0}), "size is below the minimum of 1");
    invalid::<DocumentChanged>(
        &json!({"elapsed": "soon"}),
        "elapsed does not match the pattern ^([0-9]+\\.?[0-9]*|\\.[0-9]+)s$",
    );
}

#[test]
fn an_event_of_several_objects_is_a_struct_around_them() {
    keeps::<ShapeDrawn>(json!({"type": "circle", "radius": 1.5}));
    keeps::<ShapeDrawn>(json!({"type": "polygon", "points": [[0.0, 1.0], [2.5, 3.0]]}));
    unreadable::<ShapeDrawn>(&json!({"type": "line"}));
    invalid::<ShapeDrawn>(
        &json!({"type": "circle", "radius": 0.0}),
        "radius must be above 0",
    );
}

#[test]
fn a_contracts_own_fields_can_be_of_an_imported_type() {
    let money = json!({"currency": "EUR", "amountMinor": 1});
    keeps::<WalletFilled>(json!({"balance": money, "history": [money]}));
    invalid::<WalletFilled>(
        &json!({"balance": {"currency": "EUR", "amountMinor": -1}, "history": [{"currency": "x", "amountMinor": 1}]}),
        "balance.amountMinor is below the minimum of 0; history[0].currency does not match the pattern ^[A-Z]{3}$",
    );
}

#[test]
fn imported_structs_are_made_of_their_required_members() {
    use contracts::imported::{Line, required};
    let order: OrderPlaced = serde_json::from_value(order()).unwrap();
    let again = OrderPlaced {
        note: order.note.clone(),
        ..required::OrderPlaced {
            lines: vec![Line {
                price: order.lines[0].price.clone(),
                ..required::Line {
                    quantity: 2,
                    sku: "a".to_owned(),
                }
                .into()
            }],
            order_id: order.order_id,
            placed_at: order.placed_at,
            status: order.status,
            total: order.total.clone(),
        }
        .into()
    };
    assert_eq!(again, order);
}
