//! Rules about the subjects that a stream declares beside those of its events.

use super::rule::Sink;
use super::server::StreamPair;

pub(super) fn removed(p: &StreamPair<'_>, sink: &mut Sink<'_>) {
    for gone in &p.old.subjects {
        if p.new.subjects.iter().any(|kept| kept.text == gone.text) {
            continue;
        }
        sink.add(
            p.path(&format!("subjects.{}", gone.text)),
            format!(
                "the stream {} no longer declares the subject `{}`",
                p.new.name.value, gone.text
            ),
        )
        .was(gone.span, "was stored")
        .is(p.new.name.span, "a message on it is stored only if another subject here takes it")
        .help("keep the subject until nobody publishes on it: a publisher's message that no stream takes is refused");
    }
}
