//! Random payloads of a model, as writers in any language may send them.

use event_codegen::json::Json;
use event_codegen::model::{Constraints, Contracts, EventId, Field, Number, Type, TypeKind};

use super::random::Random;

pub fn random_payload(contracts: &Contracts, event: EventId, random: &mut Random) -> Json {
    let TypeKind::Struct(fields) = &contracts[event].body.kind else {
        panic!("no fields");
    };
    object(contracts, fields, &[], random, 0)
}

fn object(
    contracts: &Contracts,
    fields: &[Field],
    first: &[(String, Json)],
    random: &mut Random,
    depth: usize,
) -> Json {
    let mut members = first.to_vec();
    for field in fields {
        // Writers in other languages may leave out what has a default; the rest is left out when it is optional.
        let absent = (field.optional && (depth > 6 || random.chance(50)))
            || (field.default.is_some() && random.chance(30));
        if !absent {
            let value = value(
                contracts,
                &field.ty,
                &[&field.constraints],
                field.as_text.is_some(),
                random,
                depth,
            );
            members.push((field.wire(), value));
        }
    }
    if random.chance(20) {
        members.push((format!("zzUnknown{}", random.below(3)), Json::Bool(true)));
    }
    Json::Object(members)
}

fn value(
    contracts: &Contracts,
    ty: &Type,
    constraints: &[&Constraints],
    as_text: bool,
    random: &mut Random,
    depth: usize,
) -> Json {
    let text = |text: String| Json::Text(text);
    match ty {
        Type::Bool => Json::Bool(random.chance(50)),
        Type::String => text(string(constraints, random)),
        Type::I32 => integer(
            i32::MIN.into(),
            i32::MAX.into(),
            constraints,
            as_text,
            random,
        ),
        Type::I64 => integer(
            i64::MIN.into(),
            i64::MAX.into(),
            constraints,
            as_text,
            random,
        ),
        Type::U32 => integer(0, u32::MAX.into(), constraints, as_text, random),
        Type::U64 => integer(0, u64::MAX.into(), constraints, as_text, random),
        Type::F64 => {
            let (min, max) = bounds(-1e6, 1e6, constraints);
            let part = random.below(1001) as f64 / 1000.0;
            Json::Number(format!("{:?}", min + (max - min) * part))
        }
        Type::Decimal => text(
            random
                .pick(&["0", "-1.50", "12345678901234567890.12", "7"])
                .to_string(),
        ),
        Type::Uuid => text(format!(
            "{:08x}-0000-4000-8000-{:012x}",
            random.below(1 << 30),
            random.below(1 << 40)
        )),
        Type::Timestamp => text(
            random
                .pick(&["2024-02-29T12:00:00Z", "2030-12-31T23:59:59.123+02:00"])
                .to_string(),
        ),
        Type::Date => text(random.pick(&["2024-02-29", "1999-12-31"]).to_string()),
        Type::Duration => text(
            random
                .pick(&["P1D", "PT0.5S", "P2W", "P1DT2H3M4S"])
                .to_string(),
        ),
        Type::Bytes => text(random.pick(&["", "AAAA", "AA==", "+/8="]).to_string()),
        Type::Json => random
            .pick(&[
                Json::Null,
                Json::Bool(true),
                Json::integer(3),
                Json::text("any"),
                Json::list([]),
                Json::object([("a", Json::Null)]),
            ])
            .clone(),
        Type::List(item) => Json::list(
            (0..count(constraints, random, depth))
                .map(|_| value(contracts, item, &[], false, random, depth + 1))
                .collect::<Vec<_>>(),
        ),
        Type::Map(item) => {
            let many = count(constraints, random, depth);
            Json::object(
                (0..many)
                    .map(|n| {
                        (
                            format!("k{n}"),
                            value(contracts, item, &[], false, random, depth + 1),
                        )
                    })
                    .collect::<Vec<_>>(),
            )
        }
        Type::Named(id) => match &contracts[*id].body.kind {
            TypeKind::Struct(fields) => object(contracts, fields, &[], random, depth + 1),
            TypeKind::Enum(choice) => {
                if !choice.closed && random.chance(25) {
                    return text(format!("zz-unknown-{}", random.below(5)));
                }
                text(random.pick(&choice.values).value.clone())
            }
            TypeKind::Union(union) => {
                let tag = |tag: String| (union.tag.value.clone(), Json::Text(tag));
                if !union.closed && random.chance(25) {
                    return Json::Object(vec![
                        tag("zz-unknown".to_owned()),
                        ("zzBody".to_owned(), Json::integer(1)),
                    ]);
                }
                let variant = random.pick(&union.variants);
                let TypeKind::Struct(fields) = &contracts[variant.ty.value.unwrap()].body.kind
                else {
                    panic!("a variant is an object");
                };
                object(
                    contracts,
                    fields,
                    &[tag(variant.tag.value.clone())],
                    random,
                    depth + 1,
                )
            }
            TypeKind::Scalar {
                ty,
                constraints: own,
                as_text: spelled,
            } => {
                let all: Vec<&Constraints> = constraints.iter().copied().chain([own]).collect();
                value(
                    contracts,
                    ty,
                    &all,
                    as_text || spelled.is_some(),
                    random,
                    depth,
                )
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn number(n: &Number) -> f64 {
    match n {
        Number::Integer(n) => *n as f64,
        Number::Float(n) => *n,
    }
}

fn bounds(mut min: f64, mut max: f64, constraints: &[&Constraints]) -> (f64, f64) {
    for c in constraints {
        min = c.min.as_ref().map_or(min, |n| number(n).max(min));
        max = c.max.as_ref().map_or(max, |n| number(n).min(max));
    }
    // A bound of one side only may lie beyond the usual span.
    if min > max { (min, min) } else { (min, max) }
}

fn integer(
    min: i128,
    max: i128,
    constraints: &[&Constraints],
    as_text: bool,
    random: &mut Random,
) -> Json {
    let (mut min, mut max) = (min, max);
    for c in constraints {
        if let Some(Number::Integer(n)) = c.min.as_deref() {
            min = min.max(*n);
        }
        if let Some(Number::Integer(n)) = c.max.as_deref() {
            max = max.min(*n);
        }
    }
    // The ends are where mistakes are.
    let n = match random.below(4) {
        0 => min,
        1 => max,
        _ => random.between(min, max),
    };
    if as_text {
        Json::Text(n.to_string())
    } else {
        Json::integer(n)
    }
}

fn count(constraints: &[&Constraints], random: &mut Random, depth: usize) -> u64 {
    let min = constraints
        .iter()
        .filter_map(|c| c.min_items.as_deref().copied())
        .max()
        .unwrap_or(0);
    let max = constraints
        .iter()
        .filter_map(|c| c.max_items.as_deref().copied())
        .min();
    let spread = if depth > 3 { 0 } else { 3 };
    let n = min + random.below(spread + 1) as u64;
    max.map_or(n, |max| n.min(max))
}

fn string(constraints: &[&Constraints], random: &mut Random) -> String {
    let letters = |random: &mut Random, from: u8, span: usize, many: usize| -> String {
        (0..many)
            .map(|_| char::from(from + u8::try_from(random.below(span)).unwrap()))
            .collect()
    };
    let patterns: Vec<&str> = constraints
        .iter()
        .filter_map(|c| c.pattern.as_ref())
        .map(|p| p.value.as_str())
        .collect();
    let min = constraints
        .iter()
        .filter_map(|c| c.min_length.as_deref().copied())
        .max()
        .unwrap_or(0);
    let max = constraints
        .iter()
        .filter_map(|c| c.max_length.as_deref().copied())
        .min();
    match patterns.first() {
        Some(&"^[A-Z]{3}$") => letters(random, b'A', 26, 3),
        Some(&"^[0-9]{4}$") => letters(random, b'0', 10, 4),
        Some(&"^[a-z]+$") => {
            let many = 1 + random.below(8);
            letters(random, b'a', 26, many)
        }
        Some(&"^[a-z]{2,6}$") => {
            let many = 2 + random.below(5);
            letters(random, b'a', 26, many)
        }
        Some(other) => panic!("unknown pattern {other}"),
        None => {
            let most = max.unwrap_or(min + 12);
            let many = match random.below(3) {
                0 => min,
                1 => most,
                _ => u64::try_from(random.between(min.into(), most.into())).unwrap(),
            };
            let all = ['a', 'Z', '0', ' ', 'é', '-', '"', '\u{1F600}'];
            (0..many).map(|_| *random.pick(&all)).collect()
        }
    }
}

/// JSON text as the report prints it.
pub fn parse(text: &str) -> Json {
    fn convert(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(b) => Json::Bool(*b),
            serde_json::Value::Number(n) => Json::Number(n.to_string()),
            serde_json::Value::String(text) => Json::text(text),
            serde_json::Value::Array(items) => Json::list(items.iter().map(convert)),
            serde_json::Value::Object(members) => {
                Json::object(members.iter().map(|(k, v)| (k.clone(), convert(v))))
            }
        }
    }
    convert(&serde_json::from_str(text).unwrap())
}
