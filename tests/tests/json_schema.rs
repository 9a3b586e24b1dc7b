//! What a validator of JSON Schema makes of the exported schemas: good payloads pass and bad ones do not, in both drafts
//! and with references inside one file and between files.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::read;
use jsonschema::Validator;
use serde_json::{Value, json};

const DRAFTS: [Draft; 2] = [Draft::Draft07, Draft::Draft202012];

fn contracts(case: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../codegen/tests/schema")
        .join(case)
        .join("contracts");
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

fn schemas(case: &str, draft: Draft, layout: Layout) -> Vec<(String, Value)> {
    json_schema(&contracts(case), draft, layout)
        .into_iter()
        .map(|(name, text)| (name, serde_json::from_str(&text).unwrap()))
        .collect()
}

/// The schema of an event, in each draft; each schema is valid itself.
fn validators(case: &str, event: &str) -> Vec<Validator> {
    DRAFTS
        .iter()
        .map(|draft| {
            let all = schemas(case, *draft, Layout::Bundled);
            let (_, schema) = all.iter().find(|(name, _)| name == event).unwrap();
            assert!(jsonschema::meta::is_valid(schema), "{event} is no schema");
            let options = jsonschema::options().should_validate_formats(true);
            options.build(schema).unwrap()
        })
        .collect()
}

fn everything() -> Value {
    json!({
        "yes": true, "text": "abc", "small": -5, "signed": -1, "count": 4_294_967_295_u32, "some": 3, "large": 5,
        "ratio": 0.25, "price": "-12.50", "id": "123e4567-e89b-12d3-a456-426614174000",
        "at": "2024-01-01T00:00:00Z", "day": "2024-02-29", "pause": "P1DT2H3.5S", "data": "aGk=", "anything": null,
        "wideSigned": "-9223372036854775808", "wide": "18446744073709551615", "grid": [[1.5]], "labels": {"a": "b"},
        "currency": "EUR", "few": 2, "Odd-Name": "x", "shape": {"kind": "circle", "radius": 1},
        "tree": {"leaf": "a", "branches": [{"leaf": "b", "branches": []}]},
    })
}

/// The good payload with another value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut payload = everything();
    match payload.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let key = pointer.trim_start_matches('/').to_owned();
            payload.as_object_mut().unwrap().insert(key, value);
        }
    }
    payload
}

fn without(field: &str) -> Value {
    let mut payload = everything();
    payload
        .as_object_mut()
        .unwrap()
        .remove(field)
        .expect("no such field");
    payload
}

#[test]
fn good_payloads_pass() {
    for validator in validators("everything", "all.Everything.json") {
        for payload in [
            everything(),
            with("/unknownField", json!({"of": "a newer publisher"})),
            with("/anything", json!([1, {"a": "b"}])),
            with("/maybe", json!(3)),
            with("/channel", json!("a newer channel")),
            with("/channels", json!(["sms", "a newer channel"])),
            with("/euro", json!("EUR")),
            with("/few", json!(5)),
            with("/narrow", json!("-2147483648")),
            with("/shape", json!({"kind": "square", "side": 2.5})),
            with("/shape", json!({"kind": "hexagon", "sides": 6})),
            with("/at", json!("2024-01-01T01:00:00.123456789+01:00")),
            with("/text", json!("aüöä€")),
            with("/small", json!(i32::MIN)),
        ] {
            let errors: Vec<String> = validator
                .iter_errors(&payload)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{payload}: {errors:?}");
        }
    }
}

#[test]
fn bad_payloads_do_not_and_the_place_is_named() {
    let bad = [
        ("/yes", json!("true")),
        ("/text", json!("b")),
        ("/text", json!("")),
        ("/text", json!("aaaaaa")),
        ("/small", json!(1.5)),
        ("/signed", json!(9_007_199_254_740_992_i64)),
        ("/count", json!(-1)),
        ("/count", json!(4_294_967_296_i64)),
        ("/some", json!(0)),
        ("/some", json!(10)),
        ("/large", json!(-1)),
        ("/ratio", json!(0.75)),
        ("/ratio", json!("0.25")),
        ("/price", json!(12.5)),
        ("/price", json!("1e3")),
        ("/id", json!(5)),
        ("/at", json!("2024-01-01 00:00")),
        ("/day", json!("2024-02-30")),
        ("/pause", json!("P1M")),
        ("/data", json!("a_-=")),
        ("/wide", json!(5)),
        ("/wide", json!("-5")),
        ("/grid", json!([])),
        ("/grid", json!([[1], [1], [1], [1]])),
        ("/grid/0", json!(["1"])),
        ("/labels", json!({})),
        ("/labels", json!({"a": "b", "c": "d", "e": "f"})),
        ("/labels/a", json!(1)),
        ("/currency", json!("euro")),
        ("/channel", json!(5)),
        ("/few", json!(6)),
        ("/few", json!(0)),
        ("/secret", Value::Null),
        ("/tree/branches/0", json!({"leaf": "b"})),
        ("/shape", json!({"radius": 1})),
        ("/shape", json!({"kind": "circle"})),
        ("/shape", json!({"kind": "circle", "radius": "1"})),
        ("/shape", json!("circle")),
    ];
    for validator in validators("everything", "all.Everything.json") {
        for (pointer, value) in &bad {
            let payload = with(pointer, value.clone());
            let errors: Vec<String> = validator
                .iter_errors(&payload)
                .map(|error| error.instance_path().to_string())
                .collect();
            assert!(!errors.is_empty(), "{pointer}: {value} passes");
            for place in errors {
                assert!(
                    place.starts_with(pointer),
                    "{pointer}: {value} is reported at {place}"
                );
            }
        }
    }
}

#[test]
fn what_must_be_there_must_be_there() {
    for validator in validators("everything", "all.Everything.json") {
        for field in everything().as_object().unwrap().keys() {
            assert!(
                !validator.is_valid(&without(field)),
                "{field} may be absent"
            );
        }
    }
}

/// Draft-07 does not define the format, so validators of it need not look at it; those of the newer draft do.
#[test]
fn a_uuid_is_looked_at_where_the_draft_knows_it() {
    let [_, newer] =
        <[Validator; 2]>::try_from(validators("everything", "all.Everything.json")).unwrap();
    assert!(!newer.is_valid(&with("/id", json!("no-uuid"))));
}

/// The samples of the event that the dialect was measured with.
#[test]
fn the_measured_order() {
    let good = json!({
        "orderId": "123e4567-e89b-12d3-a456-426614174000", "placedAt": "2024-01-01T00:00:00Z", "status": "in_transit",
        "customerId": 7, "total": {"currency": "EUR", "amountMinor": 1}, "taxByRegion": {},
        "lines": [{"sku": "a", "quantity": 1}], "payment": {"kind": "cash"},
    });
    for validator in validators("order", "shop.orders.OrderPlaced.json") {
        assert!(validator.is_valid(&good));
        for (pointer, value) in [
            ("/status", json!("lost")),
            ("/payment", json!({"kind": "shells"})),
            ("/payment", json!({"kind": "card"})),
            ("/lines", json!([])),
            ("/total/currency", json!("euro")),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert!(!validator.is_valid(&bad), "{bad}");
        }
    }
}

/// One file per type: a validator that is given the files finds its way through the relative references.
#[test]
fn references_between_files() {
    let good = json!({"amount": {"cents": 1}, "price": {"units": "1.5"}, "method": {"by": "cash"}});
    let bad =
        json!({"amount": {"units": "1.5"}, "price": {"units": "1.5"}, "method": {"by": "cash"}});
    for draft in DRAFTS {
        let files = schemas("same_name", draft, Layout::Refs);
        let at = |name: &str| format!("file:///schemas/{name}");
        let mut registry = jsonschema::Registry::new();
        for (name, schema) in &files {
            registry = registry.add(at(name), schema.clone()).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let paid = json!({"$ref": at("billing.Paid.json")});
        let validator = jsonschema::options()
            .with_registry(&registry)
            .build(&paid)
            .unwrap();
        assert!(validator.is_valid(&good));
        assert!(!validator.is_valid(&bad));
    }
}

#[test]
fn the_catalog_holds_every_event() {
    for draft in DRAFTS {
        let (_, catalog) = schemas("same_name", draft, Layout::Catalog).remove(0);
        assert!(jsonschema::meta::is_valid(&catalog));
        let validator = jsonschema::validator_for(&catalog).unwrap();
        assert!(validator.is_valid(&json!({"shop.orders.Paid": {"total": {"units": "1"}}})));
        assert!(!validator.is_valid(&json!({"shop.orders.Paid": {"total": {"cents": 1}}})));
    }
}
