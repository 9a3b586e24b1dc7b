//! Schemas of the runtime's own field types, with the patterns of the contracts' schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::bytes::Bytes;
use crate::duration::IsoDuration;

/// At most 28 digits, no exponent, no leading zeros. That the digits of both sides add up to 28 at most cannot be said.
pub(super) const DECIMAL: &str = r"^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,28})?$";

/// Standard base64 with padding; the last character before it has no bits that no octet takes.
const BASE64: &str = concat!(
    "^([A-Za-z0-9+/]{4})*",
    "([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
);

/// ISO 8601: weeks alone, or days and a time of hours, minutes and seconds, at least one of them; no sign.
const DURATION: &str = concat!(
    "^P([0-9]{1,12}W",
    "|[0-9]{1,14}D",
    "|([0-9]{1,14}D)?T([0-9]{1,14}H|([0-9]{1,14}H)?[0-9]{1,16}M",
    "|([0-9]{1,14}H)?([0-9]{1,16}M)?[0-9]{1,18}(\\.[0-9]{1,9})?S))$",
);

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64", "pattern": BASE64 })
    }
}

impl JsonSchema for IsoDuration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "IsoDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": DURATION })
    }
}
