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
fn without_a_code_all_are_listed_by_kind() {
    use event_codegen::code::{Code, Severity};
    use event_codegen::compat::RULES;

    let run = Folder::new().ok(&["explain"]);
    assert_eq!(run.err, "");
    let line = |name: &str| {
        let is =
            |line: &str| line.starts_with("  ") && line.split_whitespace().next() == Some(name);
        let at = run.out.lines().position(is);
        at.unwrap_or_else(|| panic!("{name} is not in the list: {}", run.out))
    };
    let title = |text: &str| run.out.lines().position(|line| line == text).unwrap();
    let warnings = title("Warnings of `check`:");
    let rules = title("Rules of `diff` that break:");
    for code in Code::ALL {
        let at = line(code.as_str());
        let is_warning = code.severity() == Severity::Warning;
        assert_eq!(is_warning, at > warnings, "{code}");
        assert!(at < rules, "{code}");
    }
    for rule in RULES {
        assert!(line(rule.id) > rules, "{}", rule.id);
    }
    assert_eq!(
        run.out
            .lines()
            .filter(|line| line.starts_with("  "))
            .count(),
        Code::ALL.len() + RULES.len(),
        "each on one line"
    );
}

#[test]
fn shells_get_a_script() {
    let folder = Folder::new();
    for (shell, sign) in [
        ("bash", "complete -o nospace -o bashdefault"),
        ("zsh", "#compdef event-contracts"),
        (
            "fish",
            "complete --keep-order --exclusive --command event-contracts",
        ),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let run = folder.ok(&["completions", shell]);
        assert!(run.out.contains(sign), "{shell}: {}", run.out);
        assert!(run.out.contains("EVENT_CONTRACTS_COMPLETE"), "{shell}");
        assert_eq!(run.err, "");
    }
    assert_eq!(folder.run(&["completions", "cmd"]).code, 2);
}

/// What bash would offer for a line, by its own completion and the script.
fn bash(folder: &Folder, words: &[&str]) -> Vec<String> {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_event-contracts"));
    let path = std::env::join_paths(
        std::iter::once(binary.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let script = r#"
        source <(event-contracts completions bash)
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
        function=$(complete -p event-contracts | sed 's/.* -F \([^ ]*\) .*/\1/')
        "$function" event-contracts "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", script, "bash", "event-contracts"])
        .args(words)
        .current_dir(&folder.path)
        .env("PATH", path.unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.is_empty(), "{err}");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_names_of_the_contracts() {
    let folder = Folder::with(super::publish::MARKET);
    folder.write("other/shop.toml", super::GOOD);
    assert_eq!(bash(&folder, &["dead-l"]), ["dead-letters"]);
    assert_eq!(bash(&folder, &["export", "json"]), ["json-schema"]);
    assert!(bash(&folder, &["tail", "--"]).contains(&"--event".to_owned()));
    assert_eq!(
        bash(&folder, &["publish", "billing."]),
        [
            "billing.Placed",
            "billing.Moved",
            "billing.Noted",
            "billing.Seen"
        ]
    );
    assert_eq!(
        bash(&folder, &["tail", "--event", "billing.M"]),
        ["billing.Moved"]
    );
    assert_eq!(
        bash(&folder, &["dead-letters", "list", "--service", ""]),
        ["shop", "packing"]
    );
    assert_eq!(bash(&folder, &["services", "reset", "pa"]), ["packing"]);
    assert_eq!(bash(&folder, &["verify", "O"]), ["ORDERS"]);
    assert_eq!(
        bash(&folder, &["decode", "--subject", "notes"]),
        ["notes.noted"]
    );
    assert_eq!(bash(&folder, &["explain", "bad-ex"]), ["bad-example"]);
    assert_eq!(
        bash(&folder, &["dead-letters", "list", "--reason", "at"]),
        ["attempts"]
    );
    // The folder of the line itself.
    assert_eq!(
        bash(&folder, &["publish", "--contracts", "other", "sh"]),
        ["shop.Paid"]
    );
    assert_eq!(
        bash(&folder, &["generate", "--contracts=other", "--service", ""]),
        ["bank"]
    );
    // Contracts with errors are no reason for noise.
    folder.write("other/shop.toml", super::BAD);
    assert_eq!(
        bash(&folder, &["publish", "--contracts", "other", "sh"]),
        [""]
    );
}

#[test]
fn wrong_use_is_2_and_on_stderr() {
    let folder = Folder::new();
    for args in [&[][..], &["chek"], &["export"], &["check", "--nonsense"]] {
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
