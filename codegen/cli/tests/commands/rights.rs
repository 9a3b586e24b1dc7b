//! Permissions in plans: those of whoever applies, and those of services, as real servers tell them.

use std::process::Command;

use event_runtime::Json;

use super::Run;
use super::live::{Live, SHOP};

/// What the example's contract wants, and another server's user for it.
const LATER: &str = r#"
[events.Packed]
subject = "orders.packed"
stream  = "ORDERS"
id      = "order_id"
[events.Packed.fields]
order_id = "uuid"
"#;

/// A command as a user with the password `p`.
fn as_user<'c>(command: &'c mut Command, user: &str) -> &'c mut Command {
    command.envs([("NATS_USER", user), ("NATS_PASSWORD", "p")])
}

/// A server with one user beside `all`, who may do everything.
fn with_user(permissions: &str) -> Live {
    let users = format!(
        "authorization {{ users: [ {{user: all, password: p}}, {{user: u, password: p, permissions: {{ {permissions} }} }} ] }}"
    );
    Live::with(SHOP, &users)
}

fn run(live: &Live, user: &str, args: &[&str]) -> Run {
    Run::of(as_user(&mut live.command(args), user))
}

/// The plan as a service: its exit code, and what it says of permissions.
fn plan_of(live: &Live, user: &str, env: &[(&str, &str)]) -> (i32, Json) {
    let mut command = live.command(&["streams", "plan", "--service", "packing", "--json"]);
    let run = Run::of(as_user(&mut command, user).envs(env.iter().copied()));
    let plan: Json = serde_json::from_str(&run.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    (run.code, plan)
}

/// `publish a.b` for each of a list of the plan's permissions.
fn listed(plan: &Json, key: &str) -> Vec<String> {
    let all = plan["permissions"][key].as_array().unwrap();
    let text = |it: &Json| {
        format!(
            "{} {}",
            it["verb"].as_str().unwrap(),
            it["subject"].as_str().unwrap()
        )
    };
    all.iter().map(text).collect()
}

#[test]
fn who_may_not_apply_is_told_before_anything_is_done() {
    let live = with_user(
        r#"publish: { allow: ["$SYS.REQ.USER.INFO", "$JS.API.STREAM.>", "$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.INFO.>"],
                      deny: ["$JS.API.STREAM.CREATE.DEAD_LETTERS"] }, subscribe: "_INBOX.>""#,
    );
    let plan = run(&live, "u", &["streams", "plan"]);
    assert_eq!(plan.code, 1, "{}{}", plan.out, plan.err);
    for line in [
        "as u in the account $G",
        "! permission to publish \"$JS.API.STREAM.CREATE.DEAD_LETTERS\": denied by \"$JS.API.STREAM.CREATE.DEAD_LETTERS\" \
         (needed by: stream DEAD_LETTERS)",
        "! permission to publish \"$JS.API.CONSUMER.CREATE.ORDERS.packing.orders.placed\": missing (needed by: durable \
         ORDERS/packing)",
        "permissions missing",
    ] {
        assert!(plan.out.contains(line), "{line}\n{}", plan.out);
    }
    // What it may do is not on the list.
    assert!(!plan.out.contains("CREATE.ORDERS\":"), "{}", plan.out);
    let apply = run(&live, "u", &["streams", "apply", "--yes"]);
    assert_eq!(apply.code, 3, "{}{}", apply.out, apply.err);
    assert!(apply.err.contains("nothing was applied"), "{}", apply.err);
    // Nothing: not even the stream that it may make.
    let plan = run(&live, "all", &["streams", "plan", "--json"]);
    let plan: Json = serde_json::from_str(&plan.out).unwrap();
    let items = plan["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["action"] == "create"));
    assert_eq!(listed(&plan, "missing"), [""; 0]);

    // Nothing is needed for what is there already.
    let done = run(&live, "all", &["streams", "apply"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let plan = run(&live, "u", &["streams", "plan"]);
    assert_eq!(plan.code, 0, "{}{}", plan.out, plan.err);
}

#[test]
fn who_may_not_even_look_is_told_what_that_takes() {
    let live = with_user(
        r#"publish: ["$SYS.REQ.USER.INFO", "$JS.API.STREAM.LIST"], subscribe: "_INBOX.>""#,
    );
    for args in [&["streams", "plan"][..], &["streams", "apply", "--yes"]] {
        let run = run(&live, "u", args);
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        for line in [
            "lacks the permissions for a plan",
            "\n  publish \"$JS.API.CONSUMER.LIST.ORDERS\": missing (needed by: the plan)",
            "\n  publish \"$JS.API.CONSUMER.LIST.DEAD_LETTERS\": missing (needed by: the plan)",
        ] {
            assert!(run.err.contains(line), "{line}\n{}", run.err);
        }
        assert!(!run.err.contains("STREAM.LIST"), "{}", run.err);
    }
}

#[test]
fn permissions_that_cannot_be_asked_for_are_unknown() {
    let live = with_user(r#"publish: "$JS.API.>", subscribe: "_INBOX.>""#);
    let plan = run(&live, "u", &["streams", "plan"]);
    assert_eq!(plan.code, 1, "{}{}", plan.out, plan.err);
    let line = "unknown: it may not publish to \"$SYS.REQ.USER.INFO\"";
    assert!(plan.out.contains(line), "{}", plan.out);
    let apply = run(&live, "u", &["streams", "apply"]);
    assert_eq!(apply.code, 0, "{}{}", apply.out, apply.err);
}

/// The exported configuration, with the passwords before it.
fn exported(accounts: bool) -> Live {
    exported_but(accounts, |_| true)
}

/// The same with these lines only.
fn exported_but(accounts: bool, line: impl Fn(&str) -> bool) -> Live {
    let contract = Live::new(SHOP);
    let mut args = vec!["export", "nats-auth", "--out", "auth.conf"];
    args.extend(accounts.then_some("--accounts"));
    contract.ok(&args);
    let auth = contract.folder.read("auth.conf");
    let lines: Vec<&str> = auth.lines().filter(|it| line(it)).collect();
    let auth = lines.join("\n");
    let passwords = "SHOP_PASSWORD: p\nPACKING_PASSWORD: p\nOPERATOR_PASSWORD: p\n";
    Live::with(SHOP, &format!("{passwords}{auth}"))
}

#[test]
fn what_export_gives_is_what_plan_wants_of_a_service() {
    for accounts in [false, true] {
        let live = exported(accounts);
        let domain = [("NATS_JS_DOMAIN", "EVENTS")];
        let env: &[(&str, &str)] = if accounts { &domain } else { &[] };
        let missing = |plan: &Json| plan["items"].as_array().unwrap()[0]["action"].clone();
        let (code, plan) = plan_of(&live, "packing", env);
        assert_eq!((code, missing(&plan)), (1, "create".into()), "{plan:#}");
        let applied = run(&live, "operator", &["streams", "apply"]);
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);

        let (code, plan) = plan_of(&live, "packing", env);
        assert_eq!(code, 0, "{plan:#}");
        assert_eq!(plan["permissions"]["user"], "packing");
        let account = if accounts { "packing" } else { "EVENTS" };
        assert_eq!(plan["permissions"]["account"], account);
        // Its durables: for placed orders, for both partitions, for redrives.
        assert_eq!(plan["items"].as_array().unwrap().len(), 4, "{plan:#}");

        // Another service's credentials: what that one may and this one need not, and the other way round.
        let (code, plan) = plan_of(
            &live,
            "shop",
            &[env, &[("NATS_INBOX_PREFIX", "_INBOX_shop")]].concat(),
        );
        assert_eq!(code, 1, "{plan:#}");
        let (missing, extra) = (listed(&plan, "missing"), listed(&plan, "extra"));
        assert!(
            missing.contains(&"publish dead_letters.packing.>".to_owned()),
            "{missing:?}"
        );
        assert!(
            missing.contains(&"subscribe _INBOX_packing.>".to_owned()),
            "{missing:?}"
        );
        assert!(
            extra.contains(&"publish orders.placed".to_owned()),
            "{extra:?}"
        );

        // The contracts go on; the server has the permissions of before.
        live.contract(&format!(
            "{}{LATER}",
            SHOP.replace(
                "\"Moved\"]\n\n[services.packing]",
                "\"Moved\"]\n\n[services.packing]\npublishes = [\"Packed\"]"
            )
        ));
        let (code, plan) = plan_of(&live, "packing", env);
        assert_eq!(code, 1, "{plan:#}");
        assert_eq!(listed(&plan, "missing"), ["publish orders.packed"]);
        assert_eq!(listed(&plan, "extra"), [""; 0]);
        // And back: more than needed is said, and is no drift.
        live.contract(&SHOP.replace(
            "subscribes = [\"Placed\", \"Moved\"]",
            "subscribes = [\"Placed\"]",
        ));
        let (code, plan) = plan_of(&live, "packing", env);
        assert_eq!((code, listed(&plan, "missing")), (0, vec![]), "{plan:#}");
        let extra = listed(&plan, "extra");
        assert!(
            extra
                .iter()
                .any(|it| it.ends_with("MSG.NEXT.ORDERS.packing-p1")),
            "{extra:?}"
        );
    }
}

#[test]
fn an_import_that_is_missing_in_the_account_is_a_finding() {
    let wanted = "subject: \"$JS.API.CONSUMER.INFO.ORDERS.packing\"";
    let live = exported_but(true, |line| !line.contains(wanted));
    let applied = run(&live, "operator", &["streams", "apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    let (code, plan) = plan_of(&live, "packing", &[("NATS_JS_DOMAIN", "EVENTS")]);
    assert_eq!(code, 1, "{plan:#}");
    assert_eq!(listed(&plan, "missing"), [""; 0]);
    let item = super::live::item(&plan, "ORDERS", Some("packing"));
    assert_eq!(item["action"], "conflict", "{plan:#}");
    let note = item["notes"][0].as_str().unwrap();
    assert!(
        note.contains("no responder for $JS.EVENTS.API.CONSUMER.INFO.ORDERS.packing"),
        "{note}"
    );
}

#[test]
fn a_user_without_lists_may_do_more_than_a_service_needs() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let run = live.ok(&["streams", "plan", "--service", "packing"]);
    for line in [
        "? permission to publish \">\": more than it needs",
        "? permission to subscribe \">\": more than it needs",
        "in sync: 4 unchanged, 2 permissions more than needed",
    ] {
        assert!(run.out.contains(line), "{line}\n{}", run.out);
    }
}

#[test]
fn a_service_that_may_not_ask_lacks_just_that_and_what_is_refused() {
    let live =
        with_user(r#"publish: ["$JS.API.CONSUMER.INFO.ORDERS.>"], subscribe: "_INBOX_packing.>""#);
    let (code, plan) = plan_of(&live, "u", &[]);
    assert_eq!(code, 1, "{plan:#}");
    assert_eq!(
        listed(&plan, "missing"),
        [
            "publish $SYS.REQ.USER.INFO",
            "publish $JS.API.CONSUMER.INFO.DEAD_LETTERS.redrive-packing"
        ]
    );
    // Without its inbox nothing can be asked.
    let inbox = [("NATS_INBOX_PREFIX", "_INBOX_other")];
    let mut command = live.command(&["streams", "plan", "--service", "packing"]);
    let run = Run::of(as_user(&mut command, "u").envs(inbox));
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("Subscription to \"_INBOX_other."),
        "{}",
        run.err
    );
}

#[test]
fn users_with_jwt_and_operator_are_told_theirs() {
    let operators = include_str!("operators/operators.conf");
    let live = Live::with(SHOP, operators);
    live.folder
        .write("packing.creds", include_str!("operators/packing.creds"));
    let creds = live.folder.at("packing.creds");
    let mut command = live.command(&["streams", "plan", "--service", "packing", "--json"]);
    let run = Run::of(command.env("NATS_CREDS", creds));
    let plan: Json = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.err));
    assert_eq!(run.code, 1, "{plan:#}");
    assert_eq!(plan["permissions"]["user"], "packing");
    assert_eq!(plan["permissions"]["account"], "ACC");
    assert_eq!(listed(&plan, "missing"), ["publish dead_letters.packing.>"]);
    let denied = &plan["permissions"]["missing"][0]["deniedBy"];
    assert_eq!(denied, "dead_letters.packing.x");
    assert_eq!(listed(&plan, "extra"), ["publish >"]);
}

#[test]
fn a_token_is_no_name() {
    let live = Live::with(SHOP, "authorization { token: s3cr3t }");
    let run = Run::of(
        live.command(&["streams", "plan"])
            .env("NATS_TOKEN", "s3cr3t"),
    );
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("nats-server"), "{}", run.out);
    assert!(run.out.contains(" in the account $G\n"), "{}", run.out);
    assert!(
        !run.out.contains(" as ") && !run.out.contains("s3cr3t"),
        "{}",
        run.out
    );
}

#[test]
fn a_service_that_nobody_knows() {
    let live = Live::new(SHOP);
    let run = live.run(&["streams", "plan", "--service", "packin"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("did you mean \"packing\"?"), "{}", run.err);
}
