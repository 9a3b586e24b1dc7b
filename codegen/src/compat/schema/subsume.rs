//! Values that one type may hold and another refuses. Asks in one direction; the rules ask both ways.

use std::collections::HashSet;

use crate::json::Json;
use crate::model::TypeId;
use crate::payload::demands::{Demands, Items, Place, Step};
use crate::payload::read;
use crate::payload::shape::{Count, Format, Range, Text};
use crate::payload::steer::{self, End, Pair};
use crate::payload::text;
use crate::payload::write::float;

/// Something that the writer may send and the reader refuses.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// In the writer's schema.
    steps: Vec<Step>,
    /// Demand of the reader, in a few words.
    pub what: String,
    /// `true` if it is certain.
    pub decided: bool,
    /// Payloads that may show it.
    pub payloads: Vec<Json>,
}

impl Change {
    /// `lines[].quantity`.
    pub fn pointer(&self) -> String {
        let text: String = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Property(name) => format!(".{name}"),
                Step::Item => "[]".to_owned(),
                Step::Entry => "{}".to_owned(),
                Step::Branch(at) => format!("(branch {})", at + 1),
            })
            .collect();
        text.trim_start_matches('.').to_owned()
    }
}

/// Maximum number of pairs of types that are compared; the rest is not decided.
const MAX_PAIRS: usize = 50_000;

struct Compare<'a> {
    whole: Pair<'a>,
    /// Pairs of named types that are being compared, or were.
    seen: HashSet<(TypeId, TypeId)>,
    pairs: usize,
    changes: Vec<Change>,
}

/// Everything that `writer` may hold and `reader` refuses.
pub(super) fn refused(writer: &Place<'_>, reader: &Place<'_>) -> Vec<Change> {
    let mut compare = Compare {
        whole: Pair::new(writer, Some(reader)),
        seen: HashSet::new(),
        pairs: 0,
        changes: Vec::new(),
    };
    compare.pair(writer, reader, &mut Vec::new());
    compare.changes
}

impl<'a> Compare<'a> {
    fn say(
        &mut self,
        steps: &[Step],
        what: impl Into<String>,
        ends: impl IntoIterator<Item = End>,
    ) {
        self.push(steps, what, true, ends);
    }

    fn doubt(&mut self, steps: &[Step], what: impl Into<String>) {
        self.push(steps, what, false, []);
    }

    fn push(
        &mut self,
        steps: &[Step],
        what: impl Into<String>,
        decided: bool,
        ends: impl IntoIterator<Item = End>,
    ) {
        let payloads = ends
            .into_iter()
            .filter_map(|end| self.whole.steered(steps, &end, 0))
            .collect();
        self.changes.push(Change {
            steps: steps.to_vec(),
            what: what.into(),
            decided,
            payloads,
        });
    }

    fn pair(&mut self, w: &Place<'a>, r: &Place<'a>, steps: &mut Vec<Step>) {
        self.pairs += 1;
        if self.pairs > MAX_PAIRS {
            if self.pairs == MAX_PAIRS + 1 {
                self.doubt(steps, "the schema has too many combinations to be compared");
            }
            return;
        }
        if let (Some(a), Some(b)) = (w.name(), r.name())
            && !self.seen.insert((a, b))
        {
            return;
        }
        let (ours, theirs) = (w.demands(), r.demands());
        if theirs.is_anything() {
            return;
        }
        if ours.open || theirs.open {
            let why = "an open union takes variants that it does not know, and a schema has none";
            return self.doubt(steps, why);
        }
        if ours.branches.is_empty() && theirs.branches.is_empty() {
            self.kinds(&ours, &theirs, (w, r), steps);
        } else if ours.branches.is_empty() {
            self.branches(w, r, steps);
        } else {
            for (at, branch) in ours.branches.iter().enumerate() {
                steps.push(Step::Branch(at));
                self.branches(branch, r, steps);
                steps.pop();
            }
        }
    }

    /// One kind of value against whatever branches the reader has.
    fn branches(&mut self, w: &Place<'a>, r: &Place<'a>, steps: &mut Vec<Step>) {
        let theirs = r.demands();
        let ours = w.demands();
        if theirs.branches.is_empty() || !ours.branches.is_empty() {
            return self.pair(w, r, steps);
        }
        let mut alike = Vec::new();
        for branch in &theirs.branches {
            if self.trial(w, branch, steps).is_empty() {
                return;
            }
            if is_alike(&ours, &branch.demands()) {
                alike.push(branch);
            }
        }
        match alike.as_slice() {
            [only] => self.pair(w, only, steps),
            [] => self.say(steps, "no branch takes this kind of value", [End::Smallest]),
            _ => self.doubt(
                steps,
                "several branches could take it, and none takes all of it",
            ),
        }
    }

    /// Compares one pair alone, and returns its changes.
    fn trial(&mut self, w: &Place<'a>, r: &Place<'a>, steps: &mut Vec<Step>) -> Vec<Change> {
        let kept = std::mem::take(&mut self.changes);
        let seen = self.seen.clone();
        self.pair(w, r, steps);
        self.seen = seen;
        std::mem::replace(&mut self.changes, kept)
    }

    fn kinds(
        &mut self,
        w: &Demands<'a>,
        r: &Demands<'a>,
        (writer, reader): (&Place<'a>, &Place<'a>),
        steps: &mut Vec<Step>,
    ) {
        if let Some(allowed) = &r.values {
            return self.values(w, r, writer, allowed, steps);
        }
        if let Some(sent) = &w.values {
            // Each value decides for itself.
            for value in sent {
                if let Some(why) = read::refuses(reader, value) {
                    self.say(steps, why, [End::Value(value.clone())]);
                }
            }
            return;
        }
        if w.loose && !r.loose && r.kind == Some("integer") {
            let text = End::Value(Json::text("0"));
            self.say(steps, "it must be a number and no text", [text]);
        }
        match (w.kind, r.kind) {
            (_, None) => {}
            (None, Some(kind)) => self.say(steps, format!("only {kind} is taken"), anything()),
            (Some("integer"), Some("integer")) => {
                let (a, b) = (w.range, r.range);
                if let Some(n) = a.outside(b) {
                    self.say(
                        steps,
                        format!("it must be within {}..={}", b.min, b.max),
                        [End::Value(Json::integer(n))],
                    );
                }
                self.steps(w, r, steps);
            }
            (Some("integer"), Some("number")) => {
                let (min, max) = r.floats;
                let inside = Range {
                    min: min.ceil() as i128,
                    max: max.floor() as i128,
                };
                if let Some(n) = w.range.outside(inside) {
                    self.say(
                        steps,
                        format!("it must be from {min:?} to {max:?}"),
                        [End::Value(Json::integer(n))],
                    );
                }
            }
            (Some("number"), Some("number")) => self.floats(w.floats, r.floats, steps),
            (Some("number"), Some("integer")) => {
                self.say(
                    steps,
                    "it must have no fraction",
                    [0.5, -0.5, 1.5, 10.5].map(|n| End::Value(float(n))),
                );
            }
            (Some("string"), Some("string")) => self.texts(&w.text, &r.text, steps),
            (Some("array"), Some("array")) => self.lists(w, r, steps),
            (Some("object"), Some("object")) => self.objects(w, r, writer, steps),
            (Some(a), Some(b)) if a == b => {}
            (Some(_), Some(kind)) => {
                self.say(steps, format!("only {kind} is taken"), [End::Smallest])
            }
        }
    }

    /// Multiples of a number that are none of another one.
    fn steps(&mut self, w: &Demands<'_>, r: &Demands<'_>, steps: &[Step]) {
        let (a, b) = (w.step, r.step);
        if a % b == 0 {
            return;
        }
        let near = w.integer().into_iter();
        let mut sent = near.flat_map(|near| [near, near + a, near - a]);
        let found = sent.find(|n| w.range.contains(*n) && n % b != 0);
        let ends = found.map(|n| End::Value(Json::integer(n)));
        self.say(steps, format!("it must be a multiple of {b}"), ends);
    }

    fn values(
        &mut self,
        w: &Demands<'a>,
        r: &Demands<'a>,
        writer: &Place<'a>,
        allowed: &[Json],
        steps: &[Step],
    ) {
        match &w.values {
            Some(sent) => {
                for value in sent.iter().filter(|value| !allowed.contains(value)) {
                    self.say(
                        steps,
                        format!("{} is not an allowed value", value.to_compact()),
                        [End::Value(value.clone())],
                    );
                }
            }
            None => {
                let numbers = (0..=allowed.len() as i128).map(Json::integer);
                let texts = ["something-else", "x", "y"].map(Json::text);
                let both = texts
                    .into_iter()
                    .chain(numbers)
                    .chain([Json::Bool(true), Json::Bool(false)]);
                let others = both.filter(|value| {
                    !allowed.contains(value) && read::refuses(writer, value).is_none()
                });
                let others: Vec<End> = others.take(3).map(End::Value).collect();
                let full = r.kind == Some("boolean") && others.is_empty();
                if !full {
                    self.say(steps, "only some values are allowed", others);
                }
            }
        }
    }

    fn floats(&mut self, (a, b): (f64, f64), (c, d): (f64, f64), steps: &[Step]) {
        let what = format!("it must be from {c:?} to {d:?}");
        if a < c {
            self.say(
                steps,
                what,
                [End::Value(float((c - 1.0).max(a))), End::Value(float(a))],
            );
        } else if b > d {
            self.say(
                steps,
                what,
                [End::Value(float((d + 1.0).min(b))), End::Value(float(b))],
            );
        }
    }

    fn texts(&mut self, w: &Text, r: &Text, steps: &[Step]) {
        let natural = w.format.length();
        let length = Count {
            min: w.length.min.max(natural.min),
            max: [w.length.max, natural.max].into_iter().flatten().min(),
        };
        let formats = r.format == Format::Plain || r.format == w.format;
        if formats && r.length.includes(length) && r.patterns.is_subset(&w.patterns) {
            return;
        }
        match text::between(w, r) {
            Some(found) => {
                let why = format!("{:?} does not fit", text::shortened(&found));
                self.say(steps, why, [End::Value(Json::Text(found))]);
            }
            None => self.doubt(
                steps,
                "whether one text's constraints accept all of another's is not decided",
            ),
        }
    }

    fn counts(
        &mut self,
        w: Count,
        r: Count,
        what: &str,
        end: impl Fn(u64) -> Option<Json>,
        steps: &[Step],
    ) {
        if let Some(n) = w.outside(r) {
            let ends: Vec<End> = end(n).map(End::Value).into_iter().collect();
            self.say(
                steps,
                format!(
                    "{n} {what} are too {}",
                    if n < r.min { "few" } else { "many" }
                ),
                ends,
            );
        }
    }

    fn lists(&mut self, w: &Demands<'a>, r: &Demands<'a>, steps: &mut Vec<Step>) {
        let one = match (&w.items, &r.items) {
            (Items::Each(item), Items::Each(theirs)) => Pair::new(item, Some(theirs)).beside(0),
            (Items::Each(item), _) => Pair::new(item, None).beside(0),
            _ => None,
        };
        let items = |n: u64| {
            (n <= 1_000).then(|| Some(Json::List(vec![one.clone()?; usize::try_from(n).ok()?])))?
        };
        self.counts(w.count, r.count, "items", items, steps);
        match (&w.items, &r.items) {
            (Items::All(a), Items::All(b)) if a.len() == b.len() => {
                // A step says nothing of the position: only the first item of a tuple can be steered to.
                for (at, (a, b)) in a.iter().zip(b).enumerate() {
                    if !self.trial(a, b, steps).is_empty() {
                        self.doubt(steps, format!("item {} of the tuple changed", at + 1));
                    }
                }
            }
            (Items::All(_), _) | (_, Items::All(_)) => {
                self.doubt(steps, "a list and a tuple, or two tuples of other lengths")
            }
            (Items::Each(a), Items::Each(b)) => {
                steps.push(Step::Item);
                self.pair(a, b, steps);
                steps.pop();
            }
            _ => {}
        }
    }

    fn objects(
        &mut self,
        w: &Demands<'a>,
        r: &Demands<'a>,
        writer: &Place<'a>,
        steps: &mut Vec<Step>,
    ) {
        for name in r.required.iter().filter(|name| !w.requires(name)) {
            self.say(
                steps,
                format!("`{name}` is required"),
                [End::Without(name.to_owned())],
            );
        }
        let lists = r.any_of;
        let implied = |names: &[&String]| {
            let mut lists = lists.iter();
            lists.any(|list| list.iter().all(|name| names.contains(&name)))
        };
        let sure: Vec<&String> = w.required.iter().collect();
        let mut sent = w.any_of.iter();
        let each = sent.len() > 0
            && sent
                .all(|more| implied(&more.iter().chain(sure.iter().copied()).collect::<Vec<_>>()));
        if !lists.is_empty() && !implied(&sure) && !each {
            self.say(
                steps,
                "one of several lists of members must be there",
                [End::Smallest],
            );
        }
        let base = steer::smallest(writer, 0);
        let more = match &w.extra {
            Some(of) => steer::smallest(of, 0),
            None => Some(Json::Bool(true)),
        };
        let of_size = |n: u64| {
            let Some(Json::Object(members)) = &base else {
                return None;
            };
            let mut members = members.clone();
            while (members.len() as u64) < n.min(1_000) {
                members.push((format!("key{}", members.len()), more.clone()?));
            }
            (members.len() as u64 == n).then_some(Json::Object(members))
        };
        self.counts(w.count, r.count, "members", of_size, steps);
        for member in &w.properties {
            let (name, of) = (&member.name, &member.of);
            if let Some(reader) = r.property(name).or(r.extra.as_ref()) {
                steps.push(Step::Property(name.clone()));
                self.pair(of, reader, steps);
                steps.pop();
            }
        }
        match (&w.extra, &r.extra) {
            (Some(a), Some(b)) => {
                steps.push(Step::Entry);
                self.pair(a, b, steps);
                steps.pop();
            }
            (None, Some(b)) if !b.demands().is_anything() => {
                let values = [
                    Json::Bool(true),
                    Json::text("anything"),
                    Json::list([]),
                    Json::object::<String>([]),
                ];
                let with = |value: Json| match &base {
                    Some(Json::Object(members)) => {
                        let more = ("something-else".to_owned(), value);
                        Some(End::Value(Json::Object(
                            members.iter().cloned().chain([more]).collect(),
                        )))
                    }
                    _ => None,
                };
                let ends: Vec<End> = values.into_iter().filter_map(with).collect();
                self.say(steps, "other members must be of one type", ends);
            }
            _ => {}
        }
    }
}

/// Returns whether two branches are meant to be the same: one tag, or one kind where there is no tag.
fn is_alike(w: &Demands<'_>, r: &Demands<'_>) -> bool {
    let tags = |demands: &Demands<'_>| -> Vec<(String, String)> {
        let properties = demands.properties.iter();
        let tags = properties.filter_map(|member| {
            let of = member.of.demands();
            let only = of.values.filter(|_| of.fixed)?;
            Some((member.name.clone(), only.first()?.to_compact()))
        });
        tags.collect()
    };
    let (a, b) = (tags(w), tags(r));
    w.kind == r.kind && (a == b || (a.is_empty() || b.is_empty()))
}

fn anything() -> Vec<End> {
    [
        Json::Bool(true),
        Json::text("anything"),
        Json::integer(1),
        Json::list([]),
        Json::object::<String>([]),
    ]
    .map(End::Value)
    .into()
}
