//! The streams: what they store, and within which limits.

use std::fmt::Write;
use std::time::Duration;

use super::html::{prose, text};
use super::index::Index;
use super::links::{event_link, title};
use super::{event, ids};
use crate::model::{Discard, EventId, Retention, Storage, Stream, StreamId};

/// Every stream.
pub(super) fn section(out: &mut String, index: &Index<'_>) {
    let contracts = index.contracts;
    if contracts.streams.is_empty() {
        return;
    }
    out.push_str("<section class=domain aria-labelledby=all-streams><header><h2 id=all-streams tabindex=-1>Streams</h2></header>");
    let mut stored = vec![Vec::new(); contracts.streams.len()];
    for id in index.events() {
        if let Some(stream) = contracts[id]
            .stream
            .as_ref()
            .and_then(|stream| stream.value)
        {
            stored[stream.0].push(id);
        }
    }
    for (at, stored) in stored.iter().enumerate() {
        article(out, index, StreamId(at), stored);
    }
    out.push_str("</section>");
}

fn article(out: &mut String, index: &Index<'_>, id: StreamId, stored: &[EventId]) {
    let stream = &index.contracts[id];
    let anchor = ids::stream(index, id);
    let _ = write!(
        out,
        "<article class=st id=\"{}\" tabindex=-1 data-kind=stream data-n=\"{}\" style=\"--h:260px\">",
        text(&anchor),
        text(&stream.name),
    );
    title(out, "Stream", &anchor, &stream.name, "");
    let _ = write!(
        out,
        "<div class=doc>{}</div>",
        prose(stream.doc.as_deref().unwrap_or_default())
    );
    let events = match stored {
        [] => "<span class=none>nothing</span>".to_owned(),
        some => some
            .iter()
            .map(|id| event_link(index, *id))
            .collect::<Vec<_>>()
            .join(" "),
    };
    let by_hand = !stream.subjects.is_empty();
    let mut facts = Vec::new();
    if !(stored.is_empty() && by_hand) {
        facts.push(("Stores", events));
    }
    if by_hand {
        let subjects = stream.subjects.iter();
        let subjects = subjects.map(|s| format!("<code>{}</code>", text(&s.text)));
        let what = if stored.is_empty() {
            "Stores what is on"
        } else {
            "And what is on"
        };
        facts.push((what, subjects.collect::<Vec<_>>().join(" ")));
    }
    facts.extend(settings(stream));
    event::list(out, &facts);
    out.push_str("</article>");
}

fn settings(stream: &Stream) -> Vec<(&'static str, String)> {
    let mut limits = Vec::new();
    limits.extend(stream.max_age.as_ref().map(|age| span(age.value)));
    limits.extend(stream.max_bytes.as_ref().map(|bytes| size(bytes.value)));
    limits.extend(
        stream
            .max_messages
            .as_ref()
            .map(|n| format!("{} messages", n.value)),
    );
    let kept = match stream.retention.value {
        Retention::Limits if limits.is_empty() => "for ever".to_owned(),
        Retention::Limits => format!("for {}", limits.join(", ")),
        Retention::Interest => with_limits("until every service has handled it", &limits),
        Retention::WorkQueue => with_limits("until its service has handled it", &limits),
    };
    let place = match stream.storage {
        Storage::File => "on disk",
        Storage::Memory => "in memory",
    };
    let full = match stream.discard {
        Discard::New => "refuses new messages",
        Discard::Old => "drops the oldest",
    };
    let copies = if stream.replicas == 1 {
        "one copy".to_owned()
    } else {
        format!("{} copies", stream.replicas)
    };
    let mut facts = vec![
        ("Keeps", kept),
        ("Where", format!("{place}, {copies}")),
        ("Knows ids", format!("for {}", span(stream.window()))),
        ("When full", full.to_owned()),
    ];
    facts.extend(
        stream
            .partitions
            .as_ref()
            .map(|n| ("Partitions", n.value.to_string())),
    );
    facts
}

fn with_limits(kept: &str, limits: &[String]) -> String {
    if limits.is_empty() {
        kept.to_owned()
    } else {
        format!("{kept}, at most {}", limits.join(", "))
    }
}

/// A duration in its largest whole unit.
pub(super) fn span(duration: Duration) -> String {
    let units = [
        (86_400_000, "day", "days"),
        (3_600_000, "hour", "hours"),
        (60_000, "minute", "minutes"),
        (1000, "second", "seconds"),
    ];
    let millis = duration.as_millis();
    for (unit, one, many) in units {
        if millis >= unit && millis.is_multiple_of(unit) {
            let n = millis / unit;
            return format!("{n} {}", if n == 1 { one } else { many });
        }
    }
    format!("{millis} ms")
}

/// A size in its largest whole unit.
fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        let whole = 1_u64 << shift;
        if bytes >= whole && bytes.is_multiple_of(whole) {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_whole_units() {
        assert_eq!(span(Duration::from_secs(86_400)), "1 day");
        assert_eq!(span(Duration::from_secs(5400)), "90 minutes");
        assert_eq!(span(Duration::from_millis(1500)), "1500 ms");
        assert_eq!(span(Duration::ZERO), "0 ms");
        assert_eq!(size(5 << 30), "5 GiB");
        assert_eq!(size(1025), "1025 bytes");
    }
}
