//! The exported permissions on a real server: with them the example organisation does all of its work, and everything
//! else that a service tries directly is refused. Both ways to keep services apart.
//!
//! What is forbidden is worked out here from the model, and not taken from the exported text.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attempts;
mod organisation;

use std::path::Path;

use attempts::{an_answer_reaches_another_subject, everything_else_is_refused};
use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::nats_auth::{Separation, nats_auth};
use event_codegen::read;
use event_runtime::async_nats::{self, ConnectOptions};
use event_runtime::{Bus, Config};
use event_testing::TestServer;
use organisation::the_organisation_works;

event_runtime::include_contracts!();

fn contracts() -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

/// A server with the exported configuration. The passwords stand before it: a variable of the configuration itself is
/// found before one of the environment.
async fn server(separation: Separation) -> TestServer {
    let contracts = contracts();
    let names = contracts
        .services
        .iter()
        .map(|service| service.name.value.as_str());
    let mut text = String::new();
    for name in names.chain(["operator"]) {
        text.push_str(&format!(
            "{}_PASSWORD: {:?}\n",
            name.to_uppercase(),
            password(name)
        ));
    }
    text.push_str(&nats_auth(&contracts, separation));
    TestServer::start_with(&text).await.unwrap()
}

fn password(user: &str) -> String {
    format!("secret of {user}")
}

/// A server, and how services are kept apart on it.
struct Place {
    server: TestServer,
    separation: Separation,
}

impl Place {
    async fn new(separation: Separation) -> Self {
        Self {
            server: server(separation).await,
            separation,
        }
    }

    async fn bus(&self, user: &str) -> Bus {
        let config = Config::new(&self.server.url()).unwrap();
        let config = config.user_and_password(user, password(user)).service(user);
        let elsewhere = self.separation == Separation::Accounts && user != "operator";
        let config = if elsewhere {
            config.js_domain("EVENTS")
        } else {
            config
        };
        Bus::connect(config).await.unwrap()
    }

    /// What requests to JetStream start with, for a service.
    fn api(&self) -> &'static str {
        match self.separation {
            Separation::Users => "$JS.API",
            Separation::Accounts => "$JS.EVENTS.API",
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users() {
    let place = Place::new(Separation::Users).await;
    the_organisation_works(&place).await;
    everything_else_is_refused(&place).await;
    // The limit of permissions within one account, as docs/export.md says it: the server's answers go where their
    // request says. The body is the server's and no event, so its readers bury it.
    assert!(an_answer_reaches_another_subject(&place).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts() {
    let place = Place::new(Separation::Accounts).await;
    the_organisation_works(&place).await;
    everything_else_is_refused(&place).await;
    assert!(!an_answer_reaches_another_subject(&place).await);
}

/// A service needs its password, and has no other service's.
#[tokio::test]
async fn nobody_comes_in_without_a_password() {
    for separation in [Separation::Users, Separation::Accounts] {
        let server = server(separation).await;
        assert!(async_nats::connect(server.url()).await.is_err());
        let wrong = ConnectOptions::with_user_and_password("foobar".into(), password("billing"));
        assert!(wrong.connect(server.url()).await.is_err());
    }
}
