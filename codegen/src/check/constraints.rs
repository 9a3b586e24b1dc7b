//! Rules about constraints: that they fit their type, and that some value fulfils them.

use super::shape::{self, Resolved, TypeForm};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Constraints, Contracts, Number, Type, TypeKind};
use crate::source::{Span, Spanned};

/// One place where constraints may be written: a field, or a named scalar.
struct Holder<'a> {
    /// `the field "a"`.
    what: String,
    ty: &'a Spanned<Type>,
    constraints: &'a Constraints,
    as_text: Option<Span>,
    resolved: Resolved<'a>,
}

fn holders(contracts: &Contracts) -> impl Iterator<Item = Holder<'_>> {
    let fields = shape::field_lists(contracts).flatten().map(|field| Holder {
        what: format!("the field \"{}\"", field.name.value),
        ty: &field.ty,
        constraints: &field.constraints,
        as_text: field.as_text,
        resolved: shape::resolve(contracts, &field.ty),
    });
    let scalars = contracts
        .types
        .iter()
        .filter_map(|def| match &def.body.kind {
            TypeKind::Scalar {
                ty,
                constraints,
                as_text,
            } => Some(Holder {
                what: format!("the type \"{}\"", def.name.value),
                ty,
                constraints,
                as_text: *as_text,
                resolved: shape::resolve(contracts, ty),
            }),
            _ => None,
        });
    fields.chain(scalars).filter(|holder| {
        let nothing = holder.as_text.is_none() && holder.constraints.is_empty();
        !nothing && !matches!(holder.resolved.shape, TypeForm::Poison)
    })
}

/// What a constraint is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Number,
    Text,
    Items,
}

/// The constraints that are written, each with its key, place and sort.
fn written(constraints: &Constraints) -> impl Iterator<Item = (&'static str, Span, Sort)> {
    let number = |key, value: &Option<Spanned<Number>>| {
        value.as_ref().map(|value| (key, value.span, Sort::Number))
    };
    let count = |key, value: &Option<Spanned<u64>>, sort| {
        value.as_ref().map(|value| (key, value.span, sort))
    };
    [
        number("min", &constraints.min),
        number("max", &constraints.max),
        count("min_length", &constraints.min_length, Sort::Text),
        count("max_length", &constraints.max_length, Sort::Text),
        constraints
            .pattern
            .as_ref()
            .map(|pattern| ("pattern", pattern.span, Sort::Text)),
        count("min_items", &constraints.min_items, Sort::Items),
        count("max_items", &constraints.max_items, Sort::Items),
    ]
    .into_iter()
    .flatten()
}

/// `misplaced-constraint`: a constraint on a type that has no such thing.
pub(super) fn misplaced(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for holder in holders(contracts) {
        let shape = holder.resolved.shape;
        let number =
            matches!(shape, TypeForm::Scalar(ty) if shape::is_integer(ty) || *ty == Type::F64);
        let text = holder.as_text.is_some() || holder.resolved.as_text;
        let fits = match shape {
            TypeForm::Scalar(Type::String) => Some(Sort::Text),
            TypeForm::Scalar(_) if number && !text => Some(Sort::Number),
            TypeForm::List | TypeForm::Map => Some(Sort::Items),
            _ => None,
        };
        for (key, place, sort) in written(holder.constraints) {
            if Some(sort) == fits {
                continue;
            }
            let is = if number && text {
                "a number that is sent as text".to_owned()
            } else {
                shape.describe()
            };
            diagnostics.push(
                Diagnostic::new(
                    Code::MisplacedConstraint,
                    place,
                    format!("{} is {is} and has no `{key}`", holder.what),
                )
                .label(match sort {
                    Sort::Number => "for numbers that are sent as numbers",
                    Sort::Text => "for strings",
                    Sort::Items => "for lists and maps",
                })
                .related(holder.ty.span, "its type")
                .help(help(&shape, sort, fits)),
            );
        }
        if let Some(place) = holder.as_text {
            encoding(&holder, place, diagnostics);
        }
    }
}

/// What to do with a constraint that does not fit.
fn help(shape: &TypeForm<'_>, sort: Sort, fits: Option<Sort>) -> String {
    if fits == Some(Sort::Items) && sort != Sort::Items {
        return "constraints apply to the list or map itself; use a named scalar with the constraint for the elements"
            .to_owned();
    }
    match (fits, sort) {
        (Some(Sort::Number), _) => "numbers have `min` and `max`; remove this".to_owned(),
        (Some(Sort::Text), Sort::Number | Sort::Items) => {
            "strings have `min_length`, `max_length` and `pattern`".to_owned()
        }
        _ if matches!(shape, TypeForm::Enum(..)) => {
            "an enum is constrained by its values; remove this".to_owned()
        }
        _ => "remove this, or use another type".to_owned(),
    }
}

fn encoding(holder: &Holder<'_>, place: Span, diagnostics: &mut Diagnostics) {
    let diagnostic = match holder.resolved.shape {
        TypeForm::Scalar(ty) if shape::is_integer(ty) => match holder.resolved.named.last() {
            // The type is one thing on the wire, wherever it is used.
            Some((def, _)) => Diagnostic::new(
                Code::MisplacedConstraint,
                place,
                format!(
                    "`encoding` belongs to the type \"{}\", not to its use",
                    def.name.value
                ),
            )
            .related(def.name.span, "declared here")
            .help(format!(
                "write `encoding = \"string\"` in [types.{}], or use the plain integer here",
                def.name.value
            )),
            None => return,
        },
        shape => Diagnostic::new(
            Code::MisplacedConstraint,
            place,
            format!(
                "{} is {} and has no `encoding`",
                holder.what,
                shape.describe()
            ),
        )
        .label("for integers")
        .related(holder.ty.span, "its type")
        .help(match shape {
            TypeForm::List | TypeForm::Map => {
                "give the elements a named scalar that has the encoding"
            }
            _ => "remove this: only integers have two forms on the wire",
        }),
    };
    diagnostics.push(diagnostic);
}

/// `bad-bounds`: a bound that its type cannot have, or bounds that leave no value.
pub(super) fn bounds(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for holder in holders(contracts) {
        let own = holder.constraints;
        let mut sound = true;
        for (key, bound) in [("min", &own.min), ("max", &own.max)] {
            if let (Some(bound), TypeForm::Scalar(ty)) = (bound, holder.resolved.shape)
                && let Some(why) = unsuited(ty, bound.value)
            {
                sound = false;
                diagnostics.push(
                    Diagnostic::new(
                        Code::BadBounds,
                        bound.span,
                        format!("`{key}` of {} {why}", holder.what),
                    )
                    .related(holder.ty.span, "its type")
                    .help(range_help(ty)),
                );
            }
        }
        if !sound {
            continue;
        }
        // A named scalar's bounds hold too: the closest ones on each side must leave something.
        let all = || std::iter::once(own).chain(holder.resolved.named.iter().map(|(_, c)| *c));
        let low = all().filter_map(|c| c.min.as_ref()).reduce(|a, b| {
            if number(b.value) > number(a.value) {
                b
            } else {
                a
            }
        });
        let high = all().filter_map(|c| c.max.as_ref()).reduce(|a, b| {
            if number(b.value) < number(a.value) {
                b
            } else {
                a
            }
        });
        if let (Some(low), Some(high)) = (low, high)
            && above(low.value, high.value)
        {
            let texts = (low.value.to_string(), high.value.to_string());
            let spans = (low.span, high.span);
            crossed(&holder, ["min", "max"], texts, spans, own, diagnostics);
        }
        for (keys, low, high) in [
            (
                ["min_length", "max_length"],
                all()
                    .filter_map(|c| c.min_length.as_ref())
                    .max_by_key(|n| n.value),
                all()
                    .filter_map(|c| c.max_length.as_ref())
                    .min_by_key(|n| n.value),
            ),
            (
                ["min_items", "max_items"],
                all()
                    .filter_map(|c| c.min_items.as_ref())
                    .max_by_key(|n| n.value),
                all()
                    .filter_map(|c| c.max_items.as_ref())
                    .min_by_key(|n| n.value),
            ),
        ] {
            if let (Some(low), Some(high)) = (low, high)
                && low.value > high.value
            {
                let texts = (low.value.to_string(), high.value.to_string());
                let spans = (low.span, high.span);
                crossed(&holder, keys, texts, spans, own, diagnostics);
            }
        }
    }
}

/// Says that a lower bound is above an upper one, at the one that this holder wrote.
fn crossed(
    holder: &Holder<'_>,
    [low_key, high_key]: [&str; 2],
    (low, high): (String, String),
    (low_place, high_place): (Span, Span),
    own: &Constraints,
    diagnostics: &mut Diagnostics,
) {
    let mine = |place: Span| written(own).any(|(_, span, _)| span == place);
    let (place, other, label) = if mine(low_place) {
        (low_place, high_place, format!("`{high_key}` is here"))
    } else if mine(high_place) {
        (high_place, low_place, format!("`{low_key}` is here"))
    } else {
        return; // both are a named scalar's own, and reported there
    };
    diagnostics.push(
        Diagnostic::new(
            Code::BadBounds,
            place,
            format!(
                "`{low_key}` is above `{high_key}` for {}: {low} > {high}",
                holder.what
            ),
        )
        .label("no value satisfies both")
        .related(other, label)
        .help("bounds are inclusive: swap them, or widen one"),
    );
}

/// The range of an integer type.
pub(super) fn range(ty: &Type) -> Option<(i128, i128)> {
    Some(match ty {
        Type::I32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
        Type::I64 => (i128::from(i64::MIN), i128::from(i64::MAX)),
        Type::U32 => (0, i128::from(u32::MAX)),
        Type::U64 => (0, i128::from(u64::MAX)),
        _ => return None,
    })
}

/// Why a number cannot bound a type.
fn unsuited(ty: &Type, bound: Number) -> Option<String> {
    match (range(ty), bound) {
        (Some((low, high)), Number::Integer(n)) if !(low..=high).contains(&n) => {
            Some(format!("is {n}, which no {} can be", short(ty)))
        }
        (Some(_), Number::Float(_)) => {
            Some(format!("is {bound}, but an integer cannot have a fraction"))
        }
        (None, Number::Float(n)) if !n.is_finite() => {
            Some(format!("is {bound}, which has no effect"))
        }
        _ => None,
    }
}

fn short(ty: &Type) -> &'static str {
    match ty {
        Type::I32 => "i32",
        Type::I64 => "i64",
        Type::U32 => "u32",
        Type::U64 => "u64",
        _ => "f64",
    }
}

fn range_help(ty: &Type) -> String {
    match range(ty) {
        Some((low, high)) => format!("write an integer from {low} to {high}, or use another type"),
        None => "write a finite number".to_owned(),
    }
}

/// For choosing the closest bound only; whether bounds cross is decided exactly.
fn number(n: Number) -> f64 {
    match n {
        #[allow(clippy::cast_precision_loss)]
        Number::Integer(n) => n as f64,
        Number::Float(n) => n,
    }
}

/// Returns whether one number is above another, exactly where both are integers.
pub(super) fn above(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Integer(a), Number::Integer(b)) => a > b,
        _ => number(a) > number(b),
    }
}
