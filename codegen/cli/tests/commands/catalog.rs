//! `catalog`: one page, written whole or not at all.

use super::{BAD, Folder, GOOD, WARNED, modified};

#[test]
fn one_page_with_everything() {
    let folder = Folder::with(GOOD);
    let run = folder.ok(&["catalog", "--out", "public/catalog.html"]);
    assert_eq!(
        (run.out.as_str(), run.err.as_str()),
        ("", "public/catalog.html: written\n")
    );
    assert_eq!(folder.files("public"), ["public/catalog.html"]);
    let page = folder.read("public/catalog.html");
    assert!(page.starts_with("<!doctype html>\n"));
    assert!(page.ends_with("</html>\n"));
    for id in [
        "billing.Paid",
        "billing.Paid.amount",
        "billing.Money",
        "service/bank",
    ] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    let schema = folder.ok(&["export", "json-schema", "--out", "schemas"]);
    assert_eq!(schema.code, 0);
    let schema = folder.read("schemas/billing.Paid.json");
    assert!(
        page.contains(schema.trim_end()),
        "the exported schema is in the page"
    );
}

#[test]
fn the_second_run_touches_nothing_and_a_dash_is_standard_output() {
    let folder = Folder::with(GOOD);
    folder.ok(&["catalog", "--out", "catalog.html"]);
    let before = modified(&folder.at("catalog.html"));
    let run = folder.ok(&["catalog", "--out", "catalog.html"]);
    assert_eq!(run.err, "catalog.html: up to date\n");
    assert_eq!(modified(&folder.at("catalog.html")), before);
    let printed = folder.ok(&["catalog", "--out", "-"]);
    assert_eq!(printed.out, folder.read("catalog.html"));
}

#[test]
fn warnings_are_said_and_change_nothing() {
    let folder = Folder::with(WARNED);
    let run = folder.ok(&["catalog", "--out", "catalog.html"]);
    assert!(run.err.contains("warning[unused-stream]"), "{}", run.err);
}

#[test]
fn bad_contracts_and_bad_places_leave_no_page() {
    let folder = Folder::with(BAD);
    let run = folder.run(&["catalog", "--out", "catalog.html"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("error[unknown-type]"), "{}", run.err);
    assert!(!folder.at("catalog.html").exists());

    let folder = Folder::with(GOOD);
    assert_eq!(folder.run(&["catalog"]).code, 2);
    folder.write("file", "in the way");
    let run = folder.run(&["catalog", "--out", "file/catalog.html"]);
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("error: cannot write file/catalog.html"),
        "{}",
        run.err
    );
}
