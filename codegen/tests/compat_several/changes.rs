//! Changes of one place, both sides as TOML.

/// A field on both sides. `{}` is its name; nothing where it is not there.
pub struct Field {
    pub old: &'static str,
    pub new: &'static str,
    /// No value is understood by both sides: every payload shows this change.
    pub apart: bool,
}

const fn change(old: &'static str, new: &'static str) -> Field {
    Field {
        old,
        new,
        apart: false,
    }
}

const fn apart(old: &'static str, new: &'static str) -> Field {
    Field {
        old,
        new,
        apart: true,
    }
}

impl Field {
    pub fn line(&self, name: &str, new: bool) -> String {
        let text = if new { self.new } else { self.old };
        if text.is_empty() {
            return String::new();
        }
        let variants = "[types.{}Empty.fields]\nnone = \"i32?\"\n[types.{}Full.fields]\nsome = \"i32\"\n[types.{}More.fields]\nmore \
                        = \"i32\"\n";
        let text = match text.contains("union") {
            true => format!("{text}\n{variants}"),
            false => text.to_owned() + "\n",
        };
        text.replace("{}", name)
    }
}

/// Every kind of change that a payload may show, each in one field. A rename's names have the field's as their
/// beginning, and types that nothing else comes or goes with: which became which is otherwise anybody's guess.
pub const FIELDS: &[Field] = &[
    change("", r#"{} = "string""#),
    change("", r#"{} = { type = "string", min_length = 3 }"#),
    change("", r#"{} = "list<uuid>""#),
    change(r#"{} = "string?""#, r#"{} = "string""#),
    change(r#"{} = { type = "i32", default = 7 }"#, r#"{} = "i32""#),
    change(
        r#"{} = { type = "i32", default = 7 }"#,
        r#"{} = { type = "i32", default = 50, min = 10, max = 99 }"#,
    ),
    change(
        r#"{} = { type = "i32", max = 100 }"#,
        r#"{} = { type = "i32", min = 10, max = 50 }"#,
    ),
    change(
        r#"{} = { type = "i32?", min = 5 }"#,
        r#"{} = { type = "i32", min = 7 }"#,
    ),
    change(r#"{} = "i32""#, r#"{} = "u32""#),
    change(r#"{} = "i32""#, r#"{} = "f64""#),
    change(
        r#"{} = { type = "f64", min = 0.5 }"#,
        r#"{} = { type = "f64", min = 2.5 }"#,
    ),
    change(
        r#"{} = { type = "string", max_length = 20 }"#,
        r#"{} = { type = "string", min_length = 4, max_length = 8 }"#,
    ),
    change(
        r#"{} = "string""#,
        r#"{} = { type = "string", pattern = "^[a-z]+$" }"#,
    ),
    change(
        r#"{} = { type = "string", pattern = "^[a-z]+$" }"#,
        r#"{} = { type = "string", pattern = "^[a-z]{2,6}$" }"#,
    ),
    change(
        r#"{} = { type = "string", max_length = 40 }"#,
        r#"{} = "uuid""#,
    ),
    change(r#"{} = "string""#, r#"{} = "timestamp""#),
    change(r#"{} = "decimal""#, r#"{} = "string""#),
    change(r#"{} = "json""#, r#"{} = "bool""#),
    change(
        r#"{} = { type = "list<string>", max_items = 9 }"#,
        r#"{} = { type = "list<string>", min_items = 2, max_items = 4 }"#,
    ),
    change(
        r#"{} = { type = "map<i32>", max_items = 9 }"#,
        r#"{} = { type = "map<i32>", min_items = 1, max_items = 4 }"#,
    ),
    change(r#"{}_a = "list<bool>""#, r#"{}_b = "list<bool>""#),
    change(r#"{}_a = "bytes?""#, r#"{}_b = "bytes?""#),
    change(
        r#"{}_a = "date""#,
        r#"{}_b = { type = "date", alias = "{}_a" }"#,
    ),
    change(
        r#"{} = { type = "bool", alias = "{}_older" }"#,
        r#"{} = "bool""#,
    ),
    apart(r#"{} = "string""#, r#"{} = "i32""#),
    apart(r#"{} = "list<string>""#, r#"{} = "map<string>""#),
    apart(
        r#"{} = { type = "u64", encoding = "string" }"#,
        r#"{} = { type = "u64", max = 9007199254740991 }"#,
    ),
    apart(r#"{} = "uuid""#, r#"{} = "timestamp""#),
];

/// A type on both sides. `{}` is its name.
pub struct Type {
    old: &'static str,
    new: &'static str,
}

impl Type {
    pub fn text(&self, name: &str, new: bool) -> String {
        let text = if new { self.new } else { self.old };
        let variants = "[types.{}Empty.fields]\nnone = \"i32?\"\n[types.{}Full.fields]\nsome = \"i32\"\n[types.{}More.fields]\nmore \
                        = \"i32\"\n";
        let text = match text.contains("union") {
            true => format!("{text}\n{variants}"),
            false => text.to_owned() + "\n",
        };
        text.replace("{}", name)
    }
}

pub const TYPES: &[Type] = &[
    Type {
        old: "[types.{}]\nenum = [\"open\", \"paid\"]\nclosed = true",
        new: "[types.{}]\nenum = [\"paid\", \"void\"]\nclosed = true",
    },
    Type {
        old: "[types.{}]\nenum = [\"open\", \"paid\"]\nclosed = true",
        new: "[types.{}]\nenum = [\"open\", \"paid\"]",
    },
    Type {
        old: "[types.{}]\nenum = [\"open\", \"paid\"]\nclosed = true",
        new: "[types.{}]\nenum = [\"paid\"]\nclosed = true",
    },
    Type {
        old: "[types.{}]\ntag = \"kind\"\nclosed = true\n[types.{}.union]\na = \"{}Empty\"\nb = \"{}Full\"\nc = \"{}More\"",
        new: "[types.{}]\ntag = \"kind\"\nclosed = true\n[types.{}.union]\nb = \"{}Full\"\nd = \"{}Empty\"",
    },
    Type {
        old: "[types.{}]\ntag = \"kind\"\nclosed = true\n[types.{}.union]\na = \"{}Empty\"\nb = \"{}Full\"",
        new: "[types.{}]\ntag = \"sort\"\nclosed = true\n[types.{}.union]\na = \"{}Empty\"\nb = \"{}Full\"",
    },
    Type {
        old: "[types.{}]\ntag = \"kind\"\nclosed = true\n[types.{}.union]\na = \"{}Empty\"\nb = \"{}Full\"",
        new: "[types.{}]\ntag = \"kind\"\n[types.{}.union]\na = \"{}More\"\nb = \"{}Full\"",
    },
    Type {
        old: "[types.{}]\ntype = \"string\"\nmax_length = 9",
        new: "[types.{}]\ntype = \"string\"\nmin_length = 2\nmax_length = 4",
    },
    Type {
        old: "[types.{}]\ntype = \"i32\"\nmin = 0",
        new: "[types.{}]\ntype = \"i32\"\nmin = 5\nmax = 10",
    },
];
