//! What stands at one place of a payload in both contracts: a row of the table for each difference that the comparison
//! finds there.

use super::compare::{self, Gap, Sort, describe};
use super::finding::Direction::{self, Backward, Forward};
use super::raw::{Evidence, Leaf, Said, Sink};
use super::sides::{SidedStep, Sides, Spot};
use crate::payload::demands::{Demands, TypeAt};
use crate::payload::shape::{Format, Slot};
use crate::payload::steer::{End, MOST_ENTRIES};

/// Values of one place in both contracts.
pub(super) struct Leaves<'a> {
    /// From the node to this place.
    steps: &'a [SidedStep],
    old: TypeAt<'a>,
    new: TypeAt<'a>,
    spot: &'a Spot,
    /// What old writers may send and new readers refuse, and the mirror.
    gaps: [Vec<Gap>; 2],
}

impl<'a> Leaves<'a> {
    pub fn new(
        sides: Sides<'a>,
        steps: &'a [SidedStep],
        (old, new): (Slot<'a>, Slot<'a>),
        spot: &'a Spot,
    ) -> Self {
        let (old, new) = (TypeAt::slot(sides.old, old), TypeAt::slot(sides.new, new));
        let gaps = if is_other(&old.demands(), &new.demands()) {
            let gap = |w, r| vec![compare::other_kind(w, r)];
            [gap(&old, &new), gap(&new, &old)]
        } else {
            [compare::gaps(&old, &new), compare::gaps(&new, &old)]
        };
        Self {
            steps,
            old,
            new,
            spot,
            gaps,
        }
    }

    fn evidence(&self, direction: Direction, end: &End) -> Option<Evidence> {
        let leaf = match end {
            End::Smallest => Leaf::Smallest,
            End::Value(value) => Leaf::Value(value.clone()),
            End::Count(n) if *n <= MOST_ENTRIES => Leaf::Count(*n),
            End::Count(_) | End::Without(_) | End::With(..) => return None,
        };
        Some(Evidence::new(direction, self.steps, leaf))
    }

    /// Adds one finding for all differences of a sort in the directions that the rule is about.
    pub fn tell(&self, sort: Sort, said: &Said, sink: &mut Sink<'_>) {
        let mut first = None;
        let mut evidence = Vec::new();
        for (direction, gaps) in [Backward, Forward].into_iter().zip(&self.gaps) {
            let misread = |gap: &Gap| sort == Sort::Type && gap.sort == Sort::Misread;
            let found = gaps.iter().filter(|gap| gap.sort == sort || misread(gap));
            for gap in found.filter(|_| sink.is_about(direction)) {
                first = first.or(Some((direction, gap)));
                evidence.extend(
                    gap.ends
                        .iter()
                        .filter_map(|end| self.evidence(direction, end)),
                );
            }
        }
        let Some((direction, gap)) = first else {
            return;
        };
        sink.say(self.spot, said, &gap.words(direction))
            .at(self.steps)
            .shown_by(evidence);
    }
}

/// Returns whether values are of another kind to people, though both may be objects to JSON.
fn is_other(old: &Demands<'_>, new: &Demands<'_>) -> bool {
    let both = old.kind == new.kind;
    let (a, b) = (old.union.is_some(), new.union.is_some());
    let declared = old.named.is_some() != new.named.is_some();
    (a != b && !old.is_anything() && !new.is_anything())
        || (both && old.kind == Some("object") && declared)
}

pub(super) fn string_open_enum(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let (old, new) = (l.old.demands(), l.new.demands());
    let text = |d: &Demands<'_>| d.kind == Some("string") && d.values.is_none();
    let plain = |d: &Demands<'_>| d.named.is_none() && d.text.format == Format::Plain;
    let changed = (plain(&old) && new.named.is_some()) || (old.named.is_some() && plain(&new));
    if text(&old) && text(&new) && changed {
        let (was, is) = (describe(&l.old, &old), describe(&l.new, &new));
        sink.add(&*l.spot.path, format!("the {was} is the {is} now"))
            .was(l.spot.old, "")
            .is(l.spot.new, "")
            .at(l.steps);
    }
}
