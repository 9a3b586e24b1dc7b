//! The part of a contract that a fault of a value is about: the field, its type, its constraints. Judges nothing.

use super::below;
use crate::diagnostic::Diagnostic;
use crate::model::{Constraints, Contracts, Field, TypeKind, Value, ValueKind};
use crate::payload::demands::{Demands, TypeAt};
use crate::payload::fault::{Fault, PathStep};
use crate::payload::shape::Format;
use crate::source::{Span, Spanned};

/// Among so many names a near one is looked for: more would cost more than it helps.
const NEIGHBOURS: usize = 200;

/// A place of a value in its type.
#[derive(Clone)]
pub(super) struct Found<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) place: TypeAt<'a>,
    pub(super) value: &'a Value,
    /// The field whose value it is.
    pub(super) field: Option<&'a Field>,
    /// The name of the event, if it is the payload.
    pub(super) owner: Option<Span>,
}

impl<'a> Found<'a> {
    pub(super) fn new(contracts: &'a Contracts, place: TypeAt<'a>, value: &'a Value) -> Self {
        Self {
            contracts,
            place,
            value,
            field: None,
            owner: None,
        }
    }

    /// The place at the end of the steps, as far as there is one.
    pub(super) fn at(&self, steps: &[PathStep]) -> Self {
        let mut found = self.clone();
        for step in steps {
            let demands = found.demands();
            let member = |name: &str| demands.properties.iter().find(|m| m.name == *name);
            let (place, field) = match step {
                PathStep::Member(name) => match member(name) {
                    Some(member) => (Some(&member.of), member.field),
                    None => (None, None),
                },
                PathStep::Item(at) => (demands.item(*at), None),
                PathStep::Entry(_) => (demands.extra.as_ref(), None),
            };
            let (Some(place), Some((_, value))) = (place, below(found.value, step)) else {
                break;
            };
            found = Found {
                field,
                ..Found::new(self.contracts, place.clone(), value)
            };
        }
        found
    }

    /// The demands of the type; of a union those of the variant that is there.
    fn demands(&self) -> Box<Demands<'a>> {
        let demands = self.place.demands();
        let variant = self.tag(&demands).and_then(|(_, tag)| demands.variant(tag));
        variant.map_or_else(|| demands.clone(), TypeAt::demands)
    }

    /// The tag of a union's value.
    fn tag(&self, demands: &Demands<'a>) -> Option<(Span, &'a str)> {
        let ValueKind::Object(members) = &self.value.kind else {
            return None;
        };
        let tag = &demands.union?.tag.value;
        match members.iter().find(|(key, _)| key.value == *tag)? {
            (
                _,
                Value {
                    kind: ValueKind::Text(text),
                    span,
                },
            ) => Some((*span, text)),
            _ => None,
        }
    }

    /// The place of the tag of a union's value.
    pub(super) fn tag_span(&self) -> Option<Span> {
        Some(self.tag(&self.place.demands())?.0)
    }

    /// Returns whether a rule is known to be broken: not where a part of the type or its pattern was not read.
    pub(super) fn rule(&self, fault: &Fault, lost: impl Fn(Span) -> bool) -> bool {
        let demands = self.demands();
        let id = demands.named.and_then(|named| named.id);
        let owner = id.map(|id| self.contracts[id].name.span).or(self.owner);
        match fault.rule {
            "required" | "unknown-field" => !owner.is_some_and(lost),
            "pattern" if !fault.cause.is_empty() => regex::Regex::new(&fault.cause).is_ok(),
            // The type of a variant may be what was not read.
            "oneOf" => {
                let tag = self.tag(&demands);
                let mut variants = demands.union.into_iter().flat_map(|union| &union.variants);
                variants.all(|variant| tag.is_none_or(|(_, tag)| tag != variant.tag.value))
            }
            _ => true,
        }
    }

    /// Adds the places that say what is demanded, and advice.
    pub(super) fn explain(&self, diagnostic: Diagnostic, fault: &Fault) -> Diagnostic {
        let demands = self.demands();
        let named = demands.named;
        let def = named
            .and_then(|named| named.id)
            .map(|id| &self.contracts[id]);
        let kind = named.map(|named| &named.body.kind);
        match fault.rule {
            "enum" | "oneOf" => {
                let (what, texts): (_, Vec<&str>) = match kind {
                    Some(TypeKind::Enum(of)) => ("the enum", texts(&of.values).collect()),
                    Some(TypeKind::Union(of)) => {
                        let tags = of.variants.iter().map(|variant| &variant.tag);
                        ("the union", texts(tags).collect())
                    }
                    _ => return diagnostic,
                };
                let written = match (&self.value.kind, self.tag(&demands)) {
                    (ValueKind::Text(text), _) => text,
                    (_, Some((_, tag))) => tag,
                    _ => "",
                };
                let diagnostic = match def {
                    Some(def) => diagnostic.related(def.name.span, what),
                    None => diagnostic,
                };
                diagnostic.suggest(written, texts.into_iter().take(NEIGHBOURS))
            }
            "required" => self.missing(diagnostic, &demands, &fault.cause),
            "unknown-field" => match (fault.at.last(), fault.cause.as_str()) {
                (_, "") => {
                    let names = demands.properties.iter().take(NEIGHBOURS);
                    diagnostic.suggest("", names.map(|member| member.name.as_str()))
                }
                // The commonest mistake: the contract's name instead of the wire's.
                (Some(PathStep::Member(key)), wire) if demands.field(wire) == Some(key) => {
                    diagnostic.help(format!("examples have wire names: \"{wire}\""))
                }
                (_, wire) => diagnostic.help(format!("did you mean \"{wire}\"?")),
            },
            _ => self.bound(diagnostic, &demands, fault),
        }
    }

    fn missing(&self, diagnostic: Diagnostic, demands: &Demands<'_>, name: &str) -> Diagnostic {
        if let Some(union) = demands.union {
            let tags: Vec<&str> =
                texts(union.variants.iter().map(|variant| &variant.tag)).collect();
            let help = format!("add `{name}` with one of: {}", tags.join(", "));
            return diagnostic.related(union.tag.span, "the tag").help(help);
        }
        let mut members = demands.properties.iter();
        match members.find_map(|member| member.field.filter(|_| member.name == name)) {
            Some(field) => diagnostic
                .related(field.name.span, "required here")
                .help(format!("add `{name}`, or make the field optional")),
            None => diagnostic,
        }
    }

    /// The constraint that is broken, or the type that is missed.
    fn bound(&self, diagnostic: Diagnostic, demands: &Demands<'_>, fault: &Fault) -> Diagnostic {
        let all = self.place.constraints();
        let at =
            |pick: fn(&Constraints) -> Option<(Span, String)>| all.iter().find_map(|c| pick(c));
        let (least, most) = ("at least", "at most");
        let bound = match fault.rule {
            "minimum" => {
                at(|c| c.min.as_ref().map(|n| (n.span, n.value.to_string()))).map(|b| (b, least))
            }
            "maximum" => {
                at(|c| c.max.as_ref().map(|n| (n.span, n.value.to_string()))).map(|b| (b, most))
            }
            "minLength" => at(|c| number(&c.min_length)).map(|b| (b, least)),
            "maxLength" => at(|c| number(&c.max_length)).map(|b| (b, most)),
            "minItems" | "minProperties" => at(|c| number(&c.min_items)).map(|b| (b, least)),
            "maxItems" | "maxProperties" => at(|c| number(&c.max_items)).map(|b| (b, most)),
            "pattern" if !fault.cause.is_empty() => {
                let mut patterns = all.iter().filter_map(|c| c.pattern.as_ref());
                let of = patterns.find(|pattern| pattern.value == fault.cause);
                return match of {
                    Some(pattern) => diagnostic.related(pattern.span, "the pattern"),
                    None => diagnostic,
                };
            }
            _ => None,
        };
        if let Some(((span, value), which)) = bound {
            return diagnostic.related(span, format!("{which} {value}"));
        }
        let diagnostic = match expected(demands.text.format) {
            Some(expected) if demands.kind == Some("string") => diagnostic.label(expected),
            _ => diagnostic,
        };
        // Elements have no type of their own to point to.
        match self.field {
            Some(field) => diagnostic.related(field.ty.span, "its type"),
            None => diagnostic,
        }
    }
}

fn number(bound: &Option<Spanned<u64>>) -> Option<(Span, String)> {
    let bound = bound.as_ref()?;
    Some((bound.span, bound.value.to_string()))
}

fn texts<'t>(all: impl IntoIterator<Item = &'t Spanned<String>>) -> impl Iterator<Item = &'t str> {
    all.into_iter().map(|text| text.value.as_str())
}

/// An example of a format's texts.
fn expected(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Plain => return None,
        Format::Uuid => "expected like \"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        Format::Timestamp => "RFC 3339 is expected, such as \"2024-05-01T12:00:00Z\"",
        Format::Date => "expected like \"2024-05-01\"",
        Format::Duration => "ISO 8601 without years and months is expected, such as \"PT1H30M\"",
        Format::Decimal => "decimals are sent as text of at most 28 digits, such as \"12.50\"",
        Format::Bytes => "base64 with padding is expected, such as \"TWE=\"",
        Format::Integer(_) => "an integer as text is expected, such as \"42\"",
    })
}
