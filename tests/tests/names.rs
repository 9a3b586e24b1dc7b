//! Every name that the language allows compiles, without a warning: keywords and words of the generated code as fields, types
//! called like Rust's own, domains called like crates and primitive types, and whatever text as an enum's value.

// Setting up a test may fail loudly.
#![allow(clippy::expect_used)]
#![deny(warnings, missing_docs, unused_qualifications, rust_2018_idioms)]

use event_runtime::serde_json::{self, json};
use event_runtime::{Event, Token};

/// What codegen makes of `names/contracts`.
#[allow(dead_code, clippy::all)] // as `include_contracts!` has it
mod contracts {
    pub use event_runtime;
    include!(concat!(env!("OUT_DIR"), "/names.rs"));
}

use contracts::keywords::{Constrained, Values};

/// The words of `types` that are not simply lower case in Rust.
fn value(text: &str) -> Values {
    serde_json::from_value(json!(text)).expect("any text is a value")
}

#[test]
fn values_keep_their_text() {
    let known = [
        "42",
        "",
        "self",
        "a b",
        "Ünï",
        "type",
        "Unknown",
        "None",
        "Some",
        "Ok",
        "Err",
        "Option",
        "String",
        "漢字",
        "with \"quotes\"",
        "new\nline",
        "1st",
        "e.1",
        "async",
        "{x}",
        "crate",
        "super",
    ];
    for text in known {
        assert!(
            !matches!(value(text), Values::Unknown_(_)),
            "{text:?} is not known"
        );
        assert_eq!(value(text).as_str(), text);
        assert_eq!(
            serde_json::to_value(value(text)).expect("a text"),
            json!(text)
        );
        let mut token = String::new();
        value(text)
            .write_token(&mut token)
            .expect("a string takes all");
        assert_eq!(token, text);
    }
    assert!(matches!(value("x"), Values::Unknown_(ref text) if text == "x"));
}

#[test]
fn keywords_are_fields() {
    let mut event = serde_json::Map::new();
    for field in ["option", "result", "string", "vec", "checker", "self"] {
        event.insert(field.to_owned(), json!(1));
    }
    // What is missing is named by its wire name.
    let error =
        serde_json::from_value::<Constrained>(event.into()).expect_err("fields are missing");
    assert!(error.to_string().contains("missing field"), "{error}");
    assert_eq!(Constrained::SUBJECT, "kx.{value}");
    assert_eq!(contracts::keywords::Event::PARTITIONS, Some(3));
}
