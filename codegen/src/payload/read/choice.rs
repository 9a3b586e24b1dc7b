//! Values of several types: which branch of a choice or which variant of a union has one.

use std::collections::BTreeSet;

use super::leaf::{equal, fault, no_kind};
use super::{DEEPEST, Look, Reader, Rigour, kind_of};
use crate::json::Json;
use crate::model::Union;
use crate::payload::demands::{Demands, Member, TypeAt};
use crate::payload::fault::{self, Fault};

/// Maximum number of branches that turn out wrong before a payload is given up, as in the decoders: where choices hold each
/// other, each level tries what is below it once more for every branch.
const MAX_WRONG: u32 = 10_000;

impl Reader {
    /// The variant that the tag names.
    pub(super) fn union(
        &self,
        demands: &Demands<'_>,
        union: &Union,
        json: &Json,
        look: Look,
        depth: usize,
    ) -> Vec<Fault> {
        let Json::Object(members) = json else {
            return no_kind(vec!["an object"], json);
        };
        let tag = &union.tag.value;
        let mut own = members.iter().filter(|(key, _)| key == tag);
        let text = match (own.next(), own.next()) {
            (Some((_, Json::Text(text))), None) => text,
            (Some(_), Some(_)) => {
                return fault("duplicate", tag, format!("the tag `{tag}` stands twice"));
            }
            (Some((_, other)), None) => return no_kind(vec!["a text as tag"], other),
            (None, _) => return fault("required", tag, format!("the tag `{tag}` is missing")),
        };
        match demands.variant(text) {
            Some(variant) => self.value(variant, json, look, depth + 1),
            None if union.closed || self.rigour == Rigour::Declared => {
                let closed = if union.closed { "closed " } else { "" };
                let reason = format!("`{text}` is not a variant of the {closed}union");
                fault("oneOf", "", reason)
            }
            None => Vec::new(),
        }
    }

    /// The first branch that takes it, with what is demanded of it, has it; else the first that reads it, and its checks
    /// count.
    pub(super) fn choice(
        &self,
        choices: &[TypeAt<'_>],
        json: &Json,
        look: Look,
        depth: usize,
    ) -> Vec<Fault> {
        let within = self.enter();
        let mut first = None;
        for branch in choices {
            if self.open.get().1 > MAX_WRONG {
                break;
            }
            let mut faults = self.value(branch, json, Look::Form, depth + 1);
            if faults.is_empty() && look == Look::All {
                faults = self.value(branch, json, look, depth + 1);
                if !faults.is_empty() {
                    first = first.or(Some(std::mem::take(&mut faults)));
                    self.note_wrong();
                    continue;
                }
            }
            if faults.is_empty() {
                self.leave(within);
                return faults;
            }
            self.note_wrong();
        }
        self.leave(within);
        match first {
            Some(faults) => faults,
            None if look == Look::Form => fault("oneOf", "", String::new()),
            None => self.no_branch(choices, json, depth),
        }
    }

    fn enter(&self) -> u32 {
        let (within, wrong) = self.open.get();
        self.open
            .set((within + 1, if within == 0 { 0 } else { wrong }));
        within
    }

    fn note_wrong(&self) {
        let (open, wrong) = self.open.get();
        self.open.set((open, wrong + 1));
    }

    fn leave(&self, within: u32) {
        self.open.set((within, self.open.get().1));
    }

    /// What is wrong in the only branch that can be meant; else that there is none. Looks into one branch at most, or a
    /// payload could make it look into all of them at every step.
    fn no_branch(&self, branches: &[TypeAt<'_>], json: &Json, depth: usize) -> Vec<Fault> {
        let mut alike: Vec<&TypeAt<'_>> = branches
            .iter()
            .filter(|branch| self.takes(branch, json, false, depth))
            .collect();
        if alike.len() > 1 {
            alike.retain(|branch| self.takes(branch, json, true, depth));
        } else if alike.is_empty() {
            let mut all = BTreeSet::new();
            self.kinds_of(branches, depth, &mut all);
            return no_kind(all.into_iter().collect(), json);
        }
        match alike.as_slice() {
            [only] => self.value(only, json, Look::All, depth + 1),
            _ => {
                let reason = "it fits no branch of `oneOf`".to_owned();
                fault("oneOf", fault::kind(json), reason)
            }
        }
    }

    /// Returns whether a type takes this kind of value and, of an object, has no tag (a member with one value) that says
    /// otherwise.
    fn takes(&self, place: &TypeAt<'_>, json: &Json, tags: bool, depth: usize) -> bool {
        let demands = place.demands();
        if !demands.branches.is_empty() && depth < DEEPEST {
            let mut choices = demands.branches.iter();
            return choices.any(|branch| self.takes(branch, json, tags, depth + 1));
        }
        let other = |member: &Member<'_>, members: &[(String, Json)]| {
            let own = members.iter().rfind(|(key, _)| *key == member.name);
            match (member.of.demands().values.as_deref(), own) {
                (Some([only]), Some((_, value))) => !equal(only, value),
                _ => false,
            }
        };
        match json {
            _ if kind_of(&demands.kinds(), json).is_none() => false,
            Json::Object(members) if tags => {
                let mut properties = demands.properties.iter();
                !properties.any(|tag| other(tag, members))
            }
            _ => true,
        }
    }

    /// The kinds that any of the branches takes.
    fn kinds_of(&self, branches: &[TypeAt<'_>], depth: usize, all: &mut BTreeSet<&'static str>) {
        for branch in branches {
            let demands = branch.demands();
            all.extend(demands.wanted());
            if depth < DEEPEST {
                self.kinds_of(&demands.branches, depth + 1, all);
            }
        }
    }
}
