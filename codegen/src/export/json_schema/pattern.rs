//! Patterns of the texts that the runtime reads: at least what its writers write, never what its readers refuse by form.
//!
//! In the subset that ECMA-262 with `u`, Java, Python and RE2 read alike: no lookahead, no `\d`.

use crate::model::Type;

/// At most 28 digits, no exponent, no leading zeros. That the digits of both sides add up to 28 at most cannot be said.
pub(super) const DECIMAL: &str = r"^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,28})?$";

/// ISO 8601: weeks alone, or days and a time of hours, minutes and seconds, at least one of them; no sign. No more digits
/// than the readers take, whose sums can then not overflow.
pub(super) const DURATION: &str = concat!(
    "^P([0-9]{1,12}W",
    "|[0-9]{1,14}D",
    "|([0-9]{1,14}D)?T([0-9]{1,14}H|([0-9]{1,14}H)?[0-9]{1,16}M",
    "|([0-9]{1,14}H)?([0-9]{1,16}M)?[0-9]{1,18}(\\.[0-9]{1,9})?S))$",
);

/// Standard base64 with padding; the last character before it has no bits that no octet takes.
pub(super) const BASE64: &str = concat!(
    "^([A-Za-z0-9+/]{4})*",
    "([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
);

/// An integer that is sent as text.
pub(super) fn integer(ty: &Type) -> &'static str {
    match ty {
        Type::I32 => "^(0|-?[1-9][0-9]{0,9})$",
        Type::U32 => "^(0|[1-9][0-9]{0,9})$",
        Type::U64 => "^(0|[1-9][0-9]{0,19})$",
        _ => "^(0|-?[1-9][0-9]{0,18})$",
    }
}
