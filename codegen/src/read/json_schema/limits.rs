//! What a schema demands and no shape holds: finds it and notes it, so that a warning can say it. Makes no shapes.
//!
//! Who makes a shape of a leaf says which keywords the shape holds; every other keyword of the leaf that is about values of
//! its kind is noted. So a keyword that nobody thought of is said, and never dropped in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{JsonKind, Leaf, Reader};
use super::keywords::{
    ABOUT_ALL, ABOUT_LISTS, ABOUT_NUMBERS, ABOUT_OBJECTS, ABOUT_TEXTS, NUMBER_FORMATS,
    TEXT_FORMATS, UNCHECKED_FORMATS,
};
use super::store::Site;
use crate::json::document::Value as Json;

/// Maximum number of leaves of a `oneOf` that are compared with each other; the rest counts as not exclusive.
const MAX_COMPARED: usize = 200;

/// Traits that tell values of one leaf from values of another.
struct Signature {
    kind: JsonKind,
    /// The only values, in a form in which equal ones are equal.
    values: Option<BTreeSet<String>>,
    least: Option<f64>,
    most: Option<f64>,
    required: BTreeSet<String>,
    forbidden: BTreeSet<String>,
    /// The only values of a required member.
    fixed: BTreeMap<String, BTreeSet<String>>,
    /// The members that there may be, when there may be no others.
    closed: Option<BTreeSet<String>>,
}

impl Reader<'_, '_> {
    /// Notes every demand on a leaf's values but for those of the keywords that its shape holds.
    pub fn account(&mut self, leaf: &Leaf, held: &[&str]) {
        let lost = self.demands(leaf, held);
        self.unchecked.extend(lost);
    }

    /// Returns `true` if the leaf has every value of its kind.
    pub fn is_free(&self, leaf: &Leaf) -> bool {
        let typed = |site: &Site| {
            let format = self.store.text(*site, "format");
            leaf.kind == JsonKind::Text && format.is_some_and(|name| TEXT_FORMATS.contains(&name))
        };
        self.demands(leaf, &[]).is_empty() && !leaf.sites.iter().any(typed)
    }

    fn demands(&self, leaf: &Leaf, held: &[&str]) -> Vec<(Site, &'static str)> {
        let about: &[&[&'static str]] = match leaf.kind {
            JsonKind::Null | JsonKind::Bool => &[],
            JsonKind::Integer | JsonKind::Number => &[ABOUT_NUMBERS],
            JsonKind::Text => &[ABOUT_TEXTS],
            JsonKind::List => &[ABOUT_LISTS],
            JsonKind::Object => &[ABOUT_OBJECTS],
            JsonKind::Any => &[ABOUT_NUMBERS, ABOUT_TEXTS, ABOUT_LISTS, ABOUT_OBJECTS],
        };
        let mut out = Vec::new();
        for site in &leaf.sites {
            for keyword in ABOUT_ALL.iter().chain(about.iter().copied().flatten()) {
                let value = self.store.get(*site, keyword);
                let Some(value) = value.filter(|_| !held.contains(keyword)) else {
                    continue;
                };
                if self.forbids(*site, keyword, value, leaf.kind) {
                    out.push((value, *keyword));
                }
            }
        }
        out
    }

    /// Notes that a leaf is told from the other branches of its choices by nothing.
    pub fn account_choice(&mut self, leaf: &Leaf) {
        let choices = self.choices.get(leaf).cloned().unwrap_or_default();
        self.unchecked.extend(choices);
    }

    /// Leaves that one shape holds loosely: neither which of them it is nor anything that one of them alone demands.
    pub fn account_merged(&mut self, leaves: &[Leaf]) {
        for leaf in leaves {
            self.account_choice(leaf);
            // Of lists whose elements differ by place, one of several holds no place.
            let placed = leaf.sites.iter().any(|site| {
                let items = self.store.get(*site, "items");
                self.store.get(*site, "prefixItems").is_some()
                    || items.is_some_and(|at| matches!(self.store.value(at), Json::List(_)))
            });
            self.account(
                leaf,
                match placed {
                    true => &["properties"],
                    false => &["properties", "items"],
                },
            );
        }
    }

    /// Returns `true` if a keyword with this value forbids any value of the kind.
    pub fn forbids(&self, site: Site, keyword: &str, value: Site, kind: JsonKind) -> bool {
        let json = self.store.value(value);
        let any = match json {
            Json::Bool(allowed) => *allowed,
            Json::Object(members) => members.is_empty(),
            _ => false,
        };
        match keyword {
            "uniqueItems" => matches!(json, Json::Bool(true)),
            // Draft-04 marks the other keyword's bound.
            "exclusiveMinimum" | "exclusiveMaximum" => match json {
                Json::Bool(marked) => {
                    let bound = match keyword {
                        "exclusiveMinimum" => "minimum",
                        _ => "maximum",
                    };
                    *marked && self.store.get(site, bound).is_some()
                }
                _ => true,
            },
            "minLength" | "minItems" | "minProperties" => {
                !matches!(json, Json::Number(text) if text == "0")
            }
            "properties" | "patternProperties" | "dependencies" | "dependentSchemas"
            | "dependentRequired" => !any,
            "propertyNames" | "items" | "unevaluatedItems" | "unevaluatedProperties" => !any,
            // `false` is not demanded, on purpose: a reader ignores what it does not know.
            "additionalProperties" => !any && !matches!(json, Json::Bool(_)),
            "additionalItems" => {
                let items = self.store.get(site, "items");
                let prefix = items.is_some_and(|at| matches!(self.store.value(at), Json::List(_)));
                prefix && !any
            }
            "contains" => {
                let least = self.store.get(site, "minContains");
                let none = least.is_some_and(
                    |at| matches!(self.store.value(at), Json::Number(text) if text == "0"),
                );
                !none || self.store.get(site, "maxContains").is_some()
            }
            "minContains" | "maxContains" => self.store.get(site, "contains").is_some(),
            // Draft-03 says it of a member.
            "required" => matches!(json, Json::List(names) if !names.is_empty()),
            "not" => !matches!(json, Json::Bool(false)),
            "if" => ["then", "else"].iter().any(|key| {
                let part = self.store.get(site, key);
                part.is_some_and(|part| !matches!(self.store.value(part), Json::Bool(true)))
            }),
            "format" => match json {
                Json::Text(format) => is_unchecked_format(format, kind),
                _ => false,
            },
            _ => true,
        }
    }

    /// Notes a `oneOf` whose branches are not known to exclude each other: types take what fits several. `starts` are the
    /// places in `leaves` at which a branch begins.
    pub fn exclusive(&mut self, list: Site, leaves: &[Leaf], starts: &[usize]) {
        let first = starts.first().copied().unwrap_or(leaves.len());
        let all = leaves.get(first..).unwrap_or_default();
        let branch = |at: usize| starts.iter().filter(|start| **start <= at + first).count();
        // A branch that adds no leaf is like another one.
        let ends = starts.iter().skip(1).copied().chain([leaves.len()]);
        if all.len() > MAX_COMPARED || starts.iter().zip(ends).any(|(start, end)| *start == end) {
            self.unchecked.insert((list, "oneOf"));
            return;
        }
        let signatures: Vec<Signature> = all.iter().map(|leaf| self.signature(leaf)).collect();
        for (at, one) in signatures.iter().enumerate() {
            for (to, other) in signatures.iter().enumerate().skip(at + 1) {
                if branch(at) != branch(to) && !one.excludes(other) {
                    self.unchecked.insert((list, "oneOf"));
                    return;
                }
            }
        }
    }

    fn canonical(&self, values: &[Site]) -> BTreeSet<String> {
        values
            .iter()
            .map(|value| self.store.canonical(*value))
            .collect()
    }

    fn signature(&mut self, leaf: &Leaf) -> Signature {
        let values = self.values(&leaf.sites);
        let mut out = Signature {
            kind: leaf.kind,
            values: values.map(|values| self.canonical(&values)),
            least: None,
            most: None,
            required: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            fixed: BTreeMap::new(),
            closed: None,
        };
        for site in &leaf.sites {
            match leaf.kind {
                JsonKind::Integer | JsonKind::Number => self.bounds(*site, &mut out),
                JsonKind::Object => self.members(*site, &mut out),
                _ => {}
            }
        }
        out
    }

    fn bounds(&self, site: Site, out: &mut Signature) {
        let number = |key: &str| match self.store.value(self.store.get(site, key)?) {
            Json::Number(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        for key in ["minimum", "exclusiveMinimum"] {
            out.least = out.least.into_iter().chain(number(key)).reduce(f64::max);
        }
        for key in ["maximum", "exclusiveMaximum"] {
            out.most = out.most.into_iter().chain(number(key)).reduce(f64::min);
        }
    }

    fn members(&mut self, site: Site, out: &mut Signature) {
        let names = self.store.get(site, "required");
        for name in names.map(|at| self.store.items(at)).unwrap_or_default() {
            if let Json::Text(name) = self.store.value(name) {
                out.required.insert(name.clone());
            }
        }
        let properties = self.store.get(site, "properties");
        let properties = properties
            .map(|at| self.store.members(at))
            .unwrap_or_default();
        let closed = self
            .store
            .get(site, "additionalProperties")
            .is_some_and(|value| matches!(self.store.value(value), Json::Bool(false)));
        if closed && self.store.get(site, "patternProperties").is_none() {
            let names: BTreeSet<String> = properties.iter().map(|(name, _)| name.clone()).collect();
            out.closed = Some(match out.closed.take() {
                Some(before) => before.intersection(&names).cloned().collect(),
                None => names,
            });
        }
        if let Some(not) = self.store.get(site, "not") {
            // `not: {required: [a]}` is how schemas say that there is no such member.
            let alone = self.store.members(not).len() == 1;
            let names = self.store.get(not, "required").filter(|_| alone);
            if let [name] = names
                .map(|at| self.store.items(at))
                .unwrap_or_default()
                .as_slice()
                && let Json::Text(name) = self.store.value(*name)
            {
                out.forbidden.insert(name.clone());
            }
        }
        for (name, schema) in properties {
            if matches!(self.store.value(schema), Json::Bool(false)) {
                out.forbidden.insert(name);
                continue;
            }
            let Some(sites) = self.together(&[schema]) else {
                continue;
            };
            if let Some(values) = self.values(&sites) {
                out.fixed.insert(name, self.canonical(&values));
            }
        }
    }
}

impl Signature {
    /// Returns `true` if no value is one of both.
    fn excludes(&self, other: &Self) -> bool {
        let number = |kind| matches!(kind, JsonKind::Integer | JsonKind::Number);
        let alike = self.kind == other.kind || (number(self.kind) && number(other.kind));
        if self.kind == JsonKind::Any || other.kind == JsonKind::Any {
            return false;
        }
        if !alike {
            return true;
        }
        if let (Some(a), Some(b)) = (&self.values, &other.values)
            && a.is_disjoint(b)
        {
            return true;
        }
        let apart = |a: Option<f64>, b: Option<f64>| matches!((a, b), (Some(a), Some(b)) if a > b);
        if apart(self.least, other.most) || apart(other.least, self.most) {
            return true;
        }
        self.lacks(other) || other.lacks(self) || self.differs(other)
    }

    /// Returns `true` if it has no member that the other one demands.
    fn lacks(&self, other: &Self) -> bool {
        let closed = self.closed.as_ref();
        other.required.iter().any(|name| {
            self.forbidden.contains(name) || closed.is_some_and(|names| !names.contains(name))
        })
    }

    /// Returns `true` if a member that both demand has other values in each.
    fn differs(&self, other: &Self) -> bool {
        self.fixed.iter().any(|(name, values)| {
            self.required.contains(name)
                && other.required.contains(name)
                && other
                    .fixed
                    .get(name)
                    .is_some_and(|others| values.is_disjoint(others))
        })
    }
}

/// Returns `true` if a format demands something of values of the kind that no type checks.
pub(super) fn is_unchecked_format(format: &str, kind: JsonKind) -> bool {
    let number = NUMBER_FORMATS.contains(&format);
    let text = TEXT_FORMATS.contains(&format) || UNCHECKED_FORMATS.contains(&format);
    // Describes how a text is shown.
    if format == "password" {
        return false;
    }
    match kind {
        // As what they are held says their range.
        JsonKind::Integer => !number && !text,
        JsonKind::Number => !text && !matches!(format, "float" | "double"),
        JsonKind::Text => !number && !TEXT_FORMATS.contains(&format),
        _ => true,
    }
}
