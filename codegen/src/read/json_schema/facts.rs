//! What applies to one place: follows `$ref` and `allOf`, and takes `oneOf` and `anyOf` apart into leaves, each of which
//! is a set of schemas that hold together and one kind of value. Makes no shapes.
//!
//! Every loop here ends: a way through references that meets itself is refused, ways are limited in length, leaves in
//! number, and the whole import in steps.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Refusal;
use super::keywords::{MAKE_LISTS, MAKE_OBJECTS, REFERENCES, SUBSTANCE};
use super::store::{Site, Store};
use crate::diagnostic::Code;
use crate::json::document::Value;

/// The longest chain of references.
const MAX_CHAIN: usize = 150;
/// Maximum nesting of `oneOf` and `anyOf`.
const MAX_CHOICES: usize = 60;
/// The most leaves of one place.
const MAX_LEAVES: usize = 2_000;
/// The most places that one import looks at, each time counted.
const MAX_STEPS: usize = 3_000_000;
/// Maximum number of combinations of the choices of one place, those without a value included.
const MAX_SPLITS: usize = 20_000;
const TOO_MANY: &str = "the schema has too many combinations to be read";
/// Maximum number of problems reported for one schema.
const MAX_PROBLEMS: usize = 10;

/// A kind of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum JsonKind {
    Any,
    Null,
    Bool,
    Integer,
    Number,
    Text,
    List,
    Object,
}

/// Schemas that hold together, for one kind of value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Leaf {
    pub kind: JsonKind,
    /// In the order in which they were met.
    pub sites: Vec<Site>,
}

/// Reason why a schema has no type.
#[derive(Debug)]
pub(super) struct Problem {
    pub site: Site,
    pub code: Code,
    pub reason: Refusal,
}

/// Looks at schemas, and collects what is wrong with them.
pub(super) struct Reader<'s, 'a> {
    pub store: &'s mut Store<'a>,
    pub problems: Vec<Problem>,
    /// Demands that no type checks.
    pub unchecked: BTreeSet<(Site, &'static str)>,
    /// The choices that each leaf is a branch of: the keyword's value, and the keyword.
    pub(super) choices: BTreeMap<Leaf, BTreeSet<(Site, &'static str)>>,
    targets: BTreeMap<Site, Option<Site>>,
    /// The innermost branch of a choice that a leaf comes from.
    pub(super) branches: BTreeMap<Leaf, Site>,
    steps: usize,
    splits: usize,
    said: Said,
}

/// Findings that an earlier schema has reported already.
#[derive(Default)]
struct Said {
    problems: BTreeSet<(Site, String)>,
    unchecked: BTreeSet<(Site, &'static str)>,
}

#[derive(Clone, Default)]
struct Facts {
    sites: Vec<Site>,
    seen: BTreeSet<Site>,
    never: bool,
    failed: bool,
}

/// The choices on the way to a leaf.
#[derive(Default)]
struct Way {
    /// Taken apart already.
    taken: Vec<(Site, &'static str)>,
    /// The schemas that have them: none of their variants may lead back.
    open: Vec<Site>,
}

impl<'s, 'a> Reader<'s, 'a> {
    pub fn new(store: &'s mut Store<'a>) -> Self {
        Self {
            store,
            problems: Vec::new(),
            unchecked: BTreeSet::new(),
            choices: BTreeMap::new(),
            targets: BTreeMap::new(),
            branches: BTreeMap::new(),
            steps: 0,
            splits: 0,
            said: Said::default(),
        }
    }

    /// Begins with another schema, which has its own limits.
    pub fn begin(&mut self) {
        self.steps = 0;
        self.problems.clear();
        self.unchecked.clear();
        self.store.begin();
    }

    /// Returns the problems and the unchecked demands of the schema, without those of earlier ones.
    pub fn end(&mut self) -> (Vec<Problem>, BTreeSet<(Site, &'static str)>) {
        let mut problems = std::mem::take(&mut self.problems);
        problems.retain(|problem| {
            let said = (problem.site, problem.reason.reason.clone());
            self.said.problems.insert(said)
        });
        let mut unchecked = std::mem::take(&mut self.unchecked);
        unchecked.retain(|place| self.said.unchecked.insert(*place));
        (problems, unchecked)
    }

    /// The leaves of a schema, with nothing said about them: who wants to know what is wrong asks again.
    pub fn look(&mut self, site: Site) -> Vec<Leaf> {
        self.begin();
        let mut leaves = Vec::new();
        self.leaves(&[site], &mut leaves);
        self.targets.retain(|_, target| target.is_some());
        self.begin();
        let mut seen = BTreeSet::new();
        leaves.retain(|leaf| seen.insert(leaf.clone()));
        leaves
    }

    /// Refuses dynamic references that the files of this schema give several meanings.
    pub fn dynamic(&mut self, root: Site) {
        for (site, reason) in self.store.ambiguous(root) {
            self.refuse(site, Code::SchemaFile, Refusal::new(reason));
        }
    }

    /// Notes what is wrong at a place.
    pub fn problem(&mut self, site: Site, reason: impl Into<String>) {
        let reason = Refusal {
            reason: reason.into(),
            place: None,
        };
        self.refuse(site, Code::SchemaUnsupported, reason);
    }

    fn refuse(&mut self, site: Site, code: Code, reason: Refusal) {
        let known = self
            .problems
            .iter()
            .any(|problem| problem.site == site && problem.reason.reason == reason.reason);
        if !known && self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { site, code, reason });
        }
    }

    /// Returns `true` if going on is of no use.
    pub fn given_up(&self) -> bool {
        self.steps > MAX_STEPS || self.problems.len() >= MAX_PROBLEMS
    }

    fn step(&mut self, site: Site) -> bool {
        self.steps += 1;
        if self.steps == MAX_STEPS {
            self.problem(site, TOO_MANY);
        }
        self.steps < MAX_STEPS
    }

    /// The leaves of a value that all of `schemas` apply to.
    pub fn leaves(&mut self, schemas: &[Site], out: &mut Vec<Leaf>) {
        let mut facts = Facts::default();
        for site in schemas {
            self.gather(*site, &mut Vec::new(), &[], &mut facts);
        }
        self.splits = 0;
        self.split(facts, &mut Way::default(), out);
    }

    /// The schemas that hold together at one place with nothing chosen; nothing when they cannot all be known.
    pub(super) fn together(&mut self, schemas: &[Site]) -> Option<Vec<Site>> {
        let mut facts = Facts::default();
        for site in schemas {
            self.gather(*site, &mut Vec::new(), &[], &mut facts);
        }
        (!facts.failed && !facts.never).then_some(facts.sites)
    }

    fn remember_choices(&mut self, way: &Way, leaves: &[Leaf]) {
        let lists: Vec<(Site, &'static str)> = way
            .taken
            .iter()
            .filter_map(|(site, keyword)| Some((self.store.get(*site, keyword)?, *keyword)))
            .collect();
        if lists.is_empty() {
            return;
        }
        for leaf in leaves {
            let known = self.choices.entry(leaf.clone()).or_default();
            known.extend(lists.iter().copied());
        }
    }

    fn gather(&mut self, site: Site, chain: &mut Vec<Site>, open: &[Site], facts: &mut Facts) {
        if !self.step(site) {
            facts.failed = true;
            return;
        }
        match self.store.value(site) {
            Value::Bool(true) => return,
            Value::Bool(false) => {
                facts.never = true;
                return;
            }
            Value::Object(_) => {}
            _ => {
                self.problem(site, "a schema is an object, `true` or `false`");
                facts.failed = true;
                return;
            }
        }
        if chain.contains(&site) || open.contains(&site) {
            self.problem(site, "the schema refers to itself with no property or element in between: no value would ever fulfil it");
            facts.failed = true;
            return;
        }
        if chain.len() >= MAX_CHAIN {
            self.problem(
                site,
                format!("more than {MAX_CHAIN} references follow one another"),
            );
            facts.failed = true;
            return;
        }
        if !facts.seen.insert(site) {
            return;
        }
        chain.push(site);
        self.gather_object(site, chain, open, facts);
        chain.pop();
    }

    fn gather_object(
        &mut self,
        site: Site,
        chain: &mut Vec<Site>,
        open: &[Site],
        facts: &mut Facts,
    ) {
        for keyword in REFERENCES {
            let Some(reference) = self.store.get(site, keyword) else {
                continue;
            };
            match self.target(site, keyword, reference) {
                Some(target) => self.gather(target, chain, open, facts),
                None => facts.failed = true,
            }
            if keyword == "$ref" && self.store.draft(site).ref_hides_siblings() {
                return;
            }
        }
        if let Some(parts) = self.store.get(site, "allOf") {
            for part in self.list_of_schemas(parts, "allOf") {
                self.gather(part, chain, open, facts);
            }
        }
        let members = self.store.members(site);
        if members
            .iter()
            .any(|(key, _)| SUBSTANCE.contains(&key.as_str()))
        {
            facts.sites.push(site);
        }
    }

    /// Returns the target of a reference, and reports one without.
    pub(super) fn target(&mut self, site: Site, keyword: &str, reference: Site) -> Option<Site> {
        if let Some(known) = self.targets.get(&reference) {
            return *known;
        }
        let Value::Text(text) = self.store.value(reference) else {
            self.problem(reference, format!("`{keyword}` must be a text"));
            return None;
        };
        let text = text.clone();
        let found = if keyword == "$dynamicRef" {
            self.store.resolve_dynamic(site, &text)
        } else {
            self.store.resolve(site, &text)
        };
        let target = match found {
            Ok(target) => Some(target),
            Err(refusal) => {
                self.refuse(reference, Code::SchemaFile, refusal);
                None
            }
        };
        self.targets.insert(reference, target);
        target
    }

    /// A keyword's list of schemas; says so when it is none.
    pub fn list_of_schemas(&mut self, site: Site, keyword: &str) -> Vec<Site> {
        let items = self.store.items(site);
        if items.is_empty() {
            self.problem(
                site,
                format!("`{keyword}` must be a list of at least one schema"),
            );
        }
        items
    }

    fn split(&mut self, facts: Facts, way: &mut Way, out: &mut Vec<Leaf>) {
        if facts.failed {
            // Already reported; anything goes, so that the rest is still looked at.
            out.push(Leaf {
                kind: JsonKind::Any,
                sites: Vec::new(),
            });
            return;
        }
        if facts.never || self.given_up() {
            return;
        }
        self.splits += 1;
        if self.splits > MAX_SPLITS {
            if let Some(site) = facts.sites.first() {
                self.problem(*site, TOO_MANY);
            }
            return;
        }
        let choices = facts
            .sites
            .iter()
            .flat_map(|site| [(*site, "oneOf"), (*site, "anyOf")]);
        let choice = choices
            .filter(|choice| !way.taken.contains(choice))
            .find_map(|(site, keyword)| {
                self.store
                    .get(site, keyword)
                    .map(|list| (site, keyword, list))
            });
        let Some((site, keyword, list)) = choice else {
            let before = out.len();
            self.kinds(facts, out);
            self.remember_choices(way, out.get(before..).unwrap_or_default());
            return;
        };
        if way.taken.len() >= MAX_CHOICES {
            self.problem(
                list,
                format!("more than {MAX_CHOICES} choices stand in one another"),
            );
            return;
        }
        way.taken.push((site, keyword));
        way.open.push(site);
        let mut branches = Vec::new();
        let mut met: Vec<Vec<Site>> = Vec::new();
        for variant in self.list_of_schemas(list, keyword) {
            if out.len() > MAX_LEAVES {
                self.problem(
                    list,
                    format!("more than {MAX_LEAVES} combinations of choices"),
                );
                break;
            }
            let mut both = facts.clone();
            self.gather(variant, &mut Vec::new(), &way.open, &mut both);
            let before = out.len();
            branches.push(before);
            // What has no kind in common with the rest has no value: of many choices that hold together, few combinations do.
            if self
                .types(&both.sites)
                .is_some_and(|kinds| kinds.is_empty())
            {
                continue;
            }
            // Twice the same, directly or behind references, would be taken apart twice at each level.
            if met.contains(&both.sites) {
                if keyword == "oneOf" {
                    self.unchecked.insert((list, "oneOf"));
                }
                continue;
            }
            met.push(both.sites.clone());
            self.split(both, way, out);
            for leaf in out.iter().skip(before) {
                self.branches.entry(leaf.clone()).or_insert(variant);
            }
        }
        if keyword == "oneOf" {
            self.exclusive(list, out, &branches);
        }
        way.open.pop();
        way.taken.pop();
    }

    /// One leaf for each kind of value that the schemas allow.
    fn kinds(&mut self, facts: Facts, out: &mut Vec<Leaf>) {
        let sites = facts.sites;
        let types = self.types(&sites);
        let values = self.values(&sites);
        if values
            .as_ref()
            .is_some_and(|values| self.is_null_value(values))
        {
            out.push(Leaf {
                kind: JsonKind::Any,
                sites,
            });
            return;
        }
        let kinds: BTreeSet<JsonKind> = match (&values, &types) {
            (Some(values), _) => self.kinds_of(values, types.as_ref()),
            (None, Some(types)) => types.clone(),
            (None, None) => BTreeSet::from([self.implied(&sites)]),
        };
        let number = kinds.contains(&JsonKind::Number);
        let sites = self.without_frames(sites);
        for kind in kinds {
            if kind == JsonKind::Integer && number {
                continue;
            }
            let leaf = Leaf {
                kind,
                sites: sites.clone(),
            };
            if !out.contains(&leaf) {
                out.push(leaf);
            }
        }
    }

    /// Leaves out the schemas whose part is done once choices are taken apart and kinds are known, so that a branch is the
    /// same as where it stands alone.
    fn without_frames(&self, sites: Vec<Site>) -> Vec<Site> {
        const FRAME: &[&str] = &["type", "oneOf", "anyOf"];
        let says = |site: &Site| {
            let members = self.store.members(*site);
            let mut keys = members.iter().map(|(key, _)| key.as_str());
            keys.any(|key| SUBSTANCE.contains(&key) && !FRAME.contains(&key))
        };
        let kept: Vec<Site> = sites.iter().filter(|site| says(site)).copied().collect();
        match sites.last() {
            Some(last) if kept.is_empty() => vec![*last],
            _ => kept,
        }
    }

    /// The intersection of all `type`s.
    fn types(&mut self, sites: &[Site]) -> Option<BTreeSet<JsonKind>> {
        let mut all: Option<BTreeSet<JsonKind>> = None;
        for site in sites {
            let Some(value) = self.store.get(*site, "type") else {
                continue;
            };
            let Some(mut these) = self.type_names(value) else {
                continue;
            };
            if let Some(before) = &all {
                let integer = |set: &BTreeSet<JsonKind>| {
                    set.contains(&JsonKind::Integer) || set.contains(&JsonKind::Number)
                };
                let narrowed = integer(before) && integer(&these);
                let both = before.contains(&JsonKind::Number) && these.contains(&JsonKind::Number);
                these = these.intersection(before).copied().collect();
                if narrowed && !both {
                    these.insert(JsonKind::Integer);
                }
            }
            all = Some(these);
        }
        all
    }

    fn type_names(&mut self, value: Site) -> Option<BTreeSet<JsonKind>> {
        let names = match self.store.value(value) {
            Value::Text(_) => vec![value],
            Value::List(_) => self.store.items(value),
            _ => Vec::new(),
        };
        let mut kinds = BTreeSet::new();
        for name in &names {
            kinds.insert(match self.store.value(*name) {
                Value::Text(text) => match text.as_str() {
                    "null" => JsonKind::Null,
                    "boolean" => JsonKind::Bool,
                    "integer" => JsonKind::Integer,
                    "number" => JsonKind::Number,
                    "string" => JsonKind::Text,
                    "array" => JsonKind::List,
                    "object" => JsonKind::Object,
                    "any" => return None,
                    _ => {
                        self.problem(*name, "there is no such type in JSON Schema");
                        return None;
                    }
                },
                _ => {
                    self.problem(
                        value,
                        "`type` must be the name of a type, or a list of such names",
                    );
                    return None;
                }
            });
        }
        if kinds.is_empty() {
            self.problem(
                value,
                "`type` must be the name of a type, or a list of such names",
            );
            return None;
        }
        Some(kinds)
    }

    /// The values that every `enum` and `const` allows.
    pub fn values(&mut self, sites: &[Site]) -> Option<Vec<Site>> {
        let mut all: Option<Vec<Site>> = None;
        for site in sites {
            let mut lists = Vec::new();
            if let Some(value) = self.store.get(*site, "enum") {
                if !matches!(self.store.value(value), Value::List(_)) {
                    self.problem(value, "`enum` must be a list");
                    continue;
                }
                lists.push(self.store.items(value));
            }
            lists.extend(self.store.get(*site, "const").map(|value| vec![value]));
            for list in lists {
                all = Some(match all {
                    None => list,
                    Some(before) => {
                        let texts: BTreeSet<String> = list
                            .iter()
                            .map(|site| self.store.canonical(*site))
                            .collect();
                        before
                            .into_iter()
                            .filter(|site| texts.contains(&self.store.canonical(*site)))
                            .collect()
                    }
                });
            }
        }
        all
    }

    fn kinds_of(&self, values: &[Site], types: Option<&BTreeSet<JsonKind>>) -> BTreeSet<JsonKind> {
        // Of numbers, a whole one is written with a fraction, too.
        let number = types.is_some_and(|types| types.contains(&JsonKind::Number));
        let kind_of = |site: &Site| match self.kind_of(*site) {
            JsonKind::Integer if number => JsonKind::Number,
            kind => kind,
        };
        let kinds: BTreeSet<JsonKind> = values.iter().map(kind_of).collect();
        let allowed = |kind: &JsonKind| types.is_none_or(|types| types.contains(kind));
        kinds.into_iter().filter(allowed).collect()
    }

    /// protobuf's `NullValue`: generators describe it as an enum, and in JSON it is `null`.
    fn is_null_value(&self, values: &[Site]) -> bool {
        let texts: BTreeSet<String> = values
            .iter()
            .map(|site| self.store.canonical(*site))
            .collect();
        texts == BTreeSet::from(["\"NULL_VALUE\"".to_owned(), "0".to_owned()])
    }

    /// The kind of a value.
    pub fn kind_of(&self, site: Site) -> JsonKind {
        match self.store.value(site) {
            Value::Null => JsonKind::Null,
            Value::Bool(_) => JsonKind::Bool,
            Value::Number(text) if super::number::integer(text).is_some() => JsonKind::Integer,
            Value::Number(_) => JsonKind::Number,
            Value::Text(_) => JsonKind::Text,
            Value::List(_) => JsonKind::List,
            Value::Object(_) => JsonKind::Object,
        }
    }

    /// The kind of what has no `type`: keywords that say what an object or a list is made of are about one. A limit says
    /// nothing of values of other kinds, which the schema allows.
    fn implied(&self, sites: &[Site]) -> JsonKind {
        let says = |site: Site, key: &str, kind: JsonKind| {
            self.store.get(site, key).is_some_and(|value| {
                self.forbids(site, key, value, kind)
                    || matches!(self.store.value(value), Value::Bool(false))
            })
        };
        let has = |keys: &[&str], kind: JsonKind| {
            let has = |site: &Site| keys.iter().any(|key| says(*site, key, kind));
            sites.iter().any(has)
        };
        match (
            has(MAKE_OBJECTS, JsonKind::Object),
            has(MAKE_LISTS, JsonKind::List),
        ) {
            (true, false) => JsonKind::Object,
            (false, true) => JsonKind::List,
            _ => JsonKind::Any,
        }
    }
}
