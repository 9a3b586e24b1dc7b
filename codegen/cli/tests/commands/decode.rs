//! `decode`: a filter, without any server.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use super::publish::{MARKET, ORDER};
use super::{Folder, Run};

const PLACED: &str = "orders.eu.placed";

fn decode(args: &[&str], input: &str) -> Run {
    let folder = Folder::with(MARKET);
    let mut child = folder
        .command(&[&["decode"], args].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Run::from(child.wait_with_output().unwrap())
}

fn good() -> String {
    format!(r#"{{"quantity":2,"region":"eu","orderId":"{ORDER}","card":"1234","later":[1]}}"#)
}

#[test]
fn what_fits_comes_out_in_the_contracts_form() {
    let run = decode(&["--subject", PLACED], &format!("{}\n", good()));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(
        run.out,
        format!(
            "{{\n  \"orderId\": \"{ORDER}\",\n  \"region\": \"eu\",\n  \"quantity\": 2,\n  \"card\": \"<sensitive>\",\n  \
             \"state\": \"new\",\n  \"later\": [\n    1\n  ]\n}}\n"
        )
    );
}

#[test]
fn what_does_not_fit_is_said_with_line_path_and_rule() {
    let bad = r#"{"orderId":"x","region":"eu","quantity":101,"card":"s3cr3t-card"}"#;
    let input = format!("{}\n{bad}\n\nnonsense\n{{\n{}\n", good(), &good()[1..]);
    let run = decode(&["--subject", "orders.*.placed"], &input);
    assert_eq!(run.code, 1);
    assert_eq!(run.out.matches("\"orderId\"").count(), 2, "{}", run.out);
    for text in [
        "line 2: billing.Placed: orderId: \"x\" is not a valid uuid [format]",
        "line 2: billing.Placed: quantity: 101 is more than 100 [maximum]",
        "line 2: billing.Placed: card: breaks `maxLength`",
        "line 4: billing.Placed: the body is not JSON",
        "2 of 4 messages violate the contract of billing.Placed:\n",
        "        1 x the body is not JSON: ",
        "        1 x quantity: 101 is more than 100 [maximum] (first on line 2)\n",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    assert!(!run.err.contains("s3cr3t-card"), "{}", run.err);

    let run = decode(&["--subject", PLACED, "--json"], &input);
    assert_eq!(run.code, 1);
    let lines: Vec<Value> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let valid: Vec<&Value> = lines.iter().map(|line| &line["valid"]).collect();
    assert_eq!(valid, [true, false, false, true]);
    assert_eq!(lines[3]["line"], 5);
    assert_eq!(
        lines[1]["faults"][0],
        json!({ "path": "orderId", "rule": "format", "reason": "\"x\" is not a valid uuid" })
    );
    assert_eq!(lines[2]["body"], Value::Null);
    assert!(!run.out.contains("s3cr3t-card"), "{}", run.out);
}

#[test]
fn faults_are_counted_by_their_cause_at_the_end() {
    let order =
        |quantity: &str| format!(r#"{{"orderId":"{ORDER}","region":"eu","quantity":{quantity}}}"#);
    let lines = ["1", "0", "-3", "101", "\"a\"", "\"b\"", "null"].map(order);
    let bad = format!("{}\n{{}}\n", lines.join("\n"));
    for args in [&["--subject", PLACED][..], &["--subject", PLACED, "--json"]] {
        let run = decode(args, &bad);
        assert_eq!(run.code, 1);
        let (_, groups) = run.err.split_once("7 of 8 messages violate").unwrap();
        let groups: Vec<&str> = groups.lines().skip(1).map(str::trim).collect();
        assert_eq!(
            groups,
            [
                "1 x the field `orderId` is missing [required] (first on line 8)",
                "1 x the field `quantity` is missing [required] (first on line 8)",
                "1 x the field `region` is missing [required] (first on line 8)",
                "1 x quantity: 101 is more than 100 [maximum] (first on line 4)",
                "2 x quantity: 0 is less than 1 [minimum] (first on line 2)",
                "2 x quantity: expected an integer, found a text [type] (first on line 5)",
                "1 x quantity: expected an integer, found null [type] (first on line 7)",
            ]
        );
    }
}

/// Whoever sends it must not keep the reader busy: of a union's branches the one that is meant is looked into.
#[test]
fn a_fault_deep_in_a_recursive_union_has_its_place() {
    let folder =
        Folder::with("[events.Asked]\nsubject = \"asked\"\njson_schema = \"asked.json\"\n");
    let one = |kind: &str, member: &str, of: &str| {
        format!(
            r##"{{ "title": "{kind}", "type": "object", "properties": {{ "kind": {{ "const": "{kind}" }}, "{member}": {of} }},
              "required": ["kind", "{member}"] }}"##
        )
    };
    let expr = r##"{ "$ref": "#/definitions/Expr" }"##;
    folder.write(
        "contracts/asked.json",
        &format!(
            r##"{{ "type": "object", "properties": {{ "where": {expr} }}, "required": ["where"],
              "definitions": {{ "Expr": {{ "oneOf": [{}, {}, {}] }} }} }}"##,
            one("Not", "of", expr),
            one(
                "All",
                "of",
                &format!(r##"{{ "type": "array", "items": {expr} }}"##)
            ),
            one("Is", "value", r#"{ "type": "boolean" }"#)
        ),
    );
    const DEEP: usize = 50;
    let mut body = r#"{"kind":"Is","value":7}"#.to_owned();
    for _ in 0..DEEP {
        body = format!(r#"{{"kind":"Not","of":{body}}}"#);
    }
    folder.write("bad.json", &format!(r#"{{"where":{body}}}"#));
    let begun = std::time::Instant::now();
    let mut command = folder.command(&["decode", "--subject", "asked", "--json"]);
    command.stdin(std::fs::File::open(folder.at("bad.json")).unwrap());
    let run = Run::from(command.output().unwrap());
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!(run.code, 1, "{}", run.err);
    let line: Value = serde_json::from_str(&run.out).unwrap();
    let path = format!("where.{}value", "of.".repeat(DEEP));
    assert_eq!(
        line["faults"],
        json!([{ "path": path, "rule": "type", "reason": "expected true or false, found the number 7" }])
    );
}

#[test]
fn the_subject_must_be_that_of_one_event() {
    for (subject, says) in [
        ("orders.>", "several events (billing.Placed, billing.Moved)"),
        (
            "orders.eu.placd",
            "no event has it; did you mean \"orders.*.placed\"?",
        ),
        ("nothing", "no event of the contracts has it"),
    ] {
        let run = decode(&["--subject", subject], "{}");
        assert_eq!(
            (run.code, run.out.as_str()),
            (2, ""),
            "{subject}: {}",
            run.err
        );
        assert!(run.err.contains(says), "{says}: {}", run.err);
    }
    for subject in ["shop.>", "shop.seen.*", "shop.seen.home"] {
        assert_eq!(
            decode(&["--subject", subject], r#"{"page":"a"}"#).code,
            0,
            "{subject}"
        );
    }
    assert_eq!(
        decode(&["--subject", PLACED], "").code,
        0,
        "nothing is no mistake"
    );
}

#[test]
fn each_message_comes_out_when_it_came_in_and_a_closed_pipe_ends_it() {
    let folder = Folder::with(MARKET);
    let mut child = folder
        .command(&["decode", "--subject", PLACED, "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..3 {
        writeln!(input, "{}", good()).unwrap();
        line.clear();
        out.read_line(&mut line).unwrap();
        assert!(line.contains("\"valid\":true"), "{line}");
    }
    drop(out);
    // Written to nobody: it ends by itself, and says nothing.
    while writeln!(input, "{}", good()).is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(err, "");
}
