//! What is on the server and not in the contracts: ours and to be removed, or somebody else's.

use event_runtime::DEAD_LETTERS;
use serde_json::Value;

use super::loss;
use super::plan::{Action, Item, ItemKind};
use crate::jetstream::{ConsumerInfo, StreamInfo, metadata, text};
use crate::wanted::{DOMAIN, SERVICE, Wanted, WantedStream};

/// Returns whether something was made for these contracts: one of their domains owns it.
pub(super) fn is_leftover(wanted: &Wanted, config: &Value) -> bool {
    metadata(config, DOMAIN).is_some_and(|domain| wanted.domains.contains(domain))
}

pub(super) fn leftover_streams(wanted: &Wanted, there: &[StreamInfo]) -> Vec<Item> {
    let others = there
        .iter()
        .filter(|stream| !wanted.streams.iter().any(|w| w.name == stream.name()));
    others
        .filter_map(|stream| {
            let domain = metadata(&stream.config, DOMAIN)?;
            let ours = is_leftover(wanted, &stream.config);
            let action = if ours {
                Action::Remove
            } else {
                Action::Foreign
            };
            let mut item = Item::new(ItemKind::Stream, stream.name(), None, action);
            item.there = Some(stream.config.clone());
            if ours {
                item.losses.push(loss::of_removed_stream(stream));
            } else {
                item.notes.push(format!(
                    "it belongs to the domain {domain}, which these contracts do not have: it is kept"
                ));
            }
            Some(item)
        })
        .collect()
}

pub(super) fn leftover_durables(
    wanted: &Wanted,
    stream: &WantedStream,
    there: &[ConsumerInfo],
    retention: &str,
) -> Vec<Item> {
    let is_wanted = |name: &str| {
        let mut all = wanted.durables.iter();
        all.any(|d| d.stream == stream.name && d.name == name)
    };
    there
        .iter()
        // Consumers that go away by themselves are watchers.
        .filter(|c| !text(&c.config, "durable_name").is_empty() && !is_wanted(&c.name))
        .filter_map(|consumer| {
            let ours = is_leftover(wanted, &consumer.config);
            let action = if ours {
                Action::Remove
            } else {
                Action::Foreign
            };
            let mut item = Item::new(
                ItemKind::Durable,
                &stream.name,
                Some(&consumer.name),
                action,
            );
            item.there = Some(consumer.config.clone());
            if ours {
                item.losses
                    .push(loss::of_removed_durable(consumer, retention));
                return Some(item);
            }
            // The durables for redrives of other contracts' services: every folder has its own.
            let other = metadata(&consumer.config, SERVICE);
            if stream.name == DEAD_LETTERS && other.is_some() {
                return None;
            }
            item.notes.push(match other {
                Some(service) => {
                    format!("it belongs to the service {service} of other contracts: it is kept")
                }
                None => "it is not in the contracts: it is kept".to_owned(),
            });
            if retention != "limits" {
                item.notes.push(format!(
                    "while it does not acknowledge, this {retention} stream keeps its messages"
                ));
            }
            Some(item)
        })
        .collect()
}
