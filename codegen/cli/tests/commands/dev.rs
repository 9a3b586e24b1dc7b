//! `dev`: the whole command with its server, and what is left of it afterwards: nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_testing::TestServer;
use serde_json::Value;

use super::live::{SHOP, on_terminal, signal, start};
use super::{BAD, Folder, Run};

/// A `dev` that is up.
pub(super) struct Dev {
    pub(super) child: Child,
    pub(super) url: String,
    err: BufReader<ChildStderr>,
}

impl Dev {
    pub(super) fn start(folder: &Folder, args: &[&str]) -> Self {
        let mut child = start(&mut command(folder, args));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("export NATS_URL=") else {
            let mut said = String::new();
            err.read_to_string(&mut said).unwrap();
            panic!("{line}{said}");
        };
        Self {
            url: url.to_owned(),
            child,
            err,
        }
    }

    fn port(&self) -> u16 {
        self.url.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    pub(super) fn run(&self, folder: &Folder, args: &[&str]) -> Run {
        Run::of(folder.command(args).env("NATS_URL", &self.url))
    }

    /// What it says until there is this text in a line, that line included.
    pub(super) fn hears(&mut self, text: &str) -> String {
        let heard = Arc::new(AtomicBool::new(false));
        let (done, pid) = (Arc::clone(&heard), self.child.id());
        // The pipe closes with it: then this ends too.
        let watchdog = std::thread::spawn(move || {
            let deadline = Instant::now() + Duration::from_secs(20);
            while !done.load(Ordering::SeqCst) {
                if Instant::now() > deadline {
                    signal(pid, "-KILL");
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let mut said = String::new();
        loop {
            let before = said.len();
            let read = self.err.read_line(&mut said).unwrap();
            assert!(read > 0, "{text} was not said: {said}");
            if said[before..].contains(text) {
                heard.store(true, Ordering::SeqCst);
                watchdog.join().unwrap();
                return said;
            }
        }
    }

    /// Its exit code, and what it said on stderr since it was up.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let mut err = String::new();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), err)
    }

    pub(super) fn interrupt(self) -> (Option<i32>, String) {
        signal(self.child.id(), "-INT");
        self.end()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `dev` with its temporary folders in `tmp`, and as the user that is named in its messages.
pub(super) fn command(folder: &Folder, args: &[&str]) -> Command {
    fs::create_dir_all(folder.at("tmp")).unwrap();
    let mut command = folder.command(&[&["dev"], args].concat());
    command
        .env("TMPDIR", folder.at("tmp"))
        .env("USER", "tester")
        .env("NATS_SERVER_BIN", event_server::find().unwrap());
    command
}

fn soon(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The server's process and its supervisor's.
pub(super) fn processes(folder: &Folder) -> (u32, u32) {
    let pid_file = fs::read_dir(folder.at("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("pid"))
        .find(|path| path.exists())
        .unwrap();
    let server: u32 = fs::read_to_string(pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let parent = Command::new("ps")
        .args(["-o", "ppid=", "-p", &server.to_string()])
        .output()
        .unwrap();
    let parent = String::from_utf8(parent.stdout).unwrap();
    (server, parent.trim().parse().unwrap())
}

fn alive(pid: u32) -> bool {
    let kill = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    kill.unwrap().success()
}

fn nothing_is_left(folder: &Folder, port: u16, server: u32) {
    soon("the port is free", || {
        TcpStream::connect(("127.0.0.1", port)).is_err()
    });
    soon("the server exited", || !alive(server));
    soon("the folder is gone", || {
        fs::read_dir(folder.at("tmp")).unwrap().next().is_none()
    });
}

#[test]
fn it_has_everything_and_leaves_nothing() {
    let folder =
        Folder::with(&SHOP.replace("max_age = \"30d\"", "max_age = \"30d\"\nreplicas = 3"));
    let dev = Dev::start(&folder, &["--port", "0"]);
    let (server, _) = processes(&folder);
    let plan = dev.run(&folder, &["streams", "plan", "--json"]);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let actions: Vec<_> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["action"].as_str().unwrap())
        .collect();
    // The streams have one replica for three.
    assert_eq!(
        actions,
        ["change", "change", "keep", "keep", "keep", "keep"]
    );
    assert_eq!(plan["items"][0]["settings"][0]["to"], "3");
    let port = dev.port();
    let (code, err) = dev.interrupt();
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("2 of the streams have 1 replica here"),
        "{err}"
    );
    assert!(err.contains("stopped; no events"), "{err}");
    nothing_is_left(&folder, port, server);
}

#[test]
fn sigterm_is_as_good_as_ctrl_c() {
    let folder = Folder::with(SHOP);
    let dev = Dev::start(&folder, &["--port", "0"]);
    let (port, (server, _)) = (dev.port(), processes(&folder));
    signal(dev.child.id(), "-TERM");
    assert_eq!(dev.end().0, Some(0));
    nothing_is_left(&folder, port, server);
}

#[test]
fn killed_it_leaves_nothing_either() {
    let folder = Folder::with(SHOP);
    let dev = Dev::start(&folder, &["--port", "0"]);
    let (port, (server, supervisor)) = (dev.port(), processes(&folder));
    assert!(alive(server) && alive(supervisor));
    signal(dev.child.id(), "-KILL");
    assert_eq!(dev.end().0, None);
    nothing_is_left(&folder, port, server);
    soon("the supervisor has ended", || !alive(supervisor));
}

#[test]
fn without_its_supervisor_it_ends() {
    let folder = Folder::with(SHOP);
    let dev = Dev::start(&folder, &["--port", "0"]);
    let (port, (server, supervisor)) = (dev.port(), processes(&folder));
    signal(supervisor, "-KILL");
    let (code, err) = dev.end();
    assert_eq!(code, Some(3), "{err}");
    nothing_is_left(&folder, port, server);
}

#[test]
fn a_server_that_dies_is_said() {
    let folder = Folder::with(SHOP);
    let dev = Dev::start(&folder, &["--port", "0"]);
    let (port, (server, _)) = (dev.port(), processes(&folder));
    signal(server, "-KILL");
    let (code, err) = dev.end();
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("the server exited"), "{err}");
    nothing_is_left(&folder, port, server);
}

#[test]
fn a_second_one_hears_of_the_first() {
    let folder = Folder::with(SHOP);
    let first = Dev::start(&folder, &["--port", "0", "--store", "kept"]);
    let (port, pid) = (first.port().to_string(), first.child.id());
    let url = &first.url;
    let same_port = Run::of(&mut command(&folder, &["--port", &port]));
    assert_eq!(same_port.code, 3, "{}", same_port.err);
    let says = format!("another `event-contracts dev` (pid {pid} of tester, nats-server ");
    assert!(same_port.err.contains(&says), "{}", same_port.err);
    assert!(
        same_port.err.contains(&format!("export NATS_URL={url}")),
        "{}",
        same_port.err
    );
    let same_store = Run::of(&mut command(&folder, &["--port", "0", "--store", "kept"]));
    assert_eq!(same_store.code, 3, "{}", same_store.err);
    let says =
        format!("belongs to another `event-contracts dev` (pid {pid} of tester): it is at {url}");
    assert!(same_store.err.contains(&says), "{}", same_store.err);
    assert!(folder.files("tmp").is_empty());
    // A third on another port has nothing to do with them.
    let third = Dev::start(&folder, &["--port", "0"]);
    assert_eq!(third.interrupt().0, Some(0));
    assert_eq!(first.interrupt().0, Some(0));
}

#[test]
fn a_port_of_somebody_else_is_said() {
    let folder = Folder::with(SHOP);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start()).unwrap();
    let port = server.url().rsplit_once(':').unwrap().1.to_owned();
    let run = Run::of(&mut command(&folder, &["--port", &port]));
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains(&format!(
            "(\"{}\") is at nats://127.0.0.1:{port} already",
            server.name()
        )),
        "{}",
        run.err
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let run = Run::of(&mut command(&folder, &["--port", &port]));
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains("a program that is not a NATS server"),
        "{}",
        run.err
    );
}

pub(super) fn publish(dev: &Dev, subject: &str, messages: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = event_runtime::async_nats::connect(&dev.url).await.unwrap();
        let jetstream = event_runtime::async_nats::jetstream::new(client);
        for _ in 0..messages {
            let ack = jetstream
                .publish(subject.to_owned(), "{}".into())
                .await
                .unwrap();
            ack.await.unwrap();
        }
    });
}

#[test]
fn what_is_kept_is_there_again_and_is_not_lost() {
    let folder = Folder::with(SHOP);
    let args = ["--port", "0", "--store", "deep/kept"];
    let dev = Dev::start(&folder, &args);
    publish(&dev, "orders.placed", 3);
    let port = dev.port().to_string();
    assert_eq!(dev.interrupt().0, Some(0));
    // The contracts would drop some of it now.
    folder.write(
        "contracts/billing.toml",
        &SHOP.replace("max_age = \"30d\"", "max_messages = 1\ndiscard = \"old\""),
    );
    let dev = Dev::start(&folder, &["--port", &port, "--store", "deep/kept"]);
    let plan = dev.run(&folder, &["streams", "plan"]);
    assert!(
        plan.out.contains("loses: 2 of 3 messages are dropped"),
        "{}",
        plan.out
    );
    let (code, err) = dev.interrupt();
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("not applied, because it would lose data"),
        "{err}"
    );
    assert!(err.contains(": ORDERS\n"), "{err}");
}

#[test]
fn what_passes_is_counted() {
    let folder = Folder::with(&format!(
        "{SHOP}\n[events.Seen]\nsubject = \"seen.{{who}}\"\n[events.Seen.fields]\nwho = \"uuid\"\n"
    ));
    let dev = Dev::start(&folder, &["--port", "0"]);
    // Whoever has the URL is counted.
    publish(&dev, "orders.placed", 300);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = event_runtime::async_nats::connect(&dev.url).await.unwrap();
        client.publish("seen.me", "{}".into()).await.unwrap();
        client.flush().await.unwrap();
    });
    std::thread::sleep(Duration::from_millis(2_500));
    let (code, err) = dev.interrupt();
    assert_eq!(code, Some(0));
    assert!(
        err.contains("stopped; passed: 300 billing.Placed, 1 billing.Seen\n"),
        "{err}"
    );
    let line = err
        .lines()
        .rfind(|line| line.starts_with("billing.Placed: "))
        .unwrap_or_else(|| panic!("{err}"));
    assert!(line.contains("/s, ") && line.ends_with(" in all"), "{line}");
}

#[test]
fn on_a_terminal_it_draws() {
    let folder = Folder::with(SHOP);
    let dev = command(&folder, &["--port", "0"]);
    let run = on_terminal(
        &dev,
        &[
            ("Ctrl-C stops it", ""),
            ("no event yet", ""),
            ("\u{1b}[1A\r\u{1b}[J", "\u{3}"),
        ],
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("export NATS_URL=nats://127.0.0.1:"),
        "{}",
        run.out
    );
    assert!(run.out.contains("stopped; no events"), "{}", run.out);
}

#[test]
fn what_cannot_start_says_why() {
    let folder = Folder::with(BAD);
    let run = Run::of(&mut command(&folder, &["--port", "0"]));
    assert_eq!(run.code, 1);
    assert!(run.err.contains("unknown-type"), "{}", run.err);

    let folder = Folder::with(SHOP);
    let run = Run::of(command(&folder, &["--port", "0"]).env("NATS_SERVER_BIN", "/bin/true"));
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains("NATS_SERVER_BIN=/bin/true is not a nats-server of 2.10"),
        "{}",
        run.err
    );

    folder.write("file", "");
    let run = Run::of(&mut command(
        &folder,
        &["--port", "0", "--store", "file/below"],
    ));
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("cannot make the folder file/below"),
        "{}",
        run.err
    );
    assert_eq!(Run::of(&mut command(&folder, &["--port", "70000"])).code, 2);

    // A server that does not start: its own words.
    folder.write("kept/store", "a file where a folder must be");
    let run = Run::of(&mut command(&folder, &["--port", "0", "--store", "kept"]));
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("the server exited: "), "{}", run.err);
    assert!(run.err.contains("storage directory"), "{}", run.err);
    assert!(folder.files("tmp").is_empty());
}

/// `dev` that finds no server, with nothing on PATH but these programs.
fn bare(folder: &Folder, programs: &[&str]) -> Command {
    let bin = folder.at("bin");
    fs::create_dir_all(&bin).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for program in programs {
        let found: PathBuf = std::env::split_paths(&path)
            .map(|dir| dir.join(program))
            .find(|p| p.is_file())
            .unwrap();
        let script = format!(
            "#!/bin/sh\nPATH={:?} exec {found:?} \"$@\"\n",
            path.to_string_lossy()
        );
        fs::write(bin.join(program), script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join(program), mode).unwrap();
    }
    let mut command = command(folder, &["--port", "0"]);
    command
        .env_remove("NATS_SERVER_BIN")
        .env_remove("CARGO_MANIFEST_DIR")
        .env("PATH", bin)
        .env("XDG_CACHE_HOME", folder.at("cache"));
    command
}

#[test]
fn a_server_is_installed_where_there_is_none() {
    let folder = Folder::with(SHOP);
    let dev = bare(&folder, &["python3", "kill"]);
    let run = on_terminal(&dev, &[("Ctrl-C stops it", "\u{3}")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("installing 2.15.1 into "), "{}", run.out);
    assert_eq!(
        folder.files("cache"),
        ["cache/event-contracts/nats-server-2.15.1/nats-server"]
    );
    // The next time it is there.
    let run = on_terminal(&bare(&folder, &["kill"]), &[("Ctrl-C stops it", "\u{3}")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(!run.out.contains("installing"), "{}", run.out);
}

#[test]
fn where_none_can_be_installed_it_says_what_to_do() {
    let folder = Folder::with(SHOP);
    let run = Run::of(&mut bare(&folder, &[]));
    assert_eq!(run.code, 3, "{}", run.err);
    for text in [
        "set NATS_SERVER_BIN",
        "python3: is not here",
        "go: is not here",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    assert!(folder.files("cache").is_empty());
}
