//! What a generated decoder makes of a payload, as one line. Compiled into the tests of the workspace, and into the crates
//! that `compiled` writes.

use event_runtime::{Event, serde_json};

fn read<E: Event>(body: &str) -> Result<E, String> {
    let event: E = serde_json::from_str(body).map_err(|error| error.to_string())?;
    event
        .validate()
        .map_err(|violations| violations.to_string())?;
    Ok(event)
}

/// Reads a payload and writes it again: `ok` with what was written, `no` with why it is refused, or `unstable` when what was
/// written is read as something else.
pub fn judge<E: Event>(body: &str) -> String {
    let event = match read::<E>(body) {
        Ok(event) => event,
        Err(why) => return format!("no {}", why.replace('\n', " ")),
    };
    let written = match serde_json::to_string(&event) {
        Ok(written) => written,
        Err(why) => return format!("unstable it cannot be written: {why}"),
    };
    match read::<E>(&written).map(|again| serde_json::to_string(&again)) {
        Ok(Ok(again)) if again == written => format!("ok {written}"),
        other => format!("unstable {written} became {other:?}"),
    }
}

/// The same on a thread whose stack is a quarter of what a thread usually has.
pub fn on_small_stack(judge: fn(&str) -> String, body: &str) -> String {
    let body = body.to_owned();
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    match thread
        .spawn(move || judge(&body))
        .map(|thread| thread.join())
    {
        Ok(Ok(said)) => said,
        other => format!("unstable it panicked: {other:?}"),
    }
}
