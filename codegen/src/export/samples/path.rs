//! Places in a payload: how they are shown, and payloads with another value there.

use crate::json::Json;

#[derive(Clone)]
enum Segment {
    Member(String),
    Item(usize),
}

/// A place in a payload.
#[derive(Clone, Default)]
pub(super) struct Path(Vec<Segment>);

impl Path {
    pub(super) fn member(&self, name: &str) -> Self {
        self.then(Segment::Member(name.to_owned()))
    }

    pub(super) fn item(&self, at: usize) -> Self {
        self.then(Segment::Item(at))
    }

    fn then(&self, step: Segment) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// `lines[0].quantity`.
    pub(super) fn shown(&self) -> String {
        let steps = self.0.iter().map(|step| match step {
            Segment::Member(name) => format!(".{name}"),
            Segment::Item(at) => format!("[{at}]"),
        });
        steps.collect::<String>().trim_start_matches('.').to_owned()
    }

    /// `lines.0.quantity.below-minimum`, for a file.
    pub(super) fn file(&self, what: &str) -> String {
        let steps = self.0.iter().map(|step| match step {
            Segment::Member(name) => format!("{name}."),
            Segment::Item(at) => format!("{at}."),
        });
        steps.chain([what.to_owned()]).collect()
    }

    /// The payload with another value here; a member that is not there is added at the end.
    pub(super) fn set(&self, payload: &Json, value: Json) -> Json {
        self.change(payload, Some(value))
    }

    /// The payload without this member.
    pub(super) fn remove(&self, payload: &Json) -> Json {
        self.change(payload, None)
    }

    fn change(&self, payload: &Json, value: Option<Json>) -> Json {
        let mut changed = payload.clone();
        let mut place = &mut changed;
        for (at, step) in self.0.iter().enumerate() {
            let last = at + 1 == self.0.len();
            place = match (step, place) {
                (Segment::Member(name), Json::Object(members)) => {
                    let found = members.iter().position(|(key, _)| key == name);
                    match (found, &value) {
                        (Some(found), None) if last => {
                            members.remove(found);
                            return changed;
                        }
                        (None, Some(value)) if last => {
                            members.push((name.clone(), value.clone()));
                            return changed;
                        }
                        (Some(found), _) => &mut members[found].1,
                        (None, _) => return changed,
                    }
                }
                (Segment::Item(at), Json::List(items)) if *at < items.len() => &mut items[*at],
                _ => return changed,
            };
        }
        if let Some(value) = value {
            *place = value;
        }
        changed
    }

    /// Returns the value here.
    pub(super) fn get<'j>(&self, payload: &'j Json) -> Option<&'j Json> {
        self.0
            .iter()
            .try_fold(payload, |place, step| match (step, place) {
                (Segment::Member(name), Json::Object(members)) => members
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value),
                (Segment::Item(at), Json::List(items)) => items.get(*at),
                _ => None,
            })
    }
}
