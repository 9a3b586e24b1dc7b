//! Payloads for a JSON Schema, and payloads with something changed. Makes guesses: whether a payload is valid is for the
//! validator to say.

use serde_json::{Map, Value, json};

use super::random::Random;
use super::schema::{FORMATS, PATTERNS};

/// How deep payloads of recursive schemas get.
const DEEPEST: usize = 7;

type Members = Map<String, Value>;

/// Makes payloads of one schema.
pub struct Payloads<'r> {
    pub random: &'r mut Random,
    root: &'r Value,
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl<'r> Payloads<'r> {
    pub fn new(random: &'r mut Random, root: &'r Value) -> Self {
        Self { random, root }
    }

    /// A payload that is probably good.
    pub fn payload(&mut self) -> Value {
        self.value(self.root, 0)
    }

    fn value(&mut self, schema: &'r Value, depth: usize) -> Value {
        let Value::Object(schema) = schema else {
            return self.anything(2);
        };
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let target = self.target(reference);
            return match target {
                Some(target) if depth <= DEEPEST + 20 => self.value(target, depth + 1),
                _ => self.anything(1),
            };
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = schema.get("enum")
            && !values.is_empty()
        {
            return self.random.pick(values).clone();
        }
        let mut made = self.own(schema, depth);
        for word in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = schema.get(word)
                && !branches.is_empty()
            {
                let both = word == "anyOf" && self.random.chance(20);
                for _ in 0..=usize::from(both) {
                    let at = self.random.below(branches.len());
                    let branch = self.value(&branches[at], depth + 1);
                    made = Some(merged(made, branch));
                }
            }
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            for part in parts {
                // Alone, a condition says nothing of the value.
                let own = part
                    .as_object()
                    .is_some_and(|part| part.contains_key("if") && !part.contains_key("type"));
                let of = if own {
                    self.condition(part, depth)
                } else {
                    Some(self.value(part, depth + 1))
                };
                made = of.map(|of| merged(made.take(), of)).or(made);
            }
        }
        if schema.contains_key("if")
            && let Some(of) = self.condition_of(schema, depth)
        {
            made = Some(merged(made, of));
        }
        made.unwrap_or_else(|| self.anything(2))
    }

    fn condition(&mut self, part: &'r Value, depth: usize) -> Option<Value> {
        self.condition_of(part.as_object()?, depth)
    }

    fn condition_of(&mut self, schema: &'r Members, depth: usize) -> Option<Value> {
        if self.random.chance(50) {
            let of = self.value(schema.get("if")?, depth + 1);
            Some(merged(Some(of), self.value(schema.get("then")?, depth + 1)))
        } else {
            Some(self.value(schema.get("else")?, depth + 1))
        }
    }

    fn target(&self, reference: &str) -> Option<&'r Value> {
        let pointer = reference.strip_prefix('#')?;
        let pointer = pointer
            .replace("%25", "%")
            .replace("%20", " ")
            .replace("%C3%BC", "ü")
            .replace("%C3%AF", "ï");
        self.root.pointer(&pointer)
    }

    /// What the keywords of one schema say, choices aside.
    fn own(&mut self, schema: &'r Members, depth: usize) -> Option<Value> {
        let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) if !kinds.is_empty() => {
                self.random.pick(kinds).as_str().unwrap_or("null")
            }
            _ if self.random.chance(10) => {
                return has(&[
                    "minimum",
                    "minLength",
                    "pattern",
                    "items",
                    "properties",
                    "required",
                ])
                .then(|| self.anything(1));
            }
            _ if has(&[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "minProperties",
            ]) =>
            {
                "object"
            }
            _ if has(&["items", "prefixItems", "minItems"]) => "array",
            _ if has(&["minLength", "maxLength", "pattern", "format"]) => "string",
            _ if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) => "number",
            _ => return None,
        };
        Some(match kind {
            "null" => Value::Null,
            "boolean" => json!(self.random.chance(50)),
            "integer" => json!(self.integer(schema)),
            "number" => self.number(schema),
            "string" => json!(self.text(schema)),
            "array" => self.list(schema, depth),
            _ => self.object(schema, depth),
        })
    }

    fn integer(&mut self, schema: &Members) -> i64 {
        let bound = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_f64)
                .map(|bound| bound as i64)
        };
        let low = bound("minimum").or(bound("exclusiveMinimum").map(|n| n + 1));
        let high = bound("maximum").or(bound("exclusiveMaximum").map(|n| n - 1));
        let low = low.unwrap_or(high.unwrap_or(0).min(0) - i64::from(self.random.chance(20)) * 7);
        let high = high.unwrap_or(low.max(0) + 9).max(low);
        match self.random.below(4) {
            0 => low,
            1 => high,
            _ => i64::try_from(self.random.between(low.into(), high.into())).unwrap_or(low),
        }
    }

    fn number(&mut self, schema: &Members) -> Value {
        let n = self.integer(schema);
        if self.random.chance(40) {
            json!(n)
        } else {
            json!(n as f64 + 0.5)
        }
    }

    fn text(&mut self, schema: &Members) -> String {
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && let Some((_, texts)) = PATTERNS.iter().find(|(known, _)| *known == pattern)
        {
            return (*self.random.pick(texts)).to_owned();
        }
        if let Some(format) = schema.get("format").and_then(Value::as_str)
            && let Some((_, texts)) = FORMATS.iter().find(|(known, _)| *known == format)
        {
            return (*self.random.pick(texts)).to_owned();
        }
        let count = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let min = count("minLength").unwrap_or(0);
        let max = count("maxLength").unwrap_or(min + 4).max(min);
        let length = min + self.random.below((max - min + 1).min(20));
        (0..length)
            .map(|_| *self.random.pick(&['a', 'b', 'Z', '0', ' ', 'ü', '"', '🦀']))
            .collect()
    }

    fn list(&mut self, schema: &'r Members, depth: usize) -> Value {
        let count = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let min = count("minItems").unwrap_or(0);
        let max = count("maxItems").unwrap_or(min + 2);
        let (prefix, rest) = match (schema.get("items"), schema.get("prefixItems")) {
            (Some(Value::Array(prefix)), _) => (prefix.as_slice(), schema.get("additionalItems")),
            (rest, Some(Value::Array(prefix))) => (prefix.as_slice(), rest),
            (rest, _) => (&[][..], rest),
        };
        let most = if depth >= DEEPEST {
            min
        } else {
            max.min(min + 3)
        };
        let mut length = min + self.random.below(most.saturating_sub(min) + 1);
        if !prefix.is_empty() && self.random.chance(70) {
            length = length.max(prefix.len());
        }
        let items = (0..length).map(|at| match prefix.get(at).or(rest) {
            Some(of) => self.value(of, depth + 1),
            None => self.anything(1),
        });
        Value::Array(items.collect())
    }

    fn object(&mut self, schema: &'r Members, depth: usize) -> Value {
        let mut out = Members::new();
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let likely = if depth >= DEEPEST {
            0
        } else {
            *self.random.pick(&[20, 60, 95])
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            for (name, of) in properties {
                if required.contains(&name.as_str()) || self.random.chance(likely) {
                    out.insert(name.clone(), self.value(of, depth + 1));
                }
            }
        }
        for name in required {
            if !out.contains_key(name) {
                let value = self.anything(1);
                out.insert(name.to_owned(), value);
            }
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties")
            && let Some(of) = patterns.values().next()
            && self.random.chance(likely)
        {
            out.insert("x-1".to_owned(), self.value(of, depth + 1));
        }
        let count = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let wanted = count("minProperties").unwrap_or(0);
        let extra = schema.get("additionalProperties");
        let more = usize::from(
            depth < DEEPEST && self.random.chance(if extra.is_some() { 60 } else { 15 }),
        ) * (1 + self.random.below(2));
        for name in ["zz1", "zz2", "zz3", "zz4"] {
            let need = out.len() < wanted;
            let spare = name <= ["", "zz1", "zz2"][more];
            if !need
                && (!spare
                    || extra == Some(&Value::Bool(false))
                    || count("maxProperties").is_some_and(|max| out.len() >= max))
            {
                continue;
            }
            let value = match extra {
                Some(of @ Value::Object(_)) => self.value(of, depth + 1),
                _ => self.anything(1),
            };
            out.insert(name.to_owned(), value);
        }
        Value::Object(out)
    }

    /// Any value at all.
    pub fn anything(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 9 } else { 13 }) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(7),
            3 => json!(-1),
            4 => json!(2.5),
            5 => json!("a"),
            6 => json!(""),
            7 => json!("2026-01-31"),
            8 => json!("1"),
            9 => json!([]),
            10 => json!([self.anything(depth - 1)]),
            11 => json!({}),
            _ => {
                let name = *self.random.pick(&["a", "id", "kind", "zz9"]);
                json!({name: self.anything(depth - 1)})
            }
        }
    }

    /// Changes one thing anywhere in a payload.
    pub fn change(&mut self, payload: &mut Value) {
        let mut places = Vec::new();
        pointers(payload, String::new(), &mut places);
        let place = self.random.pick(&places).clone();
        let Some(at) = payload.pointer_mut(&place) else {
            return;
        };
        let new = self.anything(2);
        match at {
            Value::Object(members) if self.random.chance(70) => {
                let names: Vec<String> = members.keys().cloned().collect();
                match self.random.below(4) {
                    0 if !names.is_empty() => {
                        members.remove(self.random.pick(&names));
                    }
                    1 if !names.is_empty() => {
                        members.insert(self.random.pick(&names).clone(), Value::Null);
                    }
                    2 if !names.is_empty() => {
                        members.insert(self.random.pick(&names).clone(), new);
                    }
                    _ => {
                        let name = *self.random.pick(&[
                            "a", "b", "c", "d", "id", "name", "kind", "value", "x-2", "zz5",
                        ]);
                        members.insert(name.to_owned(), new);
                    }
                }
            }
            Value::Array(items) if self.random.chance(70) => {
                if !items.is_empty() && self.random.chance(50) {
                    items.remove(self.random.below(items.len()));
                } else if self.random.chance(50) && !items.is_empty() {
                    let item = self.random.pick(items).clone();
                    items.push(item);
                } else {
                    items.push(new);
                }
            }
            Value::Number(n) if self.random.chance(3) => {
                *at = json!(n.as_f64().unwrap_or(1.0).trunc())
            }
            Value::Number(n) if self.random.chance(60) => {
                let step = *self
                    .random
                    .pick(&[-1.0, 1.0, 0.5, -20.0, 20.0, 1e10, -1e10]);
                let n = n.as_f64().unwrap_or(0.0) + step;
                *at = if n.fract() == 0.0 {
                    json!(n as i64)
                } else {
                    json!(n)
                };
            }
            Value::String(text) if self.random.chance(60) => match self.random.below(4) {
                0 => text.push_str("xyz"),
                1 => {
                    text.pop();
                }
                2 => text.make_ascii_uppercase(),
                _ => text.insert(0, 'q'),
            },
            _ => *at = new,
        }
        if !payload.is_object() {
            *payload = json!({"a": payload.take()});
        }
    }
}

/// What holds for two schemas at once, as far as a guess goes.
fn merged(a: Option<Value>, b: Value) -> Value {
    match (a, b) {
        (Some(Value::Object(mut a)), Value::Object(b)) => {
            a.extend(b);
            Value::Object(a)
        }
        (Some(Value::Object(a)), b) if kind_of(&b) != "object" && !a.is_empty() => Value::Object(a),
        (_, b) => b,
    }
}

/// The JSON pointers of a value and all values in it.
pub fn pointers(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                pointers(
                    value,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    out,
                );
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}
