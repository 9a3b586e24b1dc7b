//! Random payloads that a contract allows, each value in the one form that the encoder writes.

use event_codegen::model::{
    Constraints, Contracts, Enum, Field, Number, Type, TypeId, TypeKind, Union,
};
use event_runtime::serde_json::{self, Map, Value, json};
use event_runtime::{Bytes, IsoDuration};

#[path = "../../build/patterns.rs"]
mod patterns;

/// How deep values nest that need not.
const DEEPEST: usize = 4;

/// Makes values.
pub struct Values<'a> {
    pub contracts: &'a Contracts,
    state: u64,
    depth: usize,
}

/// A type with all that is demanded of it, named scalars resolved.
#[derive(Clone)]
pub struct Scalar<'a> {
    pub ty: &'a Type,
    pub as_text: bool,
    pub constraints: Vec<&'a Constraints>,
}

impl<'a> Scalar<'a> {
    pub fn of(
        contracts: &'a Contracts,
        ty: &'a Type,
        as_text: bool,
        own: Option<&'a Constraints>,
    ) -> Self {
        let mut scalar = Self {
            ty,
            as_text,
            constraints: own.into_iter().collect(),
        };
        if let Type::Named(id) = ty
            && let TypeKind::Scalar {
                ty,
                constraints,
                as_text,
            } = &contracts[*id].body.kind
        {
            scalar.ty = &ty.value;
            scalar.as_text |= as_text.is_some();
            scalar.constraints.push(constraints);
        }
        scalar
    }

    /// The range of an integer, by its type alone.
    pub fn range(&self) -> Option<(i128, i128)> {
        Some(match self.ty {
            Type::I32 => (i32::MIN.into(), i32::MAX.into()),
            Type::I64 => (i64::MIN.into(), i64::MAX.into()),
            Type::U32 => (0, u32::MAX.into()),
            Type::U64 => (0, u64::MAX.into()),
            _ => return None,
        })
    }
}

fn integer(number: Number) -> i128 {
    match number {
        Number::Integer(n) => n,
        Number::Float(n) => panic!("{n} bounds an integer"),
    }
}

#[allow(clippy::cast_precision_loss)]
fn float(number: Number) -> f64 {
    match number {
        Number::Integer(n) => n as f64,
        Number::Float(n) => n,
    }
}

impl<'a> Values<'a> {
    pub fn new(contracts: &'a Contracts, seed: u64) -> Self {
        Self {
            contracts,
            state: seed,
            depth: 0,
        }
    }

    /// SplitMix64, as in `build/random.rs`.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap();
        items[at].clone()
    }

    /// An event's body.
    pub fn payload(&mut self, fields: &'a [Field]) -> Value {
        self.depth = 0;
        Value::Object(self.object(fields))
    }

    fn object(&mut self, fields: &'a [Field]) -> Map<String, Value> {
        let mut members = Map::new();
        for field in fields {
            let absent = field.optional && (self.depth > DEEPEST || self.percent(40));
            if !absent {
                let mut value =
                    self.value(&field.ty, field.as_text.is_some(), Some(&field.constraints));
                // For an optional field null is the same as nothing, which is what is written.
                if field.optional && value.is_null() {
                    value = json!(false);
                }
                members.insert(field.wire(), value);
            }
        }
        members
    }

    pub fn value(&mut self, ty: &'a Type, as_text: bool, own: Option<&'a Constraints>) -> Value {
        self.depth += 1;
        let value = match ty {
            Type::List(item) => {
                let count = self.count(own);
                (0..count).map(|_| self.value(item, false, None)).collect()
            }
            Type::Map(value) => {
                let count = self.count(own);
                let names = ["", "a", "b c", "Ü", "self", "\n", "x.y", "0"];
                let start = self.below(8);
                let keys = (0..count)
                    .map(|at| names[usize::try_from((start + at) % 8).unwrap()].to_owned());
                let keys: Vec<String> = keys.collect();
                Value::Object(
                    keys.into_iter()
                        .map(|key| (key, self.value(value, false, None)))
                        .collect(),
                )
            }
            Type::Named(id) => self.named(*id, as_text, own),
            _ => self.scalar(&Scalar::of(self.contracts, ty, as_text, own)),
        };
        self.depth -= 1;
        value
    }

    /// How many items a list or a map gets.
    fn count(&mut self, own: Option<&Constraints>) -> u64 {
        let bound = |n: &Option<event_codegen::source::Spanned<u64>>| n.as_ref().map(|n| n.value);
        let least = own.and_then(|own| bound(&own.min_items)).unwrap_or(0);
        let most = own
            .and_then(|own| bound(&own.max_items))
            .unwrap_or(least + 3);
        if self.depth > DEEPEST {
            least
        } else {
            least + self.below(most - least + 1)
        }
    }

    fn named(&mut self, id: TypeId, as_text: bool, own: Option<&'a Constraints>) -> Value {
        let contracts = self.contracts;
        match &contracts[id].body.kind {
            TypeKind::Struct(fields) => Value::Object(self.object(fields)),
            TypeKind::Enum(def) => self.enumeration(def),
            TypeKind::Union(def) => self.union(def),
            TypeKind::Scalar {
                ty,
                constraints,
                as_text: named,
            } => {
                let constraints = own.into_iter().chain([constraints]).collect();
                self.scalar(&Scalar {
                    ty,
                    as_text: as_text || named.is_some(),
                    constraints,
                })
            }
            other => panic!("{other:?}"),
        }
    }

    fn enumeration(&mut self, def: &Enum) -> Value {
        if !def.closed && self.percent(20) {
            return json!("a newer value");
        }
        Value::from(self.pick(&def.values).value)
    }

    fn union(&mut self, def: &'a Union) -> Value {
        if !def.closed && self.percent(20) {
            return json!({ def.tag.value.as_str(): "a newer variant", "extra": [1, { "b": null }], "": -0.5 });
        }
        let variant = self.pick(&def.variants);
        let TypeKind::Struct(fields) = &self.contracts[variant.ty.value.unwrap()].body.kind else {
            panic!("a variant is no object");
        };
        let mut members = self.object(fields);
        members.insert(def.tag.value.clone(), Value::from(variant.tag.value));
        Value::Object(members)
    }

    pub fn scalar(&mut self, scalar: &Scalar<'_>) -> Value {
        match scalar.ty {
            Type::Bool => Value::from(self.percent(50)),
            Type::String => Value::from(self.text(&scalar.constraints)),
            Type::I32 | Type::I64 | Type::U32 | Type::U64 => self.integer(scalar),
            Type::F64 => self.float(scalar),
            Type::Decimal => Value::from(self.decimal()),
            Type::Uuid => {
                let n = (u128::from(self.next()) << 64) | u128::from(self.next());
                Value::from(event_runtime::Uuid::from_u128(n).to_string())
            }
            Type::Timestamp => {
                let time = format!(
                    "{:02}:{:02}:{:02}",
                    self.below(24),
                    self.below(60),
                    self.below(60)
                );
                let fraction = self.pick(&["", ".500", ".123456", ".000000001", ".999"]);
                Value::from(format!("{}T{time}{fraction}Z", self.date()))
            }
            Type::Date => Value::from(self.date()),
            Type::Duration => {
                let limit = self.pick(&[1, 60, 3_600, 86_400, 1 << 40]);
                let nanos = self.pick(&[0, 0, 500_000_000, 1, 999_999_999]);
                let duration = std::time::Duration::new(self.below(limit), nanos);
                Value::from(IsoDuration(duration).to_string())
            }
            Type::Bytes => {
                let count = self.below(6);
                let bytes: Vec<u8> = (0..count).map(|_| self.next().to_le_bytes()[0]).collect();
                serde_json::to_value(Bytes::from(bytes)).unwrap()
            }
            Type::Json => self.json(),
            other => panic!("{other:?}"),
        }
    }

    fn date(&mut self) -> String {
        let year = self.pick(&[1, 1600, 1969, 1970, 2000, 2024, 9999]);
        format!(
            "{year:04}-{:02}-{:02}",
            1 + self.below(12),
            1 + self.below(28)
        )
    }

    fn decimal(&mut self) -> String {
        let whole = self.pick(&[0, 1, 5, 20, 28]);
        let fraction = self.pick(&[0, 1, 2, 8]).min(28 - whole);
        let mut text = String::new();
        if whole == 0 {
            text.push('0');
        }
        for at in 0..whole {
            let digit = if at == 0 {
                1 + self.below(9)
            } else {
                self.below(10)
            };
            text.push_str(&digit.to_string());
        }
        for at in 0..fraction {
            if at == 0 {
                text.push('.');
            }
            text.push_str(&self.below(10).to_string());
        }
        let zero = text.chars().all(|c| matches!(c, '0' | '.'));
        if !zero && self.percent(50) {
            format!("-{text}")
        } else {
            text
        }
    }

    fn integer(&mut self, scalar: &Scalar<'_>) -> Value {
        let (mut low, mut high) = scalar.range().unwrap();
        for constraints in &scalar.constraints {
            low = constraints
                .min
                .as_ref()
                .map_or(low, |n| low.max(integer(n.value)));
            high = constraints
                .max
                .as_ref()
                .map_or(high, |n| high.min(integer(n.value)));
        }
        let width = u128::try_from(high - low).unwrap();
        let inside = low + i128::try_from(u128::from(self.next()) % (width + 1)).unwrap();
        let number = self.pick(&[low, high, inside, inside, 0.clamp(low, high)]);
        if scalar.as_text {
            return Value::from(number.to_string());
        }
        match i64::try_from(number) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(u64::try_from(number).unwrap()),
        }
    }

    fn float(&mut self, scalar: &Scalar<'_>) -> Value {
        let (mut low, mut high) = (-f64::MAX, f64::MAX);
        for constraints in &scalar.constraints {
            low = constraints
                .min
                .as_ref()
                .map_or(low, |n| low.max(float(n.value)));
            high = constraints
                .max
                .as_ref()
                .map_or(high, |n| high.min(float(n.value)));
        }
        let any = f64::from_bits(self.next());
        let any = if any.is_finite() { any } else { 0.1 };
        let number = self.pick(&[0.1, 0.5, 1.0, -1.0, 1e-7, 123_456.789, 1e300, any, any, any]);
        // No negative zero: as a JSON value it is another number than the one that it equals.
        Value::from(number.clamp(low, high) + 0.0)
    }

    fn text(&mut self, constraints: &[&Constraints]) -> String {
        let patterns: Vec<&str> = constraints
            .iter()
            .filter_map(|c| c.pattern.as_ref())
            .map(|pattern| pattern.value.as_str())
            .collect();
        if let [pattern] = patterns.as_slice() {
            let known = patterns::PATTERNS
                .iter()
                .find(|(known, _)| known == pattern);
            return self.pick(known.unwrap().1).to_owned();
        }
        assert!(patterns.is_empty(), "{patterns:?}");
        let least = constraints
            .iter()
            .filter_map(|c| c.min_length.as_ref())
            .map(|n| n.value)
            .max();
        let most = constraints
            .iter()
            .filter_map(|c| c.max_length.as_ref())
            .map(|n| n.value)
            .min();
        let least = least.unwrap_or(0);
        let most = most.unwrap_or(least + 5);
        let length = least + self.below(most - least + 1);
        let characters = [
            'a',
            'B',
            '0',
            ' ',
            'é',
            '漢',
            '\u{1F600}',
            '\n',
            '"',
            '\\',
            '\0',
            '\u{7f}',
            '/',
            '\u{2028}',
        ];
        (0..length).map(|_| self.pick(&characters)).collect()
    }

    fn json(&mut self) -> Value {
        let number = self.next();
        self.pick(&[
            Value::Null,
            json!(true),
            json!(number),
            json!(-5),
            json!(0.1),
            json!("any \"text\""),
            json!([]),
            json!({}),
            json!([null, { "a": [1, 2.5] }]),
            json!({ "type": "x", "": null }),
        ])
    }
}
