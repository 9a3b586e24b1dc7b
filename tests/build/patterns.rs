// Shared by the generator of contracts and the generator of values: `build/property.rs` and `tests/property.rs`.

/// Patterns with texts that match them.
pub const PATTERNS: &[(&str, &[&str])] = &[
    ("^[A-Z]{3}$", &["EUR", "XXX"]),
    ("^a|b$", &["a", "axe", "xb", "a\nb"]),
    ("^(x|yy)+$", &["x", "yy", "xyyx"]),
    ("[0-9]{2,4}", &["12", "a1234b", "00000"]),
    ("^\\p{L}+$", &["é", "Ünï", "漢字", "abc"]),
    ("^[^\\n]*$", &["", "a b", "\u{1F600}"]),
    ("^\\+[0-9]{6,15}$", &["+123456", "+123456789012345"]),
    ("^[A-Za-z0-9_\\-]{1,8}$", &["a", "A-b_9"]),
    ("^(\\u{1F600}|\\t)?$", &["", "\u{1F600}", "\t"]),
];
