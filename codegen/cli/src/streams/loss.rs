//! What would be lost by a change: counted on the server, said in numbers.

use chrono::Utc;
use event_runtime::{Bus, Error, Start, Timestamp};
use serde_json::Value;

use super::plan::Item;
use super::setting::{Difference, Effect, Setting};
use super::subjects;
use crate::jetstream::{ConsumerInfo, StreamInfo, count_from};
use crate::units::{bytes, count};
use crate::wanted::subjects_of;

/// Fills in what the changes of a stream lose; `keyed` has the subjects of its keyed events, with `*` for the partition.
pub(super) async fn of_stream(
    bus: &Bus,
    item: &mut Item,
    there: &StreamInfo,
    keyed: &[String],
) -> Result<(), Error> {
    let Some(wanted) = item.wanted.clone() else {
        return Ok(());
    };
    for difference in item.differences.clone() {
        if difference.effect == Effect::Shrinks {
            let loss = stream_loss(bus, &difference, &wanted, there, keyed).await?;
            item.losses.extend(loss);
        }
    }
    Ok(())
}

async fn stream_loss(
    bus: &Bus,
    difference: &Difference,
    wanted: &Value,
    there: &StreamInfo,
    keyed: &[String],
) -> Result<Option<String>, Error> {
    let state = &there.state;
    let number = |key: &str| wanted.get(key).and_then(Value::as_u64).unwrap_or(u64::MAX);
    let of_all = |n: u64| format!("{} of {} messages", count(n), count(state.messages));
    Ok(Some(match difference.setting {
        Setting::MaxAge => {
            let age =
                chrono::Duration::nanoseconds(number("max_age").try_into().unwrap_or(i64::MAX));
            let since = Utc::now()
                .checked_sub_signed(age)
                .unwrap_or(Timestamp::UNIX_EPOCH);
            match count_from(bus, there.name(), &[], Start::at(since)).await? {
                Some(kept) => format!(
                    "{} are older than {} and are dropped",
                    of_all(state.messages.saturating_sub(kept)),
                    difference.new
                ),
                None => format!("messages older than {} are dropped", difference.new),
            }
        }
        Setting::MaxMessages => {
            let over = state.messages.saturating_sub(number("max_msgs"));
            over_limit(wanted, over, &of_all(over))
        }
        Setting::MaxBytes => {
            let over = state.bytes.saturating_sub(number("max_bytes"));
            over_limit(
                wanted,
                over,
                &format!("{} of {}", bytes(over), bytes(state.bytes)),
            )
        }
        Setting::Subjects => return fewer_subjects(bus, wanted, there, keyed).await,
        Setting::Retention => format!(
            "of its {} messages ({}), those that no durable consumes or that all have acknowledged are deleted at once",
            count(state.messages),
            bytes(state.bytes)
        ),
        Setting::Discard => {
            "when it is full it discards the oldest messages, where publishers used to get an error"
                .to_owned()
        }
        Setting::DuplicateWindow => format!(
            "an event that is published again after {} is stored twice",
            difference.new
        ),
        Setting::Replicas => format!(
            "its {} messages ({}) are kept on fewer servers",
            count(state.messages),
            bytes(state.bytes)
        ),
        _ => taken_over(difference),
    }))
}

/// What a stream takes no more. Any partition in the place of those that there are loses nothing but what was in none of
/// them.
async fn fewer_subjects(
    bus: &Bus,
    wanted: &Value,
    there: &StreamInfo,
    keyed: &[String],
) -> Result<Option<String>, Error> {
    let wanted = subjects_of(wanted);
    let lost = subjects::lost(&wanted, &subjects_of(&there.config)).unwrap_or_default();
    let (mut gone, mut outside) = (Vec::new(), Vec::new());
    for subject in lost {
        let kept = match keyed.contains(&subject) {
            true => subjects::partitions_of(&subject, &wanted),
            false => Vec::new(),
        };
        if kept.is_empty() {
            gone.push(subject);
            continue;
        }
        let all = [subject.clone()];
        let all = count_from(bus, there.name(), &all, Start::All).await?;
        let within = count_from(bus, there.name(), &kept, Start::All).await?;
        match all.zip(within).map(|(all, within)| all.saturating_sub(within)) {
            Some(0) | None => {}
            Some(n) => outside.push(format!(
                "{} messages of {subject} are in no partition of {}: they are kept until the limits of the stream, and no service handles them",
                count(n),
                subjects::folded(&kept).join(", ")
            )),
        }
    }
    if !gone.is_empty() {
        let stored = count_from(bus, there.name(), &gone, Start::All).await?;
        let stored = stored.map_or_else(String::new, |n| {
            format!(
                "; the {} stored messages of it are kept until the limits of the stream",
                count(n)
            )
        });
        let gone = subjects::folded(&gone).join(", ");
        outside.insert(0, format!("it takes nothing more of {gone}{stored}"));
    }
    Ok((!outside.is_empty()).then(|| outside.join("; ")))
}

/// What becomes of what is over a new limit: a stream that refuses what is too much does not drop what it has.
fn over_limit(wanted: &Value, over: u64, text: &str) -> String {
    match (crate::jetstream::text(wanted, "discard"), over) {
        ("new", 0) => "publishers get errors sooner".to_owned(),
        ("new", _) => format!("publishers get errors until {text} are deleted"),
        _ => format!("{text} are dropped, the oldest first"),
    }
}

/// Fills in what the changes of a durable lose.
pub(super) async fn of_durable(
    bus: &Bus,
    item: &mut Item,
    there: &ConsumerInfo,
) -> Result<(), Error> {
    let Some(wanted) = item.wanted.clone() else {
        return Ok(());
    };
    for difference in item.differences.clone() {
        if difference.effect != Effect::Shrinks {
            continue;
        }
        if difference.setting != Setting::Subjects {
            item.losses.push(taken_over(&difference));
            continue;
        }
        let lost = subjects::lost(&subjects_of(&wanted), &subjects_of(&there.config));
        let lost = lost.unwrap_or_default();
        let next = Start::Sequence(there.delivered.stream_seq + 1);
        let waiting = count_from(bus, &item.stream, &lost, next).await?;
        let waiting = waiting.map_or_else(String::new, |n| {
            format!(", {} that are stored among them", count(n))
        });
        item.losses.push(format!(
            "its service gets no more events of {}{waiting}",
            subjects::folded(&lost).join(", ")
        ));
    }
    Ok(())
}

fn taken_over(difference: &Difference) -> String {
    format!(
        "it is taken over from {}: when other contracts still have it, the two undo each other's changes",
        difference.old.as_deref().unwrap_or("nobody")
    )
}

/// What is lost with a whole stream.
pub(super) fn of_removed_stream(there: &StreamInfo) -> String {
    let state = &there.state;
    format!(
        "all its {} messages ({}) and the durables on it",
        count(state.messages),
        bytes(state.bytes)
    )
}

/// What is lost with a durable.
pub(super) fn of_removed_durable(there: &ConsumerInfo, retention: &str) -> String {
    let mut text = format!(
        "its position: {} pending, {} in flight",
        count(there.num_pending),
        count(there.num_ack_pending)
    );
    if retention == "interest" {
        text.push_str("; those that no other durable wants are dropped");
    }
    text
}

/// A remark about a stream that is full, or nearly.
pub(super) fn full(there: &StreamInfo) -> Option<String> {
    let limit = |key: &str| {
        let limit = there.config.get(key).and_then(Value::as_i64);
        limit.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
    };
    // Nine tenths: a message more or less does not decide it.
    let near = |n: u64, limit: u64| n >= limit - limit / 10;
    let messages = limit("max_msgs").filter(|limit| near(there.state.messages, *limit));
    let size = limit("max_bytes").filter(|limit| near(there.state.bytes, *limit));
    let full = match (messages, size) {
        (Some(limit), _) => format!(
            "{} of {} messages",
            count(there.state.messages),
            count(limit)
        ),
        (_, Some(limit)) => format!("{} of {}", bytes(there.state.bytes), bytes(limit)),
        _ => return None,
    };
    let then = match crate::jetstream::text(&there.config, "discard") {
        "new" => "publishers get errors",
        _ => "its oldest messages go",
    };
    Some(format!("it is (nearly) full ({full}): {then}"))
}
