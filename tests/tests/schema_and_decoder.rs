//! The patterns in exported schemas against the decoders of the runtime: what one takes the other takes, and what Rust
//! writes is what schemas promise.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::Duration;

use event_codegen::check;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::read;
use event_runtime::{Bytes, Decimal, IsoDuration, as_text};
use jsonschema::Validator;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether it decodes is looked at")]
struct Signed(#[serde(with = "as_text")] i64);

#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether it decodes is looked at")]
struct Unsigned(#[serde(with = "as_text")] u64);

/// The exported schema of one field of the contract that has every shape.
fn field(name: &str) -> Validator {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/schema");
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&cases.join("everything/contracts"), &mut diagnostics);
    let checked = check::check(model, &mut diagnostics).unwrap();
    let (_, text) = json_schema(&checked, Draft::Draft07, Layout::Bundled).remove(0);
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validator_for(&schema["properties"][name]).unwrap()
}

fn agree<T: DeserializeOwned>(name: &str, good: &[&str], bad: &[&str]) {
    let schema = field(name);
    let texts = good.iter().map(|text| (text, true));
    for (text, wanted) in texts.chain(bad.iter().map(|text| (text, false))) {
        let value = json!(text);
        assert_eq!(
            schema.is_valid(&value),
            wanted,
            "{name}: the schema, {text:?}"
        );
        let decoded = serde_json::from_value::<T>(value);
        assert_eq!(decoded.is_ok(), wanted, "{name}: the decoder, {text:?}");
    }
}

#[test]
fn durations() {
    agree::<IsoDuration>(
        "pause",
        &[
            "PT0S",
            "P1D",
            "P2W",
            "PT36H",
            "P1DT2H3M4.000000005S",
            "PT5M",
            "P0D",
            "PT1H1S",
            "PT007S",
        ],
        &[
            "",
            "P",
            "PT",
            "P1DT",
            "P1Y",
            "P1M",
            "1D",
            "-P1D",
            "PT-1S",
            "PT1.S",
            "PT.5S",
            "PT0.5H",
            "PT1M1H",
            "P1W1D",
            "PT1.0000000001S",
            "PT1,5S",
            "pt1s",
            "PT1S ",
            "PT1S\n",
        ],
    );
}

#[test]
fn bytes() {
    agree::<Bytes>(
        "data",
        &["", "aA==", "aGk=", "aGkh", "+/+/", "AAAAAA=="],
        &[
            "a", "aA", "aA=", "aGk", "aB==", "aGl=", "a_-=", "aGk=aGk=", "=", "====", "aG k",
            "aGkh\n",
        ],
    );
}

#[test]
fn integers_as_text() {
    let good = ["0", "7", "9223372036854775807", "10"];
    let bad = [
        "",
        "-",
        "+1",
        "-0",
        "00",
        "007",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "0x1",
        "１",
        "99999999999999999999999",
    ];
    agree::<Signed>(
        "wideSigned",
        &[&good[..], &["-1", "-9223372036854775808"]].concat(),
        &bad,
    );
    agree::<Unsigned>(
        "wide",
        &[&good[..], &["18446744073709551615"]].concat(),
        &[&bad[..], &["-1"]].concat(),
    );
}

/// The decoder of decimals is more tolerant than the schema: what the schema takes it must read.
#[test]
fn decimals() {
    let schema = field("price");
    for text in [
        "0",
        "-0.5",
        "12.50",
        "1234567890123456789012345678",
        "0.0000000000000000000000000001",
    ] {
        assert!(schema.is_valid(&json!(text)), "{text}");
        let decimal: Decimal = serde_json::from_value(json!(text)).unwrap();
        assert_eq!(serde_json::to_value(decimal).unwrap(), json!(text));
    }
    for text in [
        "",
        "+1",
        "1.",
        ".5",
        "1e3",
        "01",
        "1_000",
        "12345678901234567890123456789",
        "NaN",
    ] {
        assert!(!schema.is_valid(&json!(text)), "{text}");
    }
}

#[test]
fn what_rust_writes_is_what_schemas_promise() {
    let pause = field("pause");
    for nanos in [
        0,
        1,
        999_999_999,
        60_000_000_000,
        3_600_000_000_001,
        86_400_000_000_000,
        90_061_500_000_000,
        u64::MAX,
    ] {
        let written = serde_json::to_value(IsoDuration(Duration::from_nanos(nanos))).unwrap();
        assert!(pause.is_valid(&written), "{written}");
    }
    let data = field("data");
    for length in 0..7 {
        let written = serde_json::to_value(Bytes::from(vec![255_u8; length])).unwrap();
        assert!(data.is_valid(&written), "{written}");
    }
}
