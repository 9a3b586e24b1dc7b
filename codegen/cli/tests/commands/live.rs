//! A real server for a test, seen from outside the commands: with async-nats alone.

use std::future::Future;
use std::process::{Child, Command, Stdio};

use event_runtime::async_nats::jetstream::{self, stream};
use event_runtime::{Bus, Config, Json};
use event_testing::TestServer;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{Folder, Run};

/// A stored event with a service, and a keyed one with partitions.
pub(crate) const SHOP: &str = r#"
[streams.ORDERS]
max_age = "30d"
partitions = 2

[events.Placed]
subject = "orders.placed"
stream  = "ORDERS"
id      = "order_id"
[events.Placed.fields]
order_id = "uuid"

[events.Moved]
subject = "orders.{partition}.{order_id}.moved"
stream  = "ORDERS"
id      = "move_id"
key     = "order_id"
[events.Moved.fields]
order_id = "uuid"
move_id  = "uuid"

[services.shop]
publishes = ["Placed", "Moved"]

[services.packing]
subscribes = ["Placed", "Moved"]
"#;

/// A server and a folder of contracts.
pub(crate) struct Live {
    pub(crate) folder: Folder,
    pub(crate) server: TestServer,
    pub(crate) runtime: Runtime,
}

impl Live {
    pub(crate) fn new(contract: &str) -> Self {
        Self::with(contract, "")
    }

    /// With more lines of the server's configuration.
    pub(crate) fn with(contract: &str, configuration: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(TestServer::start_with(configuration))
            .unwrap();
        Self {
            folder: Folder::with(contract),
            server,
            runtime,
        }
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.folder.command(args);
        command.env("NATS_URL", self.server.url());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}: {}{}", run.out, run.err);
        run
    }

    /// Writes the contract anew.
    pub(crate) fn contract(&self, contract: &str) {
        self.folder.write("contracts/billing.toml", contract);
    }

    /// The plan as JSON, and its exit code.
    pub(crate) fn plan(&self) -> (i32, Json) {
        let run = self.run(&["streams", "plan", "--json"]);
        let plan = serde_json::from_str(&run.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
        (run.code, plan)
    }

    pub(crate) fn bus(&self) -> Bus {
        let config = Config::new(&self.server.url()).unwrap();
        self.block_on(Bus::connect(config)).unwrap()
    }

    pub(crate) fn jetstream(&self) -> jetstream::Context {
        self.bus().jetstream().clone()
    }

    /// Asks the server itself.
    pub(crate) fn api(&self, subject: &str) -> Json {
        self.api_with(subject, &json!({}))
    }

    pub(crate) fn api_with(&self, subject: &str, request: &Json) -> Json {
        let bus = self.bus();
        self.block_on(bus.api(subject, request)).unwrap()
    }

    /// Whether there is such a stream or consumer.
    pub(crate) fn exists(&self, subject: &str) -> bool {
        let bus = self.bus();
        self.block_on(bus.api::<Json>(subject, &json!({}))).is_ok()
    }

    /// Publishes so many messages and waits until they are stored.
    pub(crate) fn publish(&self, subject: &str, messages: usize) {
        let jetstream = self.jetstream();
        self.block_on(async {
            for n in 0..messages {
                let body = format!("{{\"orderId\":\"{n:032x}\"}}");
                let ack = jetstream.publish(subject.to_owned(), body.into());
                ack.await.unwrap().await.unwrap();
            }
        });
    }

    /// A stream that no contract knows.
    pub(crate) fn foreign_stream(&self, name: &str, subjects: &[&str]) {
        let config = stream::Config {
            name: name.to_owned(),
            subjects: subjects.iter().map(|s| (*s).to_owned()).collect(),
            ..Default::default()
        };
        self.block_on(self.jetstream().create_stream(config))
            .unwrap();
    }
}

/// The item of a plan.
pub(crate) fn item<'a>(plan: &'a Json, stream: &str, durable: Option<&str>) -> &'a Json {
    let items = plan["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["stream"] == stream && item["durable"].as_str() == durable)
        .unwrap_or_else(|| panic!("no {stream} {durable:?}: {plan:#}"))
}

/// The command without a terminal, with both outputs to be read while it runs.
pub(crate) fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal by name.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Runs on a terminal of its own: waits for each text in turn and types the answer to it. What the terminal showed, and
/// the exit code.
pub(crate) fn on_terminal(command: &Command, talk: &[(&str, &str)]) -> Run {
    let mut python = Command::new("python3");
    python
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/commands/terminal.py"
        ))
        .arg(json!(talk).to_string())
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        python.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    Run::of(python.env("TERM", "xterm"))
}
