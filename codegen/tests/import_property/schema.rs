//! Random JSON Schemas of an event: every keyword that the import knows, in drafts 04, 07 and 2020-12, alone and in each
//! other's company. Knows the drafts, and nothing of the import. The same random numbers give the same schema.

use serde_json::{Map, Value, json};

use super::random::Random;

/// Where keywords are spelled differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    Four,
    Seven,
    Newest,
}

impl Draft {
    fn uri(self) -> &'static str {
        match self {
            Self::Four => "http://json-schema.org/draft-04/schema#",
            Self::Seven => "http://json-schema.org/draft-07/schema#",
            Self::Newest => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    fn definitions(self) -> &'static str {
        match self {
            Self::Newest => "$defs",
            _ => "definitions",
        }
    }
}

/// Ordinary names, names that are Rust's or the runtime's, and names that are no identifiers.
const PROPERTIES: &[&str] = &[
    "a", "b", "c", "d", "id", "name", "kind", "value", "items", "extra", "type", "self", "Self",
    "fn", "payload", "a-b", "a_b", "aB", "$ref", "@type", "1st", "", "a b", "ünï", "validate",
    "x.y", "a/b", "a~b", "null", "None",
];
const DEFINITIONS: &[&str] = &[
    "Item", "node", "String", "Option", "a-b", "a/b", "a~b", "Event", "Result", "Box", "Extra",
    "100%", "ünï x",
];
const TITLES: &[&str] = &[
    "Dog", "Cat", "An item", "String", "Option", "", "1", "<T>", "Entry",
];
const TEXTS: &[&str] = &[
    "a",
    "b",
    "A",
    "",
    "red",
    "green",
    "in transit",
    "+1",
    "-1",
    "<",
    "<=",
    "C",
    "C++",
    "1",
    "null",
    "true",
    "self",
    "Err",
];
/// Each with texts that match.
pub const PATTERNS: &[(&str, &[&str])] = &[
    ("^[a-z]+$", &["a", "abc", "zz"]),
    ("^[A-Z]{3}$", &["EUR", "USD"]),
    ("[0-9]", &["1", "a1b", "2026"]),
    ("^(a|b)*$", &["", "ab", "bba"]),
    ("^x-", &["x-", "x-1", "x-abc"]),
    ("^(?!no).*$", &["yes", "", "n"]),
    ("^\\d{4}-\\d{2}$", &["2026-01", "1999-12"]),
];
/// Each with texts that are of the format.
pub const FORMATS: &[(&str, &[&str])] = &[
    (
        "date-time",
        &[
            "2026-01-31T10:00:00Z",
            "2026-01-31T10:00:00.123+02:00",
            "1985-04-12T23:20:50.52Z",
        ],
    ),
    ("date", &["2026-01-31", "2024-02-29"]),
    (
        "uuid",
        &[
            "00000000-0000-0000-0000-000000000000",
            "123e4567-e89b-12d3-a456-426614174000",
        ],
    ),
    ("email", &["a@example.com"]),
    ("uri", &["https://example.com/x"]),
    ("ipv4", &["127.0.0.1"]),
    ("made-up", &["anything"]),
];

type Members = Map<String, Value>;

/// Makes one schema.
pub struct Schemas<'r> {
    random: &'r mut Random,
    draft: Draft,
    names: Vec<&'static str>,
    /// Which definition is being made: it may hold the later ones, and none of the others but behind something that may be
    /// absent, or there would be no payload.
    at: usize,
}

/// A random schema of an event's payload; `size` is how deep it nests, about.
pub fn schema(random: &mut Random, size: usize) -> Value {
    let draft = *random.pick(&[Draft::Four, Draft::Seven, Draft::Seven, Draft::Newest]);
    let mut names = Vec::new();
    if random.chance(60) {
        for _ in 0..=random.below(3) {
            let name = *random.pick(DEFINITIONS);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut schemas = Schemas {
        random,
        draft,
        names,
        at: 0,
    };
    schemas.root(size)
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Members {
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

impl Schemas<'_> {
    fn root(&mut self, depth: usize) -> Value {
        let mut root = match self.random.below(12) {
            0 => self.choice_of_objects(depth),
            1 if !self.names.is_empty() => object([
                ("type", json!("object")),
                ("properties", json!({})),
                ("allOf", json!([self.object(depth), self.reference(true)])),
            ]),
            2 => self.conditional(depth),
            _ => self.object(depth + 1),
        };
        let mut definitions = Members::new();
        for at in 0..self.names.len() {
            self.at = at + 1;
            let mut body = if self.random.chance(60) {
                Value::Object(self.object(depth))
            } else {
                self.any(depth, false)
            };
            if let Value::Object(body) = &mut body {
                self.described(body);
            }
            definitions.insert(self.names[at].to_owned(), body);
        }
        root.insert("$schema".to_owned(), json!(self.draft.uri()));
        if !definitions.is_empty() {
            root.insert(
                self.draft.definitions().to_owned(),
                Value::Object(definitions),
            );
        }
        Value::Object(root)
    }

    fn reference(&mut self, guarded: bool) -> Value {
        let first = if guarded { 0 } else { self.at };
        if first >= self.names.len() {
            return Value::Object(self.scalar());
        }
        let at = first + self.random.below(self.names.len() - first);
        let name = self.names[at]
            .replace('~', "~0")
            .replace('/', "~1")
            .replace('%', "%25")
            .replace(' ', "%20")
            .replace('ü', "%C3%BC")
            .replace('ï', "%C3%AF");
        if guarded && self.random.chance(5) {
            return json!({"$ref": "#"});
        }
        let mut out = object([(
            "$ref",
            json!(format!("#/{}/{name}", self.draft.definitions())),
        )]);
        if self.random.chance(15) {
            self.described(&mut out);
        }
        if self.draft == Draft::Newest && self.random.chance(10) {
            out.extend(self.object(0));
        }
        Value::Object(out)
    }

    /// Any schema. `guarded` is where the value may be absent.
    fn any(&mut self, depth: usize, guarded: bool) -> Value {
        let mut out = match self.random.below(if depth == 0 { 14 } else { 30 }) {
            0..=5 => self.scalar(),
            6..=7 => self.values(),
            8 => self.kinds(depth),
            9 => self.untyped(depth),
            10..=11 if !self.names.is_empty() => return self.reference(guarded),
            12 if self.draft != Draft::Four && self.random.chance(20) => return json!(true),
            12 => Members::new(),
            13 => self.scalar_choice(),
            14..=16 => self.object(depth - 1),
            17 => self.map(depth - 1),
            18..=20 => self.list(depth - 1),
            21 => self.tuple(depth - 1),
            22..=23 => self.choice_of_objects(depth - 1),
            24..=25 => self.nullable(depth - 1, guarded),
            26 => self.choice(depth - 1, guarded),
            27 => self.all(depth - 1, guarded),
            28 => self.conditional(depth - 1),
            29 => self.negated(depth - 1, guarded),
            _ => self.scalar(),
        };
        if self.random.chance(10) {
            self.described(&mut out);
        }
        if self.draft == Draft::Four && out.is_empty() {
            return json!({});
        }
        Value::Object(out)
    }

    fn described(&mut self, out: &mut Members) {
        match self.random.below(4) {
            0 => out.insert("title".to_owned(), json!(self.random.pick(TITLES))),
            1 => out.insert(
                "description".to_owned(),
                json!("What it is. */ \"quoted\" \\ `code` {x}\nmore"),
            ),
            2 => out.insert("default".to_owned(), json!("something")),
            _ => out.insert("examples".to_owned(), json!([1, "x"])),
        };
    }

    fn scalar(&mut self) -> Members {
        match self.random.below(8) {
            0..=2 => self.text(),
            3..=4 => self.integer(),
            5 => self.number(),
            6 => object([("type", json!("boolean"))]),
            _ if self.random.chance(30) => object([("type", json!("null"))]),
            _ => object([("type", json!("string"))]),
        }
    }

    fn text(&mut self) -> Members {
        let mut out = object([("type", json!("string"))]);
        self.text_keywords(&mut out);
        out
    }

    fn text_keywords(&mut self, out: &mut Members) {
        if self.random.chance(25) {
            let min = self.random.below(4);
            out.insert("minLength".to_owned(), json!(min));
            if self.random.chance(60) {
                out.insert("maxLength".to_owned(), json!(min + self.random.below(5)));
            }
        }
        if self.random.chance(25) {
            out.insert("pattern".to_owned(), json!(self.random.pick(PATTERNS).0));
        }
        if self.random.chance(30) {
            out.insert("format".to_owned(), json!(self.random.pick(FORMATS).0));
        }
    }

    fn integer(&mut self) -> Members {
        let mut out = object([("type", json!("integer"))]);
        if self.random.chance(50) {
            self.bounds(&mut out, false);
        }
        if self.random.chance(20) {
            let format = *self.random.pick(&["int32", "int64", "uint32", "uint64"]);
            out.insert("format".to_owned(), json!(format));
        }
        if self.random.chance(5) {
            out.insert("multipleOf".to_owned(), json!(2));
        }
        out
    }

    fn number(&mut self) -> Members {
        let mut out = object([("type", json!("number"))]);
        if self.random.chance(50) {
            self.bounds(&mut out, true);
        }
        out
    }

    fn bounds(&mut self, out: &mut Members, fraction: bool) {
        let min = i64::try_from(self.random.below(20)).unwrap_or(0) - 5;
        let max = min + 2 + i64::try_from(self.random.below(20)).unwrap_or(0);
        let spelled = |n: i64| {
            if fraction {
                json!(n as f64 + 0.5)
            } else {
                json!(n)
            }
        };
        let both = self.random.below(3);
        let exclusive = self.random.chance(30);
        for (wanted, key, other, bound) in [
            (both != 1, "minimum", "exclusiveMinimum", min),
            (both != 0, "maximum", "exclusiveMaximum", max),
        ] {
            if !wanted {
                continue;
            }
            match (exclusive, self.draft) {
                (true, Draft::Four) => {
                    out.insert(key.to_owned(), spelled(bound));
                    out.insert(other.to_owned(), json!(true));
                }
                (true, _) => {
                    out.insert(other.to_owned(), spelled(bound));
                }
                _ => {
                    out.insert(key.to_owned(), spelled(bound));
                }
            }
        }
    }

    /// `enum` and `const`, of one kind or several.
    fn values(&mut self) -> Members {
        let start = self.random.below(TEXTS.len());
        let count = 1 + self.random.below(4);
        let texts: Vec<Value> = (0..count)
            .map(|at| json!(TEXTS[(start + at) % TEXTS.len()]))
            .collect();
        let single = self.draft != Draft::Four && self.random.chance(20);
        if single {
            let value = match self.random.below(7) {
                0 => json!(7),
                1 => json!(true),
                2 => json!(null),
                3 => json!({"a": 1}),
                4 => json!([1, "a"]),
                _ => texts[0].clone(),
            };
            return object([("const", value)]);
        }
        let mut values = texts;
        match self.random.below(9) {
            0 => values.push(json!(1)),
            1 => values.push(json!(null)),
            2 => values.extend([json!(1), json!(null)]),
            3 => values.extend([json!(true), json!(2.5)]),
            4 => values = vec![json!(1), json!(2), json!(4)],
            5 if self.random.chance(30) => values.extend([json!({"a": 1}), json!([1])]),
            _ => {}
        }
        let mut out = object([("enum", json!(values))]);
        if self.random.chance(50) && values.iter().all(Value::is_string) {
            out.insert("type".to_owned(), json!("string"));
        }
        out
    }

    /// A list of types.
    fn kinds(&mut self, depth: usize) -> Members {
        let all = [
            "string", "integer", "number", "boolean", "null", "array", "object",
        ];
        let mut kinds: Vec<&str> = Vec::new();
        for _ in 0..2 + self.random.below(3) {
            let kind = *self.random.pick(&all);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if self.random.chance(50) && !kinds.contains(&"null") {
            kinds.push("null");
        }
        let mut out = Members::new();
        if kinds.contains(&"string") && self.random.chance(30) {
            self.text_keywords(&mut out);
        }
        if kinds.contains(&"integer") && self.random.chance(30) {
            self.bounds(&mut out, false);
        }
        if kinds.contains(&"array") && depth > 0 {
            out.insert("items".to_owned(), self.any(depth - 1, true));
        }
        if kinds.contains(&"object") && depth > 0 && self.random.chance(70) {
            let mut fields = self.object(depth - 1);
            fields.remove("type");
            out.extend(fields);
        }
        out.insert("type".to_owned(), json!(kinds));
        out
    }

    /// Keywords without a type: they bind values of their own kind only.
    fn untyped(&mut self, depth: usize) -> Members {
        let mut out = Members::new();
        match self.random.below(7) {
            0 => self.bounds(&mut out, false),
            1 => {
                out.insert("minLength".to_owned(), json!(2));
            }
            2 => {
                out.insert("pattern".to_owned(), json!(self.random.pick(PATTERNS).0));
            }
            3 => {
                let name = self.property();
                out.insert("required".to_owned(), json!([name]));
            }
            4 => {
                out.insert("minItems".to_owned(), json!(1));
                if depth > 0 {
                    out.insert("items".to_owned(), self.any(depth - 1, true));
                }
            }
            5 => {
                out.insert("format".to_owned(), json!(self.random.pick(FORMATS).0));
            }
            _ => {
                out = self.object(depth.saturating_sub(1));
                out.remove("type");
            }
        }
        out
    }

    fn property(&mut self) -> &'static str {
        if self.random.chance(70) {
            PROPERTIES[self.random.below(8)]
        } else {
            PROPERTIES[self.random.below(PROPERTIES.len())]
        }
    }

    fn object(&mut self, depth: usize) -> Members {
        let mut out = object([("type", json!("object"))]);
        let (mut properties, mut required) = (Members::new(), Vec::new());
        for _ in 0..1 + self.random.below(3 + depth) {
            let name = self.property();
            if properties.contains_key(name) {
                continue;
            }
            let needed = self.random.chance(40);
            let of = self.any(depth, !needed);
            properties.insert(name.to_owned(), of);
            if needed {
                required.push(json!(name));
            }
        }
        if self.random.chance(5) {
            required.push(json!("undeclared"));
        }
        out.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            out.insert("required".to_owned(), json!(required));
        }
        match self.random.below(12) {
            0 => {
                out.insert("additionalProperties".to_owned(), json!(false));
            }
            1 => {
                out.insert("additionalProperties".to_owned(), json!(true));
            }
            2 => {
                let of = if depth == 0 {
                    Value::Object(self.scalar())
                } else {
                    self.any(depth - 1, true)
                };
                out.insert("additionalProperties".to_owned(), of);
            }
            3 => {
                let of = Value::Object(self.scalar());
                out.insert("patternProperties".to_owned(), json!({"^x-": of}));
            }
            4 if self.random.chance(50) => {
                out.insert("minProperties".to_owned(), json!(1 + self.random.below(2)));
            }
            5 if self.random.chance(50) => {
                out.insert("maxProperties".to_owned(), json!(2 + self.random.below(3)));
            }
            6 if self.draft == Draft::Newest && self.random.chance(40) => {
                out.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            7 if self.random.chance(40) => {
                let (one, other) = (self.property(), self.property());
                let key = if self.draft == Draft::Newest {
                    "dependentRequired"
                } else {
                    "dependencies"
                };
                out.insert(key.to_owned(), json!({one: [other]}));
            }
            8 if self.random.chance(50) => {
                let (one, other) = (self.property(), self.property());
                out.insert(
                    "anyOf".to_owned(),
                    json!([{"required": [one]}, {"required": [other]}]),
                );
            }
            9 if self.random.chance(30) && self.draft != Draft::Four => {
                out.insert("propertyNames".to_owned(), json!({"maxLength": 5}));
            }
            _ => {}
        }
        out
    }

    fn map(&mut self, depth: usize) -> Members {
        let mut out = object([("type", json!("object"))]);
        match self.random.below(4) {
            0 => {
                out.insert(
                    "patternProperties".to_owned(),
                    json!({"^x-": self.any(depth, true)}),
                );
                if self.random.chance(50) {
                    out.insert("additionalProperties".to_owned(), json!(false));
                }
            }
            1 => {}
            _ => {
                out.insert("additionalProperties".to_owned(), self.any(depth, true));
            }
        }
        if self.random.chance(25) {
            out.insert("minProperties".to_owned(), json!(self.random.below(3)));
            out.insert("maxProperties".to_owned(), json!(2 + self.random.below(3)));
        }
        out
    }

    fn list(&mut self, depth: usize) -> Members {
        let mut out = object([("type", json!("array")), ("items", self.any(depth, true))]);
        if self.random.chance(30) {
            out.insert("minItems".to_owned(), json!(self.random.below(3)));
        }
        if self.random.chance(30) {
            out.insert("maxItems".to_owned(), json!(2 + self.random.below(3)));
        }
        if self.random.chance(8) {
            out.insert("uniqueItems".to_owned(), json!(true));
        }
        if self.random.chance(5) && self.draft != Draft::Four {
            out.insert("contains".to_owned(), json!({"type": "string"}));
        }
        out
    }

    fn tuple(&mut self, depth: usize) -> Members {
        let items: Vec<Value> = (0..1 + self.random.below(3))
            .map(|_| self.any(depth, false))
            .collect();
        let (first, rest) = match self.draft {
            Draft::Newest => ("prefixItems", "items"),
            _ => ("items", "additionalItems"),
        };
        let length = items.len();
        let mut out = object([("type", json!("array")), (first, json!(items))]);
        match self.random.below(4) {
            0 => {
                out.insert(rest.to_owned(), json!(false));
            }
            1 => {
                let of = Value::Object(self.scalar());
                out.insert(rest.to_owned(), of);
            }
            _ => {}
        }
        if self.random.chance(50) {
            out.insert("minItems".to_owned(), json!(length));
        }
        if self.random.chance(50) {
            out.insert("maxItems".to_owned(), json!(length + self.random.below(2)));
        }
        out
    }

    fn choice_word(&mut self) -> &'static str {
        if self.random.chance(50) {
            "oneOf"
        } else {
            "anyOf"
        }
    }

    /// Objects, told apart by a tag, by what they demand, or not at all.
    fn choice_of_objects(&mut self, depth: usize) -> Members {
        let word = self.choice_word();
        let tagged = self.random.chance(40);
        let named = self.random.chance(30);
        let mut branches = Vec::new();
        for at in 0..2 + self.random.below(2) {
            let mut branch = self.object(depth.min(1));
            if tagged {
                let tag = match self.draft {
                    Draft::Four => json!({"type": "string", "enum": [TEXTS[at]]}),
                    _ => json!({"const": TEXTS[at]}),
                };
                if let Some(Value::Object(properties)) = branch.get_mut("properties") {
                    properties.insert("kind".to_owned(), tag);
                }
                let mut required = branch
                    .get("required")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                if !required.contains(&json!("kind")) {
                    required.push(json!("kind"));
                }
                branch.insert("required".to_owned(), json!(required));
            }
            if named {
                branch.insert("title".to_owned(), json!(TITLES[at]));
            }
            branches.push(Value::Object(branch));
        }
        let mut out = Members::new();
        if self.random.chance(20) {
            out = self.object(depth.min(1));
        } else if self.random.chance(30) {
            out.insert("type".to_owned(), json!("object"));
        }
        out.insert(word.to_owned(), json!(branches));
        out
    }

    fn scalar_choice(&mut self) -> Members {
        let word = self.choice_word();
        let mut branches: Vec<Value> = (0..2 + self.random.below(2))
            .map(|_| {
                Value::Object(if self.random.chance(30) {
                    self.values()
                } else {
                    self.scalar()
                })
            })
            .collect();
        if self.random.chance(40) {
            branches.push(json!({"type": "null"}));
        }
        object([(word, json!(branches))])
    }

    fn nullable(&mut self, depth: usize, guarded: bool) -> Members {
        let word = self.choice_word();
        let mut branches = vec![self.any(depth, guarded), json!({"type": "null"})];
        if self.random.chance(40) {
            branches.insert(1, self.any(depth, guarded));
        }
        if self.random.chance(30) {
            branches.reverse();
        }
        object([(word, json!(branches))])
    }

    fn choice(&mut self, depth: usize, guarded: bool) -> Members {
        let word = self.choice_word();
        let branches: Vec<Value> = (0..2 + self.random.below(2))
            .map(|_| self.any(depth, guarded))
            .collect();
        let mut out = object([(word, json!(branches))]);
        if self.random.chance(10) {
            let other = if word == "oneOf" { "anyOf" } else { "oneOf" };
            out.insert(
                other.to_owned(),
                json!([self.any(0, guarded), self.any(0, guarded)]),
            );
        }
        out
    }

    fn all(&mut self, depth: usize, guarded: bool) -> Members {
        if self.random.chance(30) {
            let (mut low, mut high) = (self.integer(), object([("type", json!("integer"))]));
            self.bounds(&mut high, false);
            low.remove("multipleOf");
            return object([("allOf", json!([low, high]))]);
        }
        let mut parts = vec![
            Value::Object(self.object(depth)),
            Value::Object(self.object(depth)),
        ];
        if self.random.chance(50) && !self.names.is_empty() {
            parts[0] = self.reference(guarded);
        }
        if self.random.chance(20) {
            parts.pop();
        }
        let mut out = object([("allOf", json!(parts))]);
        if self.random.chance(30) {
            out.extend(self.object(0));
        }
        out
    }

    fn conditional(&mut self, depth: usize) -> Members {
        let mut out = self.object(depth.min(1));
        if let Some(Value::Object(properties)) = out.get_mut("properties") {
            properties.insert("kind".to_owned(), json!({"enum": ["a", "b"]}));
        }
        let part = |schemas: &mut Self| {
            let mut part = schemas.object(depth.min(1));
            part.remove("type");
            Value::Object(part)
        };
        match self.draft {
            Draft::Four => {
                let name = self.property();
                out.insert("dependencies".to_owned(), json!({name: part(self)}));
            }
            Draft::Newest if self.random.chance(40) => {
                let name = self.property();
                out.insert("dependentSchemas".to_owned(), json!({name: part(self)}));
            }
            _ if self.random.chance(50) => {
                let branches: Vec<Value> = ["a", "b"]
                    .iter()
                    .map(|kind| json!({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": part(self)}))
                    .collect();
                out.insert("allOf".to_owned(), json!(branches));
            }
            _ => {
                out.insert(
                    "if".to_owned(),
                    json!({"properties": {"kind": {"const": "a"}}, "required": ["kind"]}),
                );
                out.insert("then".to_owned(), part(self));
                if self.random.chance(60) {
                    out.insert("else".to_owned(), part(self));
                }
            }
        }
        out
    }

    fn negated(&mut self, depth: usize, guarded: bool) -> Members {
        let not = match self.random.below(3) {
            0 => json!({"required": [self.property()]}),
            1 => json!({"type": "null"}),
            _ => Value::Object(self.values()),
        };
        let Value::Object(mut out) = self.any(depth, guarded) else {
            return object([("not", not)]);
        };
        out.insert("not".to_owned(), not);
        out
    }
}
