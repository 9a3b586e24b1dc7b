//! How a command finds its server, and what it says when there is none that it can work with.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::live::{Live, SHOP, signal, start};
use super::{Folder, Run};

const SECRET: &str = "s3cr3t-pass";
const PLAN: [&str; 2] = ["streams", "plan"];

/// A run that ends with this exit code, says all of these, and no secret.
fn says(run: &Run, code: i32, texts: &[&str]) {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    for text in texts {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    assert!(
        !run.err.contains(SECRET) && !run.out.contains(SECRET),
        "{}{}",
        run.out,
        run.err
    );
}

#[test]
fn no_server() {
    let folder = Folder::with(SHOP);
    let run = Run::of(
        folder
            .command(&PLAN)
            .env("NATS_URL", "nats://u:s3cr3t-pass@127.0.0.1:1"),
    );
    says(
        &run,
        3,
        &[
            "cannot connect to 127.0.0.1:1",
            "event-contracts dev",
            "NATS_URL",
        ],
    );
}

#[test]
fn wrong_credentials() {
    let live = Live::with(SHOP, "authorization { user: u, password: right }");
    says(
        &live.run(&PLAN),
        3,
        &["does not accept the credentials", "NATS_USER"],
    );
    let run = Run::of(
        live.command(&PLAN)
            .envs([("NATS_USER", "u"), ("NATS_PASSWORD", SECRET)]),
    );
    says(&run, 3, &["does not accept the credentials"]);
    let run = Run::of(
        live.command(&PLAN)
            .envs([("NATS_USER", "u"), ("NATS_PASSWORD", "right")]),
    );
    assert_eq!(run.code, 1, "{}", run.err);
}

#[test]
fn no_permission() {
    let live = Live::with(
        SHOP,
        r#"authorization { users: [ { user: u, password: p, permissions: { publish: "orders.>", subscribe: "_INBOX.>" } } ] }"#,
    );
    let run = Run::of(
        live.command(&PLAN)
            .envs([("NATS_USER", "u"), ("NATS_PASSWORD", "p")]),
    );
    says(
        &run,
        3,
        &[
            "refuses Publish to \"$JS.API.STREAM.LIST\"",
            "export nats-auth",
        ],
    );
}

#[test]
fn no_jetstream() {
    let live = Live::with(
        SHOP,
        "accounts { A { users: [{user: a, password: a}] } }\nno_auth_user: a",
    );
    says(&live.run(&PLAN), 3, &["JetStream", "nats-server -js"]);
}

/// A server that says that it is of this version, and nothing else: what commands refuse for it, they refuse at once.
pub(crate) fn server_of_version(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let info = format!(
        r#"INFO {{"server_id":"A","version":"{version}","proto":1,"headers":true,"max_payload":1048576,"jetstream":true}}"#
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(format!("{info}\r\n").as_bytes());
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(1..) = stream.read(&mut buffer) {
                    let _ = stream.write_all(b"PONG\r\n");
                }
            });
        }
    });
    format!("127.0.0.1:{port}")
}

#[test]
fn an_old_server() {
    let folder = Folder::with(SHOP);
    let run = Run::of(
        folder
            .command(&PLAN)
            .env("NATS_URL", server_of_version("2.9.10")),
    );
    says(
        &run,
        3,
        &["nats-server 2.9.10", "the oldest supported version is 2.10"],
    );
}

#[test]
fn a_server_that_hangs_can_be_left() {
    let live = Live::new(SHOP);
    live.server.pause().unwrap();
    let child = start(&mut live.command(&PLAN));
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(child.id(), "-INT");
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{}", run.err);
    live.server.resume().unwrap();
}

#[test]
fn a_bad_variable_is_wrong_use() {
    let folder = Folder::with(SHOP);
    for (variable, value) in [
        ("NATS_URL", "http://s3cr3t-pass"),
        ("NATS_NKEY_SEED", SECRET),
        ("NATS_CREDS", "/no/such/file"),
        ("NATS_PASSWORD", SECRET),
    ] {
        let run = Run::of(folder.command(&PLAN).env(variable, value));
        says(&run, 2, &["the environment variable NATS_"]);
    }
}

#[test]
fn bad_contracts_need_no_server() {
    let folder = Folder::with(super::BAD);
    says(&folder.run(&PLAN), 1, &["unknown-type"]);
}

fn context(live: &Live, name: &str, text: &str) {
    live.folder
        .write(&format!("config/nats/context/{name}.json"), text);
}

#[test]
fn a_context_of_the_nats_command_line() {
    let live = Live::with(SHOP, "authorization { user: u, password: right }");
    let url = live.server.url();
    let good = format!(
        r#"{{"description":"x","url":"{url}","user":"u","password":"right","creds":"","tls_first":false}}"#
    );
    context(&live, "good", &good);
    context(
        &live,
        "bad",
        &format!(r#"{{"url":"{url}","user":"u","password":"{SECRET}"}}"#),
    );
    let run = |env: &[(&str, &str)]| Run::of(live.folder.command(&PLAN).envs(env.iter().copied()));
    // By name, and selected.
    says(&run(&[("NATS_CONTEXT", "good")]), 1, &[]);
    says(
        &run(&[("NATS_CONTEXT", "bad")]),
        3,
        &["does not accept the credentials"],
    );
    live.folder.write("config/nats/context.txt", "good\n");
    says(&run(&[]), 1, &[]);
    // The environment wins over the context that it names …
    says(
        &run(&[
            ("NATS_CONTEXT", "bad"),
            ("NATS_USER", "u"),
            ("NATS_PASSWORD", "right"),
        ]),
        1,
        &[],
    );
    says(
        &run(&[("NATS_CONTEXT", "good"), ("NATS_URL", "127.0.0.1:1")]),
        3,
        &["127.0.0.1:1"],
    );
    // … and a selected one's credentials do not go to another server.
    says(
        &run(&[("NATS_URL", &url)]),
        3,
        &["does not accept the credentials"],
    );
}

#[test]
fn a_context_that_cannot_be_used_says_why() {
    let live = Live::new(SHOP);
    for (name, text, says_) in [
        (
            "socks",
            r#"{"url":"nats://a","socks_proxy":"x"}"#,
            "`socks_proxy` is not supported",
        ),
        (
            "first",
            r#"{"url":"nats://a","tls_first":true}"#,
            "`tls_first` is not supported",
        ),
        (
            "json",
            "{\"password\": \"s3cr3t-pass\", ",
            "is not a JSON object",
        ),
        ("list", "[]", "is not a JSON object"),
        ("number", r#"{"url":7}"#, "`url` must be a string"),
        (
            "url",
            r#"{"url":"http://s3cr3t-pass@a"}"#,
            "`url`: server 1 is no nats://",
        ),
        (
            "half",
            r#"{"user":"u"}"#,
            "`password`: is not set, and `user` is",
        ),
        (
            "creds",
            r#"{"creds":"/no/such"}"#,
            "`creds`: the file cannot be read",
        ),
        (
            "nkey",
            r#"{"nkey":"/no/such"}"#,
            "`nkey`: cannot read /no/such",
        ),
        (
            "domain",
            r#"{"jetstream_domain":"a.b"}"#,
            "`jetstream_domain`: ",
        ),
    ] {
        context(&live, name, text);
        let run = Run::of(live.folder.command(&PLAN).env("NATS_CONTEXT", name));
        says(&run, 2, &[&format!("the context \"{name}\""), says_]);
    }
    // What only turns out when it connects.
    live.folder.write("a.creds", "no credentials, s3cr3t-pass");
    let creds = live.folder.at("a.creds");
    context(
        &live,
        "empty",
        &serde_json::json!({ "url": live.server.url(), "creds": creds }).to_string(),
    );
    let run = Run::of(live.folder.command(&PLAN).env("NATS_CONTEXT", "empty"));
    says(
        &run,
        2,
        &[
            "the context \"empty\"",
            "`creds`: ",
            "a.creds: has no block",
        ],
    );
    let run = Run::of(live.folder.command(&PLAN).env("NATS_CONTEXT", "none"));
    says(
        &run,
        2,
        &[
            "NATS_CONTEXT selects the context \"none\"",
            "there are: creds, domain,",
        ],
    );
    let run = Run::of(live.folder.command(&PLAN).env("NATS_CONTEXT", "../x"));
    says(&run, 2, &["the name of a context cannot contain `..`"]);
}
