//! What a service takes, and what the event's fields contradict all the same: another subject, another message id, another
//! partition. Of a partition nobody sees it otherwise: who reads one never looks into it.

use event_codegen::model::EventId;
use event_codegen::subject::{PARTITION, Segment};
use event_runtime::async_nats::HeaderMap;
use event_runtime::partition;

use crate::message::{Judged, MESSAGE_ID, MessageReader, Violation};

impl MessageReader<'_> {
    pub(super) fn misplaced(
        &self,
        judged: &Judged,
        subject: &str,
        headers: &HeaderMap,
    ) -> Vec<Violation> {
        let Some(event) = judged.event else {
            return Vec::new();
        };
        // A mirror may have moved it: then its subject is no event's.
        let at_home = self.is_of(event, subject);
        let mut problems = Vec::new();
        if at_home {
            problems.extend(self.partition(event, judged, subject));
        }
        // What a broken body would make is no place.
        if !judged.problems.is_empty() {
            return problems;
        }
        let Some(body) = &judged.body else {
            return problems;
        };
        match self.subject(event, body) {
            Ok(own) if at_home && !self.same_but_for_partition(event, own.as_str(), subject) => {
                let reason = format!("it is on {subject}, and its fields say {own}");
                problems.push(Violation::whole("subject", "", reason));
            }
            Ok(_) => {}
            Err(bad) => problems.push(Violation::whole("subject", bad.reason.clone(), bad.reason)),
        }
        let id = headers.get(MESSAGE_ID).map(|id| id.as_str());
        // An empty one is none, for servers too.
        let id = id.filter(|id| !id.is_empty());
        match (self.message_id(event, body), id) {
            (Ok(Some(own)), Some(id)) if own.as_str() != id => {
                let reason = format!("its message id is {id}, and its fields say {own}");
                problems.push(Violation::whole("message-id", "", reason));
            }
            (Err(bad), _) => {
                problems.push(Violation::whole(
                    "message-id",
                    bad.reason.clone(),
                    bad.reason,
                ));
            }
            _ => {}
        }
        problems
    }

    /// Which token of the subject is the partition.
    fn partition_at(&self, event: EventId) -> Option<usize> {
        let segments = self.contracts()[event].subject.segments.iter();
        let is =
            |segment: &Segment| matches!(segment, Segment::Placeholder(name) if name == PARTITION);
        segments.map(is).position(|is| is)
    }

    fn partition(&self, event: EventId, judged: &Judged, subject: &str) -> Option<Violation> {
        let token = subject.split('.').nth(self.partition_at(event)?)?;
        let contracts = self.contracts();
        let of = &contracts[event];
        let stream = contracts.stream_of(of)?;
        let partitions = stream.partitions.as_ref().map_or(1, |n| n.value);
        let stream = &stream.name.value;
        // Written as durables filter it: `01` is none.
        let there = token.parse::<u32>().ok();
        let there = there.filter(|n| *n < partitions && n.to_string() == token);
        let Some(there) = there else {
            let reason = format!(
                "it is in partition {token}, and {stream} has {}: no service is ever delivered it",
                match partitions {
                    1 => "only 0".to_owned(),
                    n => format!("0 to {}", n - 1),
                }
            );
            return Some(Violation::whole("partition", "missing", reason));
        };
        let key = of.key.as_ref().and_then(|key| key.value)?;
        let field = of.body.fields().get(key)?;
        let wire = field.wire();
        if judged.problems.iter().any(|problem| problem.place == wire) {
            return None;
        }
        let key = self.token(Some(field), judged.body.as_ref()?).ok()?;
        let own = partition(key.as_str(), partitions);
        let reason = format!(
            "it is in partition {there}, and its key `{wire}` belongs in {own}: it may be handled before or beside others \
             of its key"
        );
        (own != there).then(|| Violation::whole("partition", "other", reason))
    }

    fn same_but_for_partition(&self, event: EventId, a: &str, b: &str) -> bool {
        let at = self.partition_at(event);
        let rest = |subject: &str| -> Vec<String> {
            let tokens = subject.split('.').enumerate();
            let rest = tokens.filter(|(n, _)| Some(*n) != at);
            rest.map(|(_, token)| token.to_owned()).collect()
        };
        rest(a) == rest(b)
    }
}
