//! JSON text as the decoders of services read it: the same parser, so the same depth, numbers and texts. An object keeps its
//! order and a key that stands twice.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Json;

impl Json {
    /// Reads a whole text.
    ///
    /// # Errors
    /// What is wrong with it, with line and column; quotes nothing of it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonReader)
    }
}

struct JsonReader;

impl<'de> Visitor<'de> for JsonReader {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(format!("{number:?}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::text(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_decoders() {
        let read = |text: &str| Json::parse(text.as_bytes()).unwrap().to_compact();
        assert_eq!(
            read("[1, -0, 1.0, 1e2, 18446744073709551615, 18446744073709551616]"),
            "[1,-0.0,1.0,100.0,18446744073709551615,1.8446744073709552e19]"
        );
        assert_eq!(
            read(r#"{"b": 1, "a": 2, "b": null}"#),
            r#"{"b":1,"a":2,"b":null}"#
        );
    }

    #[test]
    fn what_is_no_json_is_an_error_with_its_place() {
        for (text, says) in [
            (&b"{\"a\": s3cr3t}"[..], "line 1 column 7"),
            (b"{} x", "trailing characters"),
            (b"\xef\xbb\xbf{}", "expected value"),
            (b"\"\xff\"", "invalid unicode"),
            (br#""\ud800""#, "unexpected end of hex escape"),
            (b"1e400", "number out of range"),
            (b"", "EOF"),
        ] {
            let error = Json::parse(text).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        assert!(Json::parse("[".repeat(200).as_bytes()).is_err());
    }
}
