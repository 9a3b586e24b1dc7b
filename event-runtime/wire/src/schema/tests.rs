//! Hand-written structs, and the schemas that they must have.

#![allow(dead_code)]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Draft, schema_of, write};

/// A customer placed an order.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    /// Where the order stands.
    status: OrderStatus,
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    customer_id: u64,
    total: Money,
    #[schemars(length(min = 1))]
    lines: Vec<OrderLine>,
    tax_by_region: BTreeMap<String, Money>,
    payment: PaymentMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What was paid already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid: Option<Money>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OrderStatus {
    Pending,
    Paid,
    InTransit,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Money {
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    currency: String,
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    amount_minor: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct OrderLine {
    sku: String,
    #[schemars(range(min = 1))]
    quantity: i32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum PaymentMethod {
    Card(CardPayment),
    Cash(CashPayment),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct CardPayment {
    last4: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct CashPayment {}

fn order(definitions: &str, schema: &str) -> Value {
    let text = r##"{"$schema":"SCHEMA",
        "$comment":"derived from the Rust type of shop.orders.OrderPlaced; do not edit",
        "title":"OrderPlaced","description":"A customer placed an order.","type":"object",
        "properties":{
         "status":{"$ref":"#/DEFS/OrderStatus","description":"Where the order stands."},
         "customerId":{"type":"integer","format":"int64","minimum":0,"maximum":9007199254740991},
         "total":{"$ref":"#/DEFS/Money"},
         "lines":{"type":"array","items":{"$ref":"#/DEFS/OrderLine"},"minItems":1},
         "taxByRegion":{"type":"object","additionalProperties":{"$ref":"#/DEFS/Money"}},
         "payment":{"$ref":"#/DEFS/PaymentMethod"},
         "note":{"type":"string"},
         "paid":{"$ref":"#/DEFS/Money","description":"What was paid already."}},
        "required":["status","customerId","total","lines","taxByRegion","payment"],
        "DEFS":{
         "OrderStatus":{"title":"OrderStatus","type":"string","enum":["pending","paid","in_transit"]},
         "Money":{"title":"Money","type":"object","properties":{
           "currency":{"type":"string","pattern":"^[A-Z]{3}$"},
           "amountMinor":{"type":"integer","format":"int64","minimum":0,"maximum":9007199254740991}},
           "required":["currency","amountMinor"]},
         "OrderLine":{"title":"OrderLine","type":"object","properties":{
           "sku":{"type":"string"},"quantity":{"type":"integer","format":"int32","minimum":1}},
           "required":["sku","quantity"]},
         "PaymentMethod":{"title":"PaymentMethod","oneOf":[
           {"$ref":"#/DEFS/CardPayment"},{"$ref":"#/DEFS/CashPayment"}]},
         "CardPayment":{"title":"CardPayment","type":"object","properties":{
           "kind":{"type":"string","const":"card"},"last4":{"type":"string"}},"required":["kind","last4"]},
         "CashPayment":{"title":"CashPayment","type":"object","properties":{
           "kind":{"type":"string","const":"cash"}},"required":["kind"]}}}"##;
    let text = text.replace("DEFS", definitions).replace("SCHEMA", schema);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_event_has_the_schema_of_its_contract() {
    let name = "shop.orders.OrderPlaced";
    assert_eq!(
        schema_of::<OrderPlaced>(name, Draft::Draft07),
        order("definitions", "http://json-schema.org/draft-07/schema#")
    );
    assert_eq!(
        schema_of::<OrderPlaced>(name, Draft::Draft202012),
        order("$defs", "https://json-schema.org/draft/2020-12/schema")
    );
}

fn property<T: JsonSchema>(name: &str) -> Value {
    schema_of::<T>("x", Draft::Draft07)["properties"][name].clone()
}

fn definition<T: JsonSchema>(name: &str) -> Value {
    schema_of::<T>("x", Draft::Draft07)["definitions"][name].clone()
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Scalars {
    a: u8,
    b: i16,
    c: u32,
    d: usize,
    e: f64,
    f: Option<u32>,
    /// Ends no comment: */ here.
    g: bool,
    h: Value,
    i: BTreeMap<String, Value>,
    #[serde(default = "three")]
    j: u32,
    #[serde(default)]
    k: Vec<String>,
    #[schemars(extend("x-secret" = true))]
    l: String,
}

fn three() -> u32 {
    3
}

#[test]
fn scalars_have_the_formats_that_every_tool_knows() {
    for (name, expected) in [
        (
            "a",
            json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": 255}),
        ),
        (
            "b",
            json!({"type": "integer", "format": "int32", "minimum": -32768, "maximum": 32767}),
        ),
        (
            "c",
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX}),
        ),
        (
            "d",
            json!({"type": "integer", "format": "int64", "minimum": 0}),
        ),
        ("e", json!({"type": "number"})),
        (
            "f",
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX}),
        ),
        (
            "g",
            json!({"type": "boolean", "description": "Ends no comment: * / here."}),
        ),
        ("h", json!({})),
        ("i", json!({"type": "object", "additionalProperties": {}})),
        (
            "j",
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX, "default": 3}),
        ),
        ("k", json!({"type": "array", "items": {"type": "string"}})),
        ("l", json!({"type": "string"})),
    ] {
        assert_eq!(property::<Scalars>(name), expected, "{name}");
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Holder {
    documented: Documented,
    mixed: Mixed,
    card: CardPayment,
    strict: Strict,
    maybe: Option<Documented>,
    wrapped: Wrapper<CardPayment>,
}

/// How.
#[derive(Serialize, Deserialize, JsonSchema)]
enum Documented {
    /// In a hurry.
    Fast,
    Slow,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
enum Mixed {
    /// Around a struct that others use too.
    Card(CardPayment),
    Wire {
        iban: String,
    },
    Cash,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Strict {
    on: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "wrapped_{T}")]
struct Wrapper<T> {
    inner: T,
}

#[test]
fn documented_values_are_an_enum() {
    assert_eq!(
        definition::<Holder>("Documented"),
        json!({"title": "Documented", "description": "How.\n\n- `Fast`: In a hurry.",
            "type": "string", "enum": ["Slow", "Fast"]})
    );
    assert_eq!(
        property::<Holder>("maybe"),
        json!({"$ref": "#/definitions/Documented"})
    );
}

#[test]
fn variants_are_definitions_of_their_own() {
    assert_eq!(
        definition::<Holder>("Mixed"),
        json!({"title": "Mixed", "oneOf": [
            {"$ref": "#/definitions/MixedCard"},
            {"$ref": "#/definitions/MixedWire"},
            {"$ref": "#/definitions/MixedCash"}]})
    );
    assert_eq!(
        definition::<Holder>("MixedCard"),
        json!({"title": "MixedCard", "description": "Around a struct that others use too.", "type": "object",
            "properties": {"type": {"type": "string", "const": "Card"}, "last4": {"type": "string"}},
            "required": ["type", "last4"]})
    );
    assert_eq!(
        definition::<Holder>("CardPayment"),
        json!({"title": "CardPayment", "type": "object",
            "properties": {"last4": {"type": "string"}}, "required": ["last4"]})
    );
    assert_eq!(
        definition::<Holder>("MixedCash"),
        json!({"title": "MixedCash", "type": "object",
            "properties": {"type": {"type": "string", "const": "Cash"}}, "required": ["type"]})
    );
}

#[test]
fn readers_stay_tolerant_and_names_pascal_case() {
    assert_eq!(
        definition::<Holder>("Strict"),
        json!({"title": "Strict", "type": "object",
            "properties": {"on": {"type": "boolean"}}, "required": ["on"]})
    );
    assert_eq!(
        property::<Holder>("wrapped"),
        json!({"$ref": "#/definitions/WrappedCardPayment"})
    );
    assert_eq!(
        definition::<Holder>("WrappedCardPayment")["title"],
        "WrappedCardPayment"
    );
}

#[test]
fn a_file_is_written_once_and_whole() {
    let dir = std::env::temp_dir().join(format!("event-schema-{}", std::process::id()));
    let schema = schema_of::<OrderPlaced>("shop.OrderPlaced", Draft::Draft07);
    let path = write(&dir, "shop.OrderPlaced", &schema).unwrap();
    assert_eq!(path, dir.join("shop.OrderPlaced.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema);
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    write(&dir, "shop.OrderPlaced", &schema).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().modified().unwrap(),
        before
    );
    assert_eq!(
        std::fs::read_dir(&dir).unwrap().count(),
        1,
        "a temporary file stayed"
    );
    // A file stands where a folder would have to.
    let error = write(&path.join("below"), "x", &schema);
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(error.is_err());
}

#[test]
fn own_types_have_the_patterns_of_contracts() {
    #[derive(JsonSchema)]
    struct Own {
        data: crate::Bytes,
        pause: Option<crate::IsoDuration>,
    }
    assert_eq!(property::<Own>("data")["contentEncoding"], "base64");
    let pattern = property::<Own>("pause")["pattern"].clone();
    assert!(pattern.as_str().unwrap().starts_with("^P("), "{pattern}");
    assert_eq!(property::<Own>("pause")["type"], "string");
}

#[test]
#[cfg(feature = "decimal")]
fn decimals_are_text() {
    #[derive(JsonSchema)]
    struct Price {
        total: crate::Decimal,
        tax: Option<crate::Decimal>,
    }
    let text = json!({"type": "string", "pattern": super::types::DECIMAL});
    assert_eq!(property::<Price>("total"), text);
    assert_eq!(property::<Price>("tax"), text);
}

/// Somebody knocked.
#[derive(Serialize, Deserialize, crate::Event, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[event(crate = "crate", name = "door.Knocked", subject = "door.knocked")]
struct Knocked {
    door_id: String,
    at: crate::Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<crate::Uuid>,
}

#[test]
fn an_event_goes_to_a_file_of_its_name() {
    let dir = std::env::temp_dir().join(format!("event-knocked-{}", std::process::id()));
    let path = super::write_json_schema::<Knocked>(&dir).unwrap();
    assert_eq!(path.file_name().unwrap(), "door.Knocked.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$comment": "derived from the Rust type of door.Knocked; do not edit",
            "title": "Knocked", "description": "Somebody knocked.", "type": "object",
            "properties": {
                "doorId": {"type": "string"},
                "at": {"type": "string", "format": "date-time"},
                "by": {"type": "string", "format": "uuid"}},
            "required": ["doorId", "at"],
        })
    );
    let newer = super::json_schema::<Knocked>(Draft::Draft202012);
    assert_eq!(
        newer["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
}
