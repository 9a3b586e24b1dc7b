//! Scalars that two sides both take with the same meaning: what two shapes have in common. Knows no fields.

use std::collections::BTreeSet;

use super::grow;
use super::shape::{Count, Format, Range, Shape, Text};
use super::write::float;
use crate::json::Json;
use crate::model::{Contracts, TypeId, TypeKind};

/// The count that both allow.
pub(crate) fn count(a: Count, b: Count) -> Count {
    Count {
        min: a.min.max(b.min),
        max: match (a.max, b.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

fn range(a: Range, b: Range) -> Option<Range> {
    let both = Range {
        min: a.min.max(b.min),
        max: a.max.min(b.max),
    };
    (both.min <= both.max).then_some(both)
}

/// The texts that both allow. A text of the one format must be one of the other too.
pub(crate) fn texts(a: &Text, b: &Text) -> Option<Text> {
    let format = match (a.format, b.format) {
        (Format::Integer(a), Format::Integer(b)) => Format::Integer(range(a, b)?),
        (a, b) if a == b || is_wider(a, b) => a,
        (a, b) if is_wider(b, a) => b,
        _ => return None,
    };
    Some(Text {
        format,
        length: count(a.length, b.length),
        patterns: a.patterns.union(&b.patterns).cloned().collect(),
    })
}

/// The smallest value of a scalar or an enum.
pub(crate) fn smallest(contracts: &Contracts, shape: &Shape<'_>) -> Option<Json> {
    Some(match shape {
        Shape::Bool => Json::Bool(false),
        Shape::Integer(range) => Json::integer(range.nearest_zero()),
        Shape::Float(min, max) => float(0f64.clamp(*min, max.max(*min))),
        Shape::Text(text) => Json::Text(grow::accepted(text)?),
        Shape::Enum(id) => Json::Text(listed(contracts, *id).into_iter().next()?),
        _ => return None,
    })
}

/// A value of a scalar or an enum that both sides take, if there is one.
pub(crate) fn value(
    (writer, a): (&Contracts, &Shape<'_>),
    (reader, b): (&Contracts, &Shape<'_>),
) -> Option<Json> {
    match (a, b) {
        (Shape::Bool, Shape::Bool) => Some(Json::Bool(false)),
        (Shape::Integer(a), Shape::Integer(b)) => {
            Some(Json::integer(range(*a, *b)?.nearest_zero()))
        }
        (Shape::Float(a, b), Shape::Float(c, d)) => {
            let (min, max) = (a.max(*c), b.min(*d));
            (min <= max).then(|| float(0f64.clamp(min, max)))
        }
        // A number without a fraction is both.
        (Shape::Integer(whole), Shape::Float(min, max))
        | (Shape::Float(min, max), Shape::Integer(whole)) => {
            let inside = Range {
                min: min.ceil() as i128,
                max: max.floor() as i128,
            };
            Some(Json::integer(range(*whole, inside)?.nearest_zero()))
        }
        (Shape::Text(a), Shape::Text(b)) => Some(Json::Text(grow::accepted(&texts(a, b)?)?)),
        (Shape::Enum(_), Shape::Enum(_))
        | (Shape::Enum(_), Shape::Text(_))
        | (Shape::Text(_), Shape::Enum(_)) => {
            let all = [(writer, a), (reader, b)];
            let listed = all.iter().flat_map(|(contracts, shape)| match shape {
                Shape::Enum(id) => listed(contracts, *id),
                _ => Vec::new(),
            });
            let free = all.iter().filter_map(|(_, shape)| match shape {
                Shape::Text(text) => grow::accepted(text),
                _ => None,
            });
            listed
                .chain(free)
                .find(|text| {
                    all.iter()
                        .all(|(contracts, shape)| takes(contracts, shape, text))
                })
                .map(Json::Text)
        }
        _ => None,
    }
}

fn takes(contracts: &Contracts, shape: &Shape<'_>, value: &str) -> bool {
    match shape {
        Shape::Enum(id) => closed_values(contracts, *id)
            .is_none_or(|values| values.iter().any(|known| known == value)),
        // Octets are no text, and neither is a number that is sent as one.
        Shape::Text(text) => text.format == Format::Plain && grow::accepts(text, value),
        _ => false,
    }
}

fn listed(contracts: &Contracts, id: TypeId) -> Vec<String> {
    match &contracts[id].body.kind {
        TypeKind::Enum(choice) => choice.values.iter().map(|v| v.value.clone()).collect(),
        _ => Vec::new(),
    }
}

/// A text that the writer sends and the reader refuses for what `asked` says of it, and for nothing else that the reader
/// demands; then any that it refuses for that.
pub(crate) fn refused_texts(writer: &Text, reader: &Text, asked: &Text) -> Vec<String> {
    let demands = |format: bool, length: bool, patterns: bool| Text {
        format: if format { reader.format } else { writer.format },
        length: if length { reader.length } else { Count::ANY },
        patterns: if patterns {
            reader.patterns.clone()
        } else {
            BTreeSet::new()
        },
    };
    // What the reader demands and is not asked about.
    let others = demands(
        asked.format != reader.format,
        asked.length != reader.length,
        asked.patterns != reader.patterns,
    );
    let alone = texts(writer, &others).and_then(|writer| grow::between(&writer, asked));
    alone
        .into_iter()
        .chain(grow::between(writer, asked))
        .collect()
}

/// The values of an enum, if it is closed.
pub(crate) fn closed_values(contracts: &Contracts, id: TypeId) -> Option<Vec<String>> {
    match &contracts[id].body.kind {
        TypeKind::Enum(choice) if choice.closed => {
            Some(choice.values.iter().map(|v| v.value.clone()).collect())
        }
        _ => None,
    }
}

/// Returns whether every text of one format is one of the other, which has more.
pub(crate) fn is_wider(narrow: Format, wide: Format) -> bool {
    match wide {
        Format::Plain => !matches!(narrow, Format::Plain | Format::Bytes),
        Format::Decimal => matches!(narrow, Format::Integer(_)),
        _ => false,
    }
}
