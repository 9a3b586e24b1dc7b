//! `publish`: one event, checked against its contract before it leaves, as a service of the contracts would send it.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::ArgGroup;
use event_codegen::check::Checked;
use event_codegen::decode::{self, Finding, PathStep};
use event_codegen::export::samples;
use event_codegen::json::Json;
use event_codegen::model::{Envelope, EventId, Type};
use event_runtime::raw::AnyEvent;
use event_runtime::{Bus, MessageId, Shutdown, Uuid};

use crate::connection::{unless_stopped, with_server};
use crate::folder;
use crate::message::{BadText, MessageReader, visible};
use crate::outcome::{self, Failure};

/// Publishes one event after validating it against its contract.
///
/// Subject, message id and partition are derived from the contract, as in a service. Stricter than a reader: unknown
/// fields and old names are errors. Prints the stream sequence of a stored event; an ephemeral event has no
/// acknowledgement. Exit code 1: the event violates its contract, and nothing was sent.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("payload").required(true).args(["data", "sample"])))]
#[command(after_help = "Examples:
  event-contracts publish orders.OrderViewed --data '{\"page\": \"home\"}'
  jq -n '{scheduleId: $id, userId: $id}' --arg id \"$(uuidgen)\" | event-contracts publish UserScheduleCreated --data -")]
pub(crate) struct Args {
    /// Event: its full name, or the short one if it is unique.
    #[arg(value_name = "EVENT", add = crate::candidates::events())]
    event: String,
    /// Payload as JSON: the text itself (it begins with `{`), a file, or - for standard input.
    #[arg(
        long,
        value_name = "JSON|FILE|-",
        value_hint = clap::ValueHint::FilePath
    )]
    data: Option<PathBuf>,
    /// Publish the first of the event's `examples`, or if there is none a generated payload with every field. A uuid
    /// in the id is new each time.
    #[arg(long)]
    sample: bool,
}

/// The most that a nats-server can be told to take.
const LARGEST: u64 = 64 << 20;

/// What is sent, and where its text came from.
struct Payload {
    path: PathBuf,
    text: String,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let event = folder::event(&checked, &args.event)?;
    let written = match &args.data {
        Some(data) => given(data)?,
        None => sample(&checked, event)?,
    };
    let reader = MessageReader::new(&checked);
    let (body, message) = match built(&reader, event, &written) {
        Ok(built) => built,
        Err(findings) => {
            let colour = outcome::colour(io::stderr().is_terminal());
            let report = decode::report(&written.path, &written.text, &findings, colour);
            outcome::say(report.trim_end());
            let n = findings.len();
            let s = if n == 1 { "" } else { "s" };
            outcome::say(&format!("{n} error{s}: nothing was sent"));
            return Err(Failure::Findings);
        }
    };
    with_server(async |server, stop| send(&server.bus, &body, message, args.sample, &stop).await)
}

/// The whole message, or everything that is wrong with it.
fn built(
    reader: &MessageReader<'_>,
    event: EventId,
    written: &Payload,
) -> Result<(Json, AnyEvent), Vec<Finding>> {
    let contracts = reader.contracts();
    let body = decode::written(contracts, event, &written.text)?;
    let refused = |bad: BadText<'_>| {
        let steps: Vec<PathStep> = bad
            .field
            .iter()
            .map(|field| PathStep::Member(field.wire()))
            .collect();
        vec![Finding {
            place: decode::place(&written.text, &steps),
            rule: "subject",
            message: bad.reason,
            help: None,
        }]
    };
    let subject = reader.subject(event, &body).map_err(refused)?;
    let id = reader.message_id(event, &body).map_err(refused)?;
    let of = &contracts[event];
    // Names of the contract for the life of a short process: the runtime wants them as constants.
    let forever = |text: &str| -> &'static str { text.to_owned().leak() };
    let name = forever(reader.name(event));
    let message = AnyEvent {
        name,
        subject,
        stream: contracts
            .stream_of(of)
            .map(|stream| forever(&stream.name.value)),
        id: id.unwrap_or_else(|| MessageId::random(name)),
        envelope: match of.envelope {
            Envelope::Plain => event_runtime::Envelope::Plain,
            Envelope::CloudEvents => event_runtime::Envelope::CloudEvents,
        },
        body: body.to_compact().into(),
    };
    Ok((body, message))
}

async fn send(
    bus: &Bus,
    body: &Json,
    message: AnyEvent,
    made_up: bool,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let (name, subject, id) = (message.name, message.subject.clone(), message.id.clone());
    if made_up {
        outcome::say(body.to_pretty().trim_end());
    }
    let receipt = match unless_stopped(stop, bus.publish_any(message)).await {
        Err(interrupted) => {
            outcome::say(
                "interrupted: the event may have been sent; publishing it again is safe if it has an id",
            );
            return Err(interrupted);
        }
        Ok(receipt) => receipt?,
    };
    outcome::print(&match receipt {
        Some(receipt) if receipt.duplicate => format!(
            "{name} on {subject}: {} already has {id}, as message {}: duplicate, not stored again\n",
            receipt.stream, receipt.sequence
        ),
        Some(receipt) => format!(
            "{name} on {subject}: stored as message {} of {} under the id {id}\n",
            receipt.sequence, receipt.stream
        ),
        None => format!("{name} on {subject}: sent; ephemeral, so there is no acknowledgement\n"),
    })
}

/// Everything, up to more than any event has.
fn all(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What `--data` names, or is.
fn given(data: &Path) -> Result<Payload, Failure> {
    match data.to_str() {
        Some(text) if text.trim_start().starts_with('{') => Ok(Payload {
            path: PathBuf::from("<data>"),
            text: text.to_owned(),
        }),
        _ => read(data),
    }
}

fn read(path: &Path) -> Result<Payload, Failure> {
    let stdin = path == Path::new("-");
    let shown = if stdin { Path::new("<stdin>") } else { path };
    let bytes = match stdin {
        true => all(io::stdin().lock()),
        false => std::fs::File::open(path).and_then(all),
    };
    let bytes = bytes.map_err(|error| {
        match error.kind() {
            // Text that is no event, such as `[1]` or `'{…}'` in quotes too many, ends here too.
            io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename | io::ErrorKind::NotADirectory => {
                Failure::Usage(format!(
                    "--data: there is no file {}, and it is no event as JSON, which begins with `{{`; - is standard input",
                    visible(&shown.display().to_string())
                ))
            }
            io::ErrorKind::IsADirectory => Failure::Usage(format!(
                "--data: {} is a folder; give a file, the JSON itself, or - for standard input",
                visible(&shown.display().to_string())
            )),
            _ => Failure::Outside(format!("cannot read {}: {error}", shown.display())),
        }
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::Usage(format!(
            "{} has more than {} MiB, more than any server accepts",
            shown.display(),
            LARGEST >> 20
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Payload {
            path: shown.to_owned(),
            text,
        }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .map_or(0, |line| line.chars().count())
                + 1;
            outcome::say(&format!(
                "error[json]: {}:{line}:{column}: the text is not UTF-8; nothing was sent",
                shown.display()
            ));
            Err(Failure::Findings)
        }
    }
}

/// The contract's own example, else one that is made up. Says which.
fn sample(checked: &Checked, event: EventId) -> Result<Payload, Failure> {
    let of = &checked[event];
    let (mut body, what, note) = match of.examples.as_slice() {
        [] => {
            let made = samples::sample(checked, event).ok_or_else(|| {
                Failure::Usage(format!(
                    "no event that fits {} could be generated; pass one with --data",
                    checked.event_name(of)
                ))
            })?;
            let why = " (the contract has no `examples` of it)";
            (made, "a made-up event", why.to_owned())
        }
        [only] => (Json::from(only), "the contract's example", String::new()),
        [first, more @ ..] => {
            let of = format!(" (of {})", more.len() + 1);
            (Json::from(first), "the contract's first example", of)
        }
    };
    let id = of
        .id
        .as_ref()
        .and_then(|id| of.body.fields().get(id.value?));
    let mut new_id = String::new();
    if let (Some(field), Json::Object(members)) = (id, &mut body)
        && field.ty.value == Type::Uuid
    {
        let wire = field.wire();
        for (_, value) in members.iter_mut().filter(|(name, _)| *name == wire) {
            *value = Json::Text(Uuid::now_v7().to_string());
            new_id = format!(" with a new `{wire}`");
        }
    }
    outcome::say(&format!("sample: {what}{new_id}{note}"));
    Ok(Payload {
        path: PathBuf::from("<sample>"),
        text: body.to_pretty(),
    })
}
