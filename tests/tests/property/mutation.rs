//! Changes one thing in a payload: takes a value away, puts another one in its place, or adds one. Knows where in the payload
//! which type stands.

use event_codegen::model::{Field, Type, TypeKind};
use event_runtime::serde_json::{Value, json};

use super::values::{Scalar, Values};

/// A change, as far as it matters for what may be said about it.
pub struct Change<'a> {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What stands there.
    pub place: Place<'a>,
    /// What was done.
    pub act: Act,
}

/// What stands at a place of a payload.
#[derive(Clone)]
pub enum Place<'a> {
    /// A field with this type.
    Field(&'a Field, Scalar<'a>),
    /// An element of a list or a map.
    Element(Scalar<'a>),
    /// A union's tag.
    Tag,
    /// An object.
    Object,
}

/// What was done.
#[derive(Debug)]
pub enum Act {
    Removed,
    Replaced(Value),
    Renamed,
    Added,
}

impl Place<'_> {
    /// The type there, if there is one.
    pub fn scalar(&self) -> Option<&Scalar<'_>> {
        match self {
            Place::Field(_, scalar) | Place::Element(scalar) => Some(scalar),
            Place::Tag | Place::Object => None,
        }
    }
}

impl Change<'_> {
    /// What stands at the place, in a word.
    pub fn kind(&self) -> String {
        match &self.place {
            Place::Tag => "a tag".to_owned(),
            Place::Object => "an object".to_owned(),
            Place::Field(..) | Place::Element(_) => {
                format!("{:?}", self.place.scalar().map(|scalar| scalar.ty))
            }
        }
    }
}

type Places<'a> = Vec<(String, Place<'a>)>;

/// Changes something; nothing where the change would be none.
pub fn change<'a>(
    values: &mut Values<'a>,
    fields: &'a [Field],
    payload: &mut Value,
) -> Option<Change<'a>> {
    let mut places = Vec::new();
    object(values, fields, payload, "", &mut places);
    let (pointer, place) = values.pick(&places);
    let act = match &place {
        Place::Object => {
            let object = payload.pointer_mut(&pointer)?.as_object_mut()?;
            object.insert("a newer field".to_owned(), json!([{ "of": null }]));
            Act::Added
        }
        Place::Tag => {
            let new = values.pick(&[
                json!("another"),
                json!(""),
                json!(5),
                Value::Null,
                json!(["a"]),
            ]);
            act_on(values, &pointer, payload, new)?
        }
        Place::Field(field, scalar) => {
            if let Some(alias) = &field.alias
                && values.percent(50)
            {
                let (parent, key) = split(&pointer);
                let object = payload.pointer_mut(parent)?.as_object_mut()?;
                let value = object.remove(&key)?;
                object.insert(alias.value.clone(), value);
                Act::Renamed
            } else {
                let new = candidate(values, scalar);
                act_on(values, &pointer, payload, new)?
            }
        }
        Place::Element(scalar) => {
            let new = candidate(values, scalar);
            act_on(values, &pointer, payload, new)?
        }
    };
    Some(Change {
        pointer,
        place,
        act,
    })
}

/// Removes a value, or puts another one there.
fn act_on(values: &mut Values<'_>, pointer: &str, payload: &mut Value, new: Value) -> Option<Act> {
    let (parent, key) = split(pointer);
    let parent = payload.pointer_mut(parent)?;
    if values.percent(10)
        && let Value::Object(members) = parent
    {
        members.remove(&key)?;
        return Some(Act::Removed);
    }
    match parent {
        Value::Object(members) => {
            members.insert(key, new.clone());
        }
        Value::Array(items) => *items.get_mut(key.parse::<usize>().ok()?)? = new.clone(),
        _ => return None,
    }
    Some(Act::Replaced(new))
}

fn split(pointer: &str) -> (&str, String) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    (parent, key.replace("~1", "/").replace("~0", "~"))
}

fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Every place in an object.
fn object<'a>(
    values: &Values<'a>,
    fields: &'a [Field],
    object: &Value,
    at: &str,
    places: &mut Places<'a>,
) {
    places.push((at.to_owned(), Place::Object));
    for field in fields {
        let scalar = Scalar::of(
            values.contracts,
            &field.ty,
            field.as_text.is_some(),
            Some(&field.constraints),
        );
        let pointer = below(at, &field.wire());
        if let Some(value) = object.get(field.wire()) {
            value_places(values, &field.ty, value, &pointer, places);
        }
        // Fields matter more than what holds them.
        for _ in 0..3 {
            places.push((pointer.clone(), Place::Field(field, scalar.clone())));
        }
    }
}

/// The places inside a value.
fn value_places<'a>(
    values: &Values<'a>,
    ty: &'a Type,
    value: &Value,
    at: &str,
    places: &mut Places<'a>,
) {
    match (ty, value) {
        (Type::List(item), Value::Array(items)) => {
            for (index, value) in items.iter().enumerate() {
                let pointer = below(at, &index.to_string());
                value_places(values, item, value, &pointer, places);
                places.push((
                    pointer,
                    Place::Element(Scalar::of(values.contracts, item, false, None)),
                ));
            }
        }
        (Type::Map(item), Value::Object(members)) => {
            for (key, value) in members {
                let pointer = below(at, key);
                value_places(values, item, value, &pointer, places);
                places.push((
                    pointer,
                    Place::Element(Scalar::of(values.contracts, item, false, None)),
                ));
            }
        }
        (Type::Named(id), _) => match &values.contracts[*id].body.kind {
            TypeKind::Struct(fields) => object(values, fields, value, at, places),
            TypeKind::Union(def) => {
                places.push((below(at, &def.tag), Place::Tag));
                let tag = value.get(&def.tag.value).and_then(Value::as_str);
                let known = def
                    .variants
                    .iter()
                    .find(|variant| Some(variant.tag.value.as_str()) == tag);
                if let Some(id) = known.and_then(|variant| variant.ty.value)
                    && let TypeKind::Struct(fields) = &values.contracts[id].body.kind
                {
                    object(values, fields, value, at, places);
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// A value to put where this type stands: near to what fits, or of another kind.
fn candidate(values: &mut Values<'_>, scalar: &Scalar<'_>) -> Value {
    if values.percent(25) {
        let any = [
            Value::Null,
            json!(true),
            json!(0),
            json!(-1),
            json!(1.0),
            json!(1.5),
            json!(""),
            json!("a"),
            json!([]),
            json!({}),
            json!([null]),
            json!({ "a": 1 }),
            json!(-0.0),
            json!(1e300),
        ];
        return values.pick(&any);
    }
    let texts: &[&str] = match scalar.ty {
        Type::I32 | Type::I64 | Type::U32 | Type::U64 if scalar.as_text => INTEGERS,
        Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 => return number(values, scalar),
        Type::Decimal => DECIMALS,
        Type::Uuid => UUIDS,
        Type::Timestamp => TIMESTAMPS,
        Type::Date => DATES,
        Type::Duration => DURATIONS,
        Type::Bytes => BYTES,
        Type::String | Type::Named(_) => TEXTS,
        Type::List(_) => {
            return values.pick(&[
                json!([]),
                json!([[]]),
                json!([1, 2]),
                json!(["a"]),
                Value::from(vec![json!({}); 9]),
                json!({}),
            ]);
        }
        Type::Map(_) => {
            return values.pick(&[
                json!({}),
                json!({ "a": {} }),
                json!({ "a": 1, "b": "c" }),
                json!([]),
            ]);
        }
        Type::Bool => return values.pick(&[json!("true"), json!(1), json!(false)]),
        _ => return json!({ "any": ["thing"] }),
    };
    Value::from(values.pick(texts))
}

/// Numbers around every bound.
fn number(values: &mut Values<'_>, scalar: &Scalar<'_>) -> Value {
    let mut bounds: Vec<f64> = vec![
        0.0,
        2_147_483_647.0,
        -2_147_483_648.0,
        4_294_967_295.0,
        9_007_199_254_740_991.0,
    ];
    for constraints in &scalar.constraints {
        for bound in [&constraints.min, &constraints.max].into_iter().flatten() {
            bounds.push(bound.value.to_string().parse().unwrap());
        }
    }
    let bound = values.pick(&bounds) + values.pick(&[-1.0, 0.0, 0.0, 1.0]);
    let numbers = [
        json!(bound),
        json!(bound + 0.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e19),
        json!(-0.0),
        json!(f64::MAX),
        json!(5e-324),
    ];
    #[allow(clippy::cast_possible_truncation)]
    let whole = json!(bound as i64);
    if values.percent(60) {
        whole
    } else {
        values.pick(&numbers)
    }
}

const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "-0",
    "+1",
    "01",
    "",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "999999999999999999999",
    "0x10",
    "1_000",
    "٣",
];
const DECIMALS: &[&str] = &[
    "0",
    "-0",
    "1",
    "1.50",
    "-1.5",
    "0.0",
    "-0.0",
    "00",
    "01",
    "1.",
    ".5",
    "+1",
    "1e3",
    "1E-3",
    "1_000",
    "1,5",
    " 1",
    "1 ",
    "",
    "-",
    "NaN",
    "Infinity",
    "9999999999999999999999999999",
    "99999999999999999999999999999",
    "0.0000000000000000000000000001",
    "0.9999999999999999999999999999",
    "0.00000000000000000000000000001",
    "1.0000000000000000000000000001",
    "12345678901234.12345678901234",
    "123456789012345.12345678901234",
    "79228162514264337593543950335",
    "0x10",
    "٣",
];
const UUIDS: &[&str] = &[
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "67E55044-10B1-426F-9247-BB680E5FE0C8",
    "67e5504410b1426f9247bb680e5fe0c8",
    "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
    "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
    "67e55044-10b1-426f-9247-bb680e5fe0c",
    "67e55044-10b1-426f-9247-bb680e5fe0cg",
    " 67e55044-10b1-426f-9247-bb680e5fe0c8",
    "",
    "00000000-0000-0000-0000-000000000000",
    "67e5504-410b1-426f-9247-bb680e5fe0c8",
];
const TIMESTAMPS: &[&str] = &[
    "2024-02-29T12:00:00Z",
    "2024-02-29T12:00:00.5Z",
    "2024-02-29t12:00:00z",
    "2024-02-29T12:00:00+01:00",
    "2024-02-29T12:00:00-23:59",
    "2024-02-29T12:00:00.123456789012Z",
    "2024-02-29 12:00:00Z",
    "2024-02-29T12:00:00",
    "2024-02-29T12:00Z",
    "2023-02-29T12:00:00Z",
    "2024-02-29T24:00:00Z",
    "2024-02-29T12:60:00Z",
    "2016-12-31T23:59:60Z",
    "2024-02-29T12:00:60Z",
    "2024-02-29T12:00:61Z",
    "2024-02-29T12:00:00+24:00",
    "2024-02-29T12:00:00+01",
    "2024-02-29T12:00:00+0100",
    "2024-02-29T12:00:00.Z",
    "2024-02-29T12:00:00 Z",
    " 2024-02-29T12:00:00Z",
    "2024-2-29T12:00:00Z",
    "10000-01-01T00:00:00Z",
    "+10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59.999-01:00",
    "2024-02-29T12:00:00-00:00",
    "2024-W09-4T12:00:00Z",
    "2024-02-29",
    "",
    "2024-02-29T12:00:00UTC",
    "2016-12-31T22:59:60-01:00",
    "2024-02-29T12:00:00,5Z",
];
const DATES: &[&str] = &[
    "2024-02-29",
    "2023-02-29",
    "1900-02-29",
    "2000-02-29",
    "2024-2-9",
    "2024-02-09 ",
    " 2024-02-09",
    "20240209",
    "2024-13-01",
    "2024-00-01",
    "2024-01-00",
    "10000-01-01",
    "+10000-01-01",
    "-0001-01-01",
    "0000-01-01",
    "24-01-01",
    "2024-02-29T00:00:00Z",
    "2024/02/29",
    "",
    "٢٠٢٤-01-01",
];
const DURATIONS: &[&str] = &[
    "PT0S",
    "P1W",
    "P1D",
    "P1DT1H",
    "PT1H30M",
    "PT1H2S",
    "PT0.5S",
    "PT1.123456789S",
    "PT1.1234567890S",
    "PT1,5S",
    "P1Y",
    "P1M",
    "P",
    "PT",
    "P1DT",
    "PT1M1H",
    "-PT1S",
    "PT-1S",
    "PT+1S",
    "pt1s",
    "P1W1D",
    "PT.5S",
    "PT1.S",
    "PT0.5H",
    "P1.5D",
    "",
    "1H",
    "PT01S",
    "P0D",
    "PT36H",
    "PT100000000000000000000S",
    "PT18446744073709551615S",
    "PT18446744073709551616S",
    "P99999999999999999999W",
    "P213503982334601DT7H15S",
    "PTH",
    "PD",
    "PW",
    "PTS",
    "P1DT1D",
    "PT٣S",
    "P30500568904943W",
    "P30500568904944W",
    "P000000000000000000000001D",
    "PT1H1H",
];
const BYTES: &[&str] = &[
    "", "TQ==", "TWE=", "TWFu", "TQ=", "TQ", "T", "TR==", "TWF=", "TWFu=", "T_==", "+/+/", "-_-_",
    "====", "TW Fu", "TWFu\n", "TQ==TQ==", "AA==", "é",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "EUR",
    "eur",
    "EURO",
    "EUR\n",
    "12",
    "a1234b",
    "xyyx",
    "xy",
    "é",
    "漢字",
    "\u{1F600}",
    "\u{1F600}\u{1F600}\u{1F600}",
    "e\u{301}",
    "a\nb",
    "\n",
    "xb",
    "+123456",
    "+12345",
    "abcdefghijklmnop",
    "sms",
    "42",
    "self",
    "a b",
    "unknown",
    "Unknown",
    "\0",
    "\t",
    "\r",
];
