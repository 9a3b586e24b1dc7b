//! Holds generated types to event-wire alone: what they depend on, and what they can do without a connection.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

use event_types_tests::contracts::STREAMS;
use event_types_tests::contracts::scheduling::{Channel, UserScheduleCreated};
use event_wire::{Event, Stored, Uuid};

#[test]
fn no_runtime_is_below_the_types() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "event-types-tests"])
        .args(["--edges", "normal", "--target", "all", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(tree.stdout).unwrap();
    let crates: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.contains(&"event-wire"), "{text}");
    for above in ["event-runtime", "async-nats", "tokio"] {
        assert!(!crates.contains(&above), "{above}: {text}");
    }
}

#[test]
fn an_event_is_written_read_and_checked() {
    let created = UserScheduleCreated {
        schedule_id: Uuid::from_u128(1),
        user_id: Uuid::from_u128(2),
        starts_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        channels: vec![Channel::Sms],
        note: Some("x".repeat(501)),
    };
    assert_eq!(created.subject().unwrap(), "userschedule:created");
    assert_eq!(
        created.message_id().unwrap().as_str(),
        "scheduling.UserScheduleCreated:00000000-0000-0000-0000-000000000001"
    );
    assert_eq!(
        created.validate().unwrap_err().to_string(),
        "note is longer than 500 characters"
    );
    let body = event_wire::encode(&created).unwrap();
    assert_eq!(
        event_wire::decode::<UserScheduleCreated>(&body).unwrap(),
        created
    );
    let error = event_wire::decode::<UserScheduleCreated>(b"{\"scheduleId\":7}").unwrap_err();
    assert_eq!(error.path, "scheduleId");
    assert!(STREAMS.streams.iter().any(|s| s.name == "SCHEDULING"));
}
