//! The page's structure: everything is there and linked, nothing of a contract is markup, and it is the same every time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::links::{event_link, service_link};
use super::*;
use crate::diagnostic::Diagnostics;
use crate::model::ServiceId;
use crate::{check, read};

fn checked(files: &[(&str, &str)]) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let files = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let model = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

fn folder(path: &str) -> Checked {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&path, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

/// The values of an attribute, quoted or not, in the order of the page; without style and script.
fn attributes(page: &str, name: &str) -> Vec<String> {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (body, _) = rest.rsplit_once("<script>").unwrap();
    let body = body.split_once("</style>").unwrap().1;
    let quoted = format!(" {name}=");
    let values = [head, body].into_iter().flat_map(|part| {
        part.split(&quoted)
            .skip(1)
            .map(|after| match after.strip_prefix('"') {
                Some(value) => value.split('"').next().unwrap().to_owned(),
                None => after.split([' ', '>']).next().unwrap().to_owned(),
            })
    });
    values.collect()
}

/// What an escaped attribute stands for.
fn unescaped(value: &str) -> String {
    let text = value.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

/// The id that a link's `href` names.
fn target(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' && after.len() >= 2 {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn assert_linked(page: &str) {
    let ids: Vec<String> = attributes(page, "id")
        .iter()
        .map(|id| unescaped(id))
        .collect();
    let set: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(set.len(), ids.len(), "an id stands twice");
    for href in attributes(page, "href") {
        if let Some(there) = href.strip_prefix('#') {
            assert!(set.contains(&target(there)), "{href} leads nowhere");
        }
    }
}

#[test]
fn everything_is_present_and_linked() {
    for path in ["contracts", "tests/catalog/awkward"] {
        let contracts = folder(path);
        let page = catalog(&contracts);
        let index = Index::new(&contracts);
        let ids: BTreeSet<String> = attributes(&page, "id")
            .iter()
            .map(|id| unescaped(id))
            .collect();
        let links: Vec<String> = attributes(&page, "href")
            .iter()
            .map(|href| target(href.trim_start_matches('#')))
            .collect();
        let mut expected: Vec<String> = index.events().map(|id| ids::event(&index, id)).collect();
        expected.extend(index.types().map(|id| ids::ty(&index, id)));
        expected.extend(index.services().map(|id| ids::service(&index, id)));
        assert!(expected.len() > 8);
        for id in &expected {
            assert!(ids.contains(id), "{id} is not there");
            // Its own heading, and the contents.
            let count = links.iter().filter(|link| *link == id).count();
            assert!(count >= 2, "{id} is linked {count} times");
        }
        assert_linked(&page);
    }
}

#[test]
fn the_same_bytes_every_time() {
    let contracts = folder("contracts");
    assert_eq!(catalog(&contracts), catalog(&contracts));
    assert_eq!(catalog(&contracts), catalog(&folder("contracts")));
}

#[test]
fn no_text_of_a_contract_is_markup() {
    let page = catalog(&folder("tests/catalog/awkward"));
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("</style").count(), 1);
    for never in [
        "<img",
        "<marquee",
        "<i>",
        "<gone",
        "<now>",
        "<none>",
        "onerror=\"",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("&lt;script&gt;window.hacked = 1&lt;/script&gt;"));
    // Escaped once and not twice.
    assert!(!page.contains("&amp;lt;") && !page.contains("&amp;quot;"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = catalog(&folder("contracts"));
    assert_eq!(attributes(&page, "src"), Vec::<String>::new());
    for href in attributes(&page, "href") {
        assert!(href.starts_with('#') || href.starts_with("data:"), "{href}");
    }
    assert!(!CSS.contains("url(") && !CSS.contains("@import"));
    assert!(!JS.contains("fetch(") && !JS.contains("XMLHttpRequest"));
    // Else the first `</script` or `</style` in them would end them.
    assert!(!JS.contains("</") && !CSS.contains("</"));
}

#[test]
fn an_example_of_the_contract_goes_before_a_made_up_sample() {
    let with = "[events.A]\nsubject = \"a.b\"\nexamples = [{ n = \"mine\" }]\nfields = { n = \"string\" }\n";
    let page = catalog(&checked(&[("a.toml", with)]));
    assert!(page.contains("<figcaption>Example<") && page.contains(">\"mine\"<"));
    let page = catalog(&checked(&[(
        "a.toml",
        &with.replace("examples", "# examples"),
    )]));
    assert!(page.contains("<figcaption>Sample<") && !page.contains("<figcaption>Example<"));
}

#[test]
fn an_empty_corner_of_every_kind_is_no_mistake() {
    let page = catalog(&checked(&[
        ("a.toml", "doc = \"nothing yet\"\n"),
        ("b.toml", "[events.E]\nsubject = \"e.f\"\nfields = {}\n"),
    ]));
    assert_linked(&page);
    assert!(!page.contains("<svg viewBox=\"-6"));
    assert!(page.contains("nobody"));
}

#[test]
fn who_handles_a_newer_event_handles_the_older_ones_too() {
    let text = "[events.A]\nsubject = \"a.1\"\nfields = {}\n\
                [events.B]\nsubject = \"a.2\"\nsupersedes = \"A\"\nfields = {}\n\
                [events.C]\nsubject = \"a.3\"\nsupersedes = \"B\"\nfields = {}\n\
                [services.web]\npublishes = [\"A\", \"B\", \"C\"]\n[services.mail]\nsubscribes = [\"C\"]\n";
    let contracts = checked(&[("a.toml", text)]);
    let page = catalog(&contracts);
    assert_linked(&page);
    assert!(!page.contains("nobody"), "{page}");
    let index = Index::new(&contracts);
    let (a, c, mail) = (EventId(0), EventId(2), ServiceId(1));
    assert_eq!(index.subscribers(a), [mail]);
    assert_eq!(index.handled_as(mail, a), Some(c));
    assert_eq!(index.handled_as(mail, c), None);
    let as_newer = format!(
        "{} as {}",
        service_link(&index, mail),
        event_link(&index, c)
    );
    // On the pages of both older events.
    assert_eq!(page.matches(&as_newer).count(), 2);
    for older in [a, EventId(1)] {
        let line = format!("{} as {}", event_link(&index, older), event_link(&index, c));
        assert!(
            page.contains(&line),
            "not on the page of the service: {line}"
        );
    }
}

#[test]
fn large_contracts_get_pictures_that_can_be_read() {
    let mut files = Vec::new();
    for domain in 0..6 {
        let mut text = String::new();
        let mut names = Vec::new();
        for event in 0..15 {
            text.push_str(&format!(
                "[events.E{event}]\nsubject = \"d{domain}.e{event}\"\nfields = {{ a = \"bool\" }}\n"
            ));
            names.push(format!("\"E{event}\""));
        }
        let before = (domain + 5) % 6;
        text.push_str(&format!(
            "[services.s{domain}]\npublishes = [{}]\nsubscribes = [\"d{before}.E0\"]\n",
            names.join(", ")
        ));
        files.push((format!("d{domain}.toml"), text));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let contracts = checked(&files);
    let page = catalog(&contracts);
    assert_linked(&page);
    let index = Index::new(&contracts);
    assert!(!graph::fits(&index));
    assert!(page.contains("aria-label=\"Domains: whose services handle whose events\""));
    assert_eq!(page.matches("and their services\"").count(), 6);
    assert_eq!(page.matches("handles and publishes\"").count(), 6);
    assert!(page.contains("<body class=many>"));
}
