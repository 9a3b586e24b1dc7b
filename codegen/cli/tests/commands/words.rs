//! `explain`, `completions`, `--help`: commands that only say something.

use super::Folder;

#[test]
fn a_code_is_explained() {
    let run = Folder::new().ok(&["explain", "subject-overlap"]);
    assert!(
        run.out.starts_with("error[subject-overlap]: "),
        "{}",
        run.out
    );
    let run = Folder::new().ok(&["explain", "unused-stream"]);
    assert!(
        run.out.starts_with("warning[unused-stream]: "),
        "{}",
        run.out
    );
}

#[test]
fn an_unknown_code_gets_the_nearest_and_the_list() {
    let run = Folder::new().run(&["explain", "subject-overlp"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.out, "");
    assert!(
        run.err.contains("did you mean \"subject-overlap\"?"),
        "{}",
        run.err
    );
    for code in event_codegen::code::Code::ALL {
        assert!(
            run.err.contains(&format!("  {code} ")),
            "{code} is not in the list"
        );
    }
}

#[test]
fn shells_get_a_script() {
    let folder = Folder::new();
    for (shell, sign) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef event-contracts"),
        ("fish", "complete -c event-contracts"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let run = folder.ok(&["completions", shell]);
        assert!(run.out.contains(sign), "{shell}");
        assert!(run.out.contains("json-schema"), "{shell}");
        assert_eq!(run.err, "");
    }
    assert_eq!(folder.run(&["completions", "cmd"]).code, 2);
}

#[test]
fn every_command_helps_with_two_examples() {
    let folder = Folder::new();
    for command in [
        &["new"][..],
        &["check"],
        &["diff"],
        &["generate"],
        &["export", "json-schema"],
        &["export", "asyncapi"],
        &["export", "samples"],
        &["export", "nats-auth"],
        &["export", "editor-schema"],
        &["explain"],
        &["completions"],
        &["tail"],
        &["verify"],
        &["dead-letters", "list"],
        &["dead-letters", "show"],
        &["dead-letters", "redrive"],
        &["publish"],
        &["decode"],
    ] {
        let run = folder.ok(&[command, &["--help"]].concat());
        let examples = run.out.split("Examples:").nth(1).expect("no examples");
        let lines = examples
            .lines()
            .filter(|line| line.starts_with("  ") && line.contains("event-contracts "));
        assert_eq!(lines.count(), 2, "{command:?}: {}", run.out);
        assert!(!run.out.contains('\u{1b}'), "colour without a terminal");
        assert_eq!(run.err, "");
    }
}

#[test]
fn wrong_use_is_2_and_on_stderr() {
    let folder = Folder::new();
    for args in [
        &[][..],
        &["chek"],
        &["export"],
        &["check", "--nonsense"],
        &["explain"],
    ] {
        let run = folder.run(args);
        assert_eq!(run.code, 2, "{args:?}");
        assert_eq!(run.out, "", "{args:?}");
        assert!(!run.err.is_empty(), "{args:?}");
    }
    assert!(folder.run(&["chek"]).err.contains("'check'"));
}

#[test]
fn the_version_is_data() {
    let run = Folder::new().ok(&["--version"]);
    assert_eq!(
        run.out,
        format!("event-contracts {}\n", env!("CARGO_PKG_VERSION"))
    );
}
