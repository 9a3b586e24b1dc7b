//! Reading messages by contracts that are only known at run time. That it judges as the generated decoders do is shown in
//! the tests of the workspace, which have both.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_codegen::check::{self, Checked};
use event_codegen::decode::{self, Decoder, Identity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_codegen::read;

const CONTRACT: &str = r#"
[streams.ORDERS]
max_age = "1d"

[events.PlacedV1]
subject = "orders.{region}.placed"
stream  = "ORDERS"
id      = "order_id"
[events.PlacedV1.fields]
order_id = "uuid"
region   = "string"

[events.Placed]
subject    = "orders.{region}.placed.v2"
stream     = "ORDERS"
id         = "order_id"
supersedes = "PlacedV1"
[events.Placed.fields]
order_id = "uuid"
region   = { type = "string", max_length = 3 }
lines    = { type = "list<Line>", min_items = 1 }
state    = { type = "State", default = "new" }
name     = { type = "string?", alias = "nick" }
card     = { type = "string?", sensitive = true, pattern = "^[0-9]+$" }
payer    = "Payer?"
tags     = "map<i32>?"

[types.Line.fields]
quantity = { type = "i32", min = 1 }

[types.Payer.fields]
iban = { type = "string", sensitive = true }

[types.State]
enum = ["new", "old"]
closed = true

[services.shop]
publishes = ["Placed", "PlacedV1"]
"#;

fn checked(contract: &str) -> Checked {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("decode-{}-{next}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("shop.toml"), contract).unwrap();
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    let checked = check::check(model, &mut diagnostics);
    std::fs::remove_dir_all(&folder).unwrap();
    checked.unwrap_or_else(|_| panic!("{diagnostics:#?}"))
}

const V1: EventId = EventId(0);
const V2: EventId = EventId(1);
const ID: &str = "67E55044-10b1-426f-9247-bb680e5fe0c8";

#[test]
fn which_event_a_message_is() {
    let contracts = checked(CONTRACT);
    let decoder = Decoder::new(&contracts);
    let contradiction = |named: &str| Identity::Contradiction {
        event: V1,
        named: named.to_owned(),
    };
    for (subject, id, is) in [
        ("orders.eu.placed", None, Identity::Event(V1)),
        (
            "orders.eu.placed",
            Some("shop.PlacedV1:1"),
            Identity::Event(V1),
        ),
        (
            "orders.eu.placed.v2",
            Some("shop.Placed:a:b"),
            Identity::Event(V2),
        ),
        // An id of another tool says nothing.
        ("orders.eu.placed", Some("7"), Identity::Event(V1)),
        (
            "orders.eu.placed",
            Some("shop.Placed:1"),
            contradiction("shop.Placed"),
        ),
        ("orders.eu.placed", Some("x:1"), contradiction("x")),
        // A mirror may change subjects.
        ("copy.orders.eu", Some("shop.Placed:1"), Identity::Event(V2)),
        ("copy.orders.eu", Some("shop.Gone:1"), Identity::Unknown),
        ("orders.eu", None, Identity::Unknown),
        ("orders..placed", None, Identity::Unknown),
        ("orders.a.b.placed", None, Identity::Unknown),
        ("", None, Identity::Unknown),
    ] {
        assert_eq!(decoder.identify(subject, id), is, "{subject} {id:?}");
    }
}

fn faults(body: &str) -> Vec<String> {
    let contracts = checked(CONTRACT);
    let decoded = Decoder::new(&contracts).decode(V2, body.as_bytes());
    let faults = decoded.faults.iter();
    faults
        .map(|fault| format!("{}: {fault}", fault.rule))
        .collect()
}

#[test]
fn everything_that_is_wrong_has_its_place_and_rule() {
    let body = r#"{"orderId":"x","region":"long","lines":[{"quantity":0},{"quantity":1.0},{}],"state":"odd","tags":{"a":"b"}}"#;
    assert_eq!(
        faults(body),
        [
            "format: orderId: \"x\" is not a valid uuid",
            "maxLength: region: 4 characters, at most 3 are allowed",
            "minimum: lines[0].quantity: 0 is less than 1",
            "type: lines[1].quantity: 1.0 is not an integer",
            "required: lines[2]: the field `quantity` is missing",
            "enum: state: \"odd\" is none of the allowed values",
            "type: tags[\"a\"]: expected an integer, found a text",
        ]
    );
    assert_eq!(faults("[]"), ["type: expected an object, found a list"]);
    assert_eq!(faults("{}").len(), 3, "{:?}", faults("{}"));
    let twice =
        format!(r#"{{"orderId":"{ID}","region":"a","lines":[{{"quantity":1}}],"region":"a"}}"#);
    assert_eq!(faults(&twice), ["duplicate: region: stands twice"]);
    let broken = faults("{\"orderId\": s3cr3t");
    assert_eq!(broken.len(), 1);
    assert!(
        broken[0].starts_with("json: the body is not JSON"),
        "{broken:?}"
    );
    assert!(!broken[0].contains("s3cr3t"), "{broken:?}");
}

#[test]
fn what_is_sensitive_is_in_no_text() {
    let contracts = checked(CONTRACT);
    let decoder = Decoder::new(&contracts);
    for secret in [
        r#""card":"4111-1111""#,
        r#""card":4111"#,
        r#""payer":{"iban":4111}"#,
        r#""payer":["4111"]"#,
        r#""payer":{"iban":{"4111":"4111"}}"#,
    ] {
        let body =
            format!(r#"{{"orderId":"{ID}","region":"a","lines":[{{"quantity":1}}],{secret}}}"#);
        let decoded = decoder.decode(V2, body.as_bytes());
        assert_eq!(decoded.faults.len(), 1, "{secret}: {:?}", decoded.faults);
        let shown = decoded.shown.unwrap().to_compact();
        let said = format!("{shown}{:?}", decoded.faults);
        assert!(!said.contains("4111"), "{said}");
        assert!(shown.contains("<sensitive>"), "{shown}");
    }
    let body = r#"{"card":"1","payer":{"iban":"2","x":3}}"#;
    let shown = decoder.decode(V2, body.as_bytes()).shown.unwrap();
    assert_eq!(
        shown.to_compact(),
        r#"{"state":"new","card":"<sensitive>","payer":{"iban":"<sensitive>","x":3}}"#
    );
}

#[test]
fn the_normal_form_is_the_contracts() {
    let contracts = checked(CONTRACT);
    let decoder = Decoder::new(&contracts);
    let body = format!(
        r#"{{"later":[1],"nick":"n","card":null,"lines":[{{"more":true,"quantity":2}}],"region":"a","orderId":"{ID}"}}"#
    );
    let decoded = decoder.decode(V2, body.as_bytes());
    assert_eq!(decoded.faults, []);
    let shown = decoded.shown.unwrap();
    let id = ID.to_lowercase();
    assert_eq!(
        shown.to_compact(),
        format!(
            r#"{{"orderId":"{id}","region":"a","lines":[{{"quantity":2,"more":true}}],"state":"new","name":"n","later":[1]}}"#
        )
    );
    let fields = contracts[V2].body.fields();
    assert_eq!(decoder.token(&fields[0], &shown), Some(id));
    assert_eq!(decoder.token(&fields[2], &shown), None);
    assert_eq!(decoder.token(&fields[0], &Json::Null), None);
}

#[test]
fn what_is_written_by_hand_is_read_more_strictly() {
    let contracts = checked(CONTRACT);
    let text = format!(
        "{{\n  \"orderId\": \"{ID}\",\n  \"regoin\": \"a\",\n  \"lines\": [{{\"quantity\": 0}}],\n  \"nick\": \"n\"\n}}\n"
    );
    let findings = decode::written(&contracts, V2, &text).unwrap_err();
    let report = decode::report(Path::new("a/order.json"), &text, &findings, false);
    for line in [
        "error[required]: the field `region` is missing",
        "a/order.json:1:1",
        "error[unknown-field]: regoin: the contract has no such field",
        "a/order.json:3:3",
        "did you mean \"region\"?",
        "error[minimum]: lines[0].quantity: 0 is less than",
        "a/order.json:4:26",
        "error[old-name]: nick",
        "a/order.json:5:3",
        "write \"name\"",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    for (text, says) in [
        ("", "error[json]"),
        ("{", "error[json]"),
        ("{\"a\":1,\"a\":2}", "the key \"a\" stands twice"),
        ("{\"a\":1} x", "something follows"),
        ("7", "expected an object, found the number 7"),
    ] {
        let findings = decode::written(&contracts, V2, text).unwrap_err();
        let report = decode::report(Path::new("x.json"), text, &findings, false);
        assert!(report.contains(says), "{text}: {report}");
        assert!(report.contains("x.json:1:"), "{text}: {report}");
    }
    let good = format!(
        r#"{{"lines":[{{"quantity":1}}],"region":"a","orderId":"{ID}","card":"12","name":null}}"#
    );
    assert_eq!(
        decode::written(&contracts, V2, &good).unwrap().to_compact(),
        format!(
            r#"{{"orderId":"{}","region":"a","lines":[{{"quantity":1}}],"state":"new","card":"12"}}"#,
            ID.to_lowercase()
        )
    );
}

/// Faults inside imported types are as those of the contract's own: each has its place, its keyword and its cause, and of
/// what is sensitive nothing is said.
#[test]
fn what_is_wrong_in_an_imported_type_has_its_place() {
    let contract = r#"
[events.Paid]
subject = "shop.paid"
[events.Paid.fields]
parts  = "list<Part>"
secret = { type = "Part?", sensitive = true }
[types.Part]
json_schema = "part.json"
"#;
    let schema = r#"{ "type": "object", "required": ["sku"], "properties": {
        "sku": { "type": "string", "pattern": "^[A-Z]+$" }, "n": { "type": "integer", "maximum": 9 },
        "by": { "type": "object", "additionalProperties": { "enum": ["a", "b"] } } } }"#;
    let files = [("shop.toml", contract), ("part.json", schema)];
    let mut diagnostics = Diagnostics::default();
    let files = files.map(|(path, text)| (path.into(), text.to_owned()));
    let model = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let contracts = check::check(model, &mut diagnostics);
    let contracts = contracts.unwrap_or_else(|_| panic!("{diagnostics:#?}"));
    let decoder = Decoder::new(&contracts);
    let faults = |body: &str| -> Vec<String> {
        let faults = decoder.decode(V1, body.as_bytes()).faults.into_iter();
        let shown = faults.map(|fault| {
            let (place, cause) = (fault.place(), &fault.cause);
            format!("{place} {} {cause:?}: {fault}", fault.rule)
        });
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown
    };
    assert_eq!(
        faults(r#"{"parts":[{"sku":"A","n":9,"by":{"x":"a"}}]}"#),
        [""; 0]
    );
    assert_eq!(
        faults(r#"{"parts":[{"sku":"A"},{"n":10,"by":{"x":"c"}},{"sku":"a"},{"sku":7}]}"#),
        [
            r#"parts[] required "sku": parts[1]: the field `sku` is missing"#,
            r#"parts[].by[] enum "": parts[1].by["x"]: "c" is none of the allowed values"#,
            r#"parts[].n maximum "": parts[1].n: 10 is more than 9"#,
            r#"parts[].sku pattern "^[A-Z]+$": parts[2].sku: "a" does not match ^[A-Z]+$"#,
            r#"parts[].sku type "a number": parts[3].sku: expected a text, found the number 7"#,
        ]
    );
    assert_eq!(
        faults(r#"{"parts":[],"secret":{"sku":"s3cr3t","by":{"s3cr3t":"s3cr3t"}}}"#),
        [
            r#"secret.by[] enum "": secret.by["…"]: breaks `enum` (sensitive: its value is not shown)"#,
            r#"secret.sku pattern "^[A-Z]+$": secret.sku: breaks `pattern` (sensitive: its value is not shown)"#,
        ]
    );
}

/// As deep as a parser reads, through a union at each step, in a service's smallest thread.
#[test]
fn a_deep_fault_needs_little_stack() {
    let contract = "[events.Asked]\nsubject = \"asked\"\njson_schema = \"asked.json\"\n";
    let schema = r##"{ "type": "object", "properties": { "where": { "$ref": "#/definitions/Expr" } },
        "definitions": { "Expr": { "oneOf": [
          { "title": "Not", "type": "object", "required": ["kind", "of"],
            "properties": { "kind": { "const": "not" }, "of": { "$ref": "#/definitions/Expr" } } },
          { "title": "Is", "type": "object", "required": ["kind", "value"],
            "properties": { "kind": { "const": "is" }, "value": { "type": "boolean" } } } ] } } }"##;
    let files = [("shop.toml", contract), ("asked.json", schema)];
    let mut diagnostics = Diagnostics::default();
    let files = files.map(|(path, text)| (path.into(), text.to_owned()));
    let model = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let contracts = check::check(model, &mut diagnostics);
    let contracts = contracts.unwrap_or_else(|_| panic!("{diagnostics:#?}"));
    for deep in [1, 20, 60, 120] {
        let body = format!(
            "{{\"where\":{}{{\"kind\":\"is\",\"value\":7}}{}}}",
            "{\"kind\":\"not\",\"of\":".repeat(deep),
            "}".repeat(deep)
        );
        let faults = std::thread::scope(|scope| {
            let read = || Decoder::new(&contracts).decode(V1, body.as_bytes()).faults;
            let small = std::thread::Builder::new().stack_size(512 << 10);
            small.spawn_scoped(scope, read).unwrap().join().unwrap()
        });
        assert_eq!(faults.len(), 1, "{deep}: {faults:?}");
        // Very deep it is said of the whole.
        let place = format!("where.{}value", "of.".repeat(deep));
        let path = faults[0].path();
        assert!(
            path == place || (deep > 60 && path.is_empty()),
            "{deep}: {path}"
        );
    }
}
