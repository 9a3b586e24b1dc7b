//! Where tests find a server: where `event-contracts dev` has put it, too.

use event_server::VERSION;
use event_testing::TestServer;

use super::{is_child, process};

#[test]
fn starts_a_server() {
    if !is_child() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(TestServer::start()) {
        Ok(_) => println!("found: {}", event_server::find().unwrap().display()),
        Err(error) => println!("outcome: {error}"),
    }
}

#[cfg(unix)]
#[test]
fn the_server_that_dev_has_fetched_is_found() {
    const ME: &str = "server::starts_a_server";
    let real = event_server::find().unwrap();
    let folder = std::env::temp_dir().join(format!("first-use-{}", std::process::id()));
    let fetched = folder.join(format!(
        "cache/event-contracts/nats-server-{VERSION}/nats-server"
    ));
    let (old, new) = (folder.join("old"), folder.join("new"));
    for parent in [&old, &new, fetched.parent().unwrap()] {
        std::fs::create_dir_all(parent).unwrap();
    }
    let script = old.join("nats-server");
    std::fs::write(&script, "#!/bin/sh\necho 'nats-server: v2.9.10'\n").unwrap();
    std::fs::set_permissions(
        &script,
        <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755),
    )
    .unwrap();
    std::os::unix::fs::symlink(&real, new.join("nats-server")).unwrap();
    let shown = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let cache = shown(&folder.join("cache"));
    // A process in a folder without any build folder above.
    let run = |path: &str, more: &[(&str, &str)]| {
        let mut variables = vec![
            ("XDG_CACHE_HOME", &*cache),
            ("PATH", path),
            ("CARGO_MANIFEST_DIR", "/"),
        ];
        variables.extend(more);
        let text = process(ME, &variables);
        println!("{text}");
        text
    };
    let text = run(&shown(&old), &[]);
    for words in [
        "outcome: no nats-server of 2.10 or newer",
        "event-contracts dev",
        "NATS_SERVER_BIN",
        &*shown(&fetched),
        &*format!("{} is too old", script.display()),
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    std::os::unix::fs::symlink(&real, &fetched).unwrap();
    let found = |path: &std::path::Path| format!("found: {}", path.display());
    assert!(run(&shown(&old), &[]).contains(&found(&fetched)));
    // What is on PATH, and what is named, come first.
    let on_path = new.join("nats-server");
    assert!(run(&shown(&new), &[]).contains(&found(&on_path)));
    let named = shown(&on_path);
    let text = run(&shown(&old), &[("NATS_SERVER_BIN", &named)]);
    assert!(text.contains(&found(&on_path)));
    std::fs::remove_dir_all(&folder).unwrap();
}
