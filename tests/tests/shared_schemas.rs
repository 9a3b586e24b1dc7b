//! Events whose schemas refer to the same files share the types: one function takes what all of them hold. The files name
//! each other by `$id`s that are relative to nothing, as those of public webhooks do.

#![deny(warnings, missing_docs)]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::serde_json::{self, Value, json};
use event_runtime::{Bus, Config, Delivery, Event, Failure, Shutdown};
use event_testing::TestServer;

/// What `tests/webhooks/contracts` becomes.
#[allow(dead_code, reason = "a part of the contracts is enough here")]
mod contracts {
    pub use event_runtime;
    include!(concat!(env!("OUT_DIR"), "/webhooks.rs"));
}

use contracts::hooks::{
    CheckRunCompleted, CheckRunCreated, MembershipAdded, NickChosen, Person, UserSeen,
};
use contracts::schemas::common::repository::{Plan, Repository};
use contracts::schemas::common::{team::Team, user};
use contracts::services::auditor;

/// The contract's name for the type of the file is the type of the file.
fn greeting(who: &Person) -> String {
    format!("hello {}", who.login)
}

fn owner(of: &Repository) -> &Person {
    &of.owner
}

fn check(action: &str) -> Value {
    json!({
        "action": action,
        "check_run": {"id": 7, "output": "green"},
        "repository": {
            "full_name": "shop/orders",
            "owner": {"login": "mona", "id": 1, "kind": "User", "plan": {"name": "large"}},
            "plan": {"seats": 3},
            "forked_from": {"full_name": "shop/old", "owner": {"login": "hubot", "id": 2, "kind": "Bot"}},
        },
        "sender": {"login": "mona", "id": 1, "team": {"slug": "core", "parent": {"slug": "all"}}},
    })
}

fn membership() -> Value {
    json!({
        "action": "added",
        "team": {"slug": "core", "members": [{"login": "hubot", "id": 2}]},
        "sender": {"login": "mona", "id": 1},
    })
}

fn read<E: Event>(payload: &Value) -> E {
    serde_json::from_str(&payload.to_string()).unwrap()
}

#[derive(Clone, Default)]
struct Auditor {
    heard: Arc<Mutex<Vec<String>>>,
}

impl Auditor {
    fn note(&self, who: &Person, of: Option<&Repository>) {
        let owner = of.map_or("nobody", |of| &owner(of).login);
        let line = format!("{}, guest of {owner}", greeting(who));
        self.heard.lock().unwrap().push(line);
    }
}

impl auditor::Handlers for Auditor {
    async fn check_run_completed(
        &self,
        delivery: Delivery<CheckRunCompleted>,
    ) -> Result<(), Failure> {
        let event = delivery.event;
        self.note(&event.sender, Some(&event.repository));
        Ok(())
    }

    async fn check_run_created(&self, delivery: Delivery<CheckRunCreated>) -> Result<(), Failure> {
        let event = delivery.event;
        self.note(&event.sender, Some(&event.repository));
        Ok(())
    }

    async fn membership_added(&self, delivery: Delivery<MembershipAdded>) -> Result<(), Failure> {
        let team: Team = delivery.event.team;
        for member in team.members.iter().flatten() {
            self.note(member, None);
        }
        Ok(())
    }
}

#[tokio::test]
async fn one_function_handles_what_several_events_hold() {
    let server = TestServer::start().await.unwrap();
    let bus = Bus::connect(Config::new(&server.url()).unwrap())
        .await
        .unwrap();
    event_operate::ensure(&bus, &contracts::STREAMS)
        .await
        .unwrap();
    let service = Auditor::default();
    let heard = Arc::clone(&service.heard);
    let shutdown = Shutdown::new();
    let listening = tokio::spawn({
        let (bus, shutdown) = (bus.clone(), shutdown.clone());
        async move { auditor::listen(&bus, service, shutdown).await }
    });
    let completed: CheckRunCompleted = read(&check("completed"));
    let mut created: CheckRunCreated = read(&check("created"));
    // A value moves from one event to the other.
    created.sender = completed.repository.owner.clone();
    created.sender.login.push_str(" herself");
    completed.publish(&bus).await.unwrap();
    created.publish(&bus).await.unwrap();
    read::<MembershipAdded>(&membership())
        .publish(&bus)
        .await
        .unwrap();
    for _ in 0..200 {
        if heard.lock().unwrap().len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shutdown.stop();
    listening.await.unwrap().unwrap();
    let mut lines = heard.lock().unwrap().clone();
    lines.sort();
    assert_eq!(
        lines,
        [
            "hello hubot, guest of nobody",
            "hello mona herself, guest of mona",
            "hello mona, guest of mona",
        ]
    );
}

#[test]
fn what_is_shared_is_read_checked_and_written_as_before() {
    let payload = check("completed");
    let event: CheckRunCompleted = read(&payload);
    event.validate().unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), payload);
    let payload = membership();
    assert_eq!(
        serde_json::to_value(read::<MembershipAdded>(&payload)).unwrap(),
        payload
    );
    // Two files have a definition of one title: each has its own type.
    let (one, other): (user::Plan, Plan) = (
        event.repository.owner.plan.clone().unwrap(),
        event.repository.plan.clone().unwrap(),
    );
    assert_eq!((one.name.as_str(), other.seats), ("large", 3));
    let mut wrong = check("completed");
    wrong["repository"]["forked_from"]["owner"]["login"] = json!("");
    wrong["repository"]["plan"]["seats"] = json!(0);
    let violation = read::<CheckRunCompleted>(&wrong).validate().unwrap_err();
    assert_eq!(
        violation.to_string(),
        "repository.plan.seats is below the minimum of 1; repository.forked_from.owner.login is shorter than 1 characters"
    );
    let wrapped = UserSeen {
        user: event.sender.clone(),
    };
    wrapped.validate().unwrap();
    let kind: user::PersonKind = "Bot".parse().unwrap();
    assert_eq!(kind.as_str(), "Bot");
    assert_eq!(
        user::PersonKind::try_from("Cat").unwrap_err().to_string(),
        "none of `User` `Bot`"
    );
}

/// What a schema lets be `null` is so wherever a contract names its type.
#[test]
fn a_type_that_may_be_null_is_null_in_fields_lists_and_maps() {
    let payload =
        json!({"nick": null, "former": ["mo", null], "places": {"work": null, "home": "mona"}});
    let event: NickChosen = read(&payload);
    event.validate().unwrap();
    assert_eq!(event.nick.0, None);
    assert_eq!(serde_json::to_value(&event).unwrap(), payload);
    let short: NickChosen = read(&json!({"nick": "m", "former": [], "places": {}}));
    assert!(short.validate().is_err());
}
