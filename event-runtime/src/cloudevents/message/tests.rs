use super::*;

const EVENT: &str = "shop.OrderPlaced";
const BODY: &str = r#"{"orderId":7}"#;

/// The headers that a good message has.
const GOOD: &[(&str, &str)] = &[
    ("ce-specversion", "1.0"),
    ("ce-id", "7"),
    ("ce-source", "/shop"),
    ("ce-type", EVENT),
    ("ce-time", "2026-02-03T04:05:06.7+01:00"),
    ("ce-datacontenttype", "application/json"),
];

fn message(headers: &[(&str, &str)], body: &str) -> Message {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, *value);
    }
    Message {
        subject: "orders:placed".into(),
        reply: None,
        payload: body.to_owned().into(),
        headers: Some(map),
        status: None,
        description: None,
        length: body.len(),
    }
}

/// The good headers with one changed; left out where there is no value.
fn with<'a>(name: &'a str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let others = GOOD.iter().copied().filter(|(other, _)| *other != name);
    others.chain(value.map(|value| (name, value))).collect()
}

fn read(headers: &[(&str, &str)], body: &str) -> Result<(Option<CloudEvent>, String), String> {
    let message = message(headers, body);
    match open(EVENT, &message) {
        Ok(opened) => Ok((
            opened.cloud_event,
            String::from_utf8(opened.body.into_owned()).unwrap(),
        )),
        Err((cause, error)) => Err(format!("{}: {error}", cause.as_str())),
    }
}

#[test]
fn a_percent_sign_without_digits_stands_for_itself() {
    for text in ["50%", "%4", "%zz", "%+1", "%\u{20ac}"] {
        assert_eq!(unescaped(text).as_deref(), Some(text));
    }
    // An overlong space, and a byte that begins nothing.
    for text in ["%C0%A0", "%ff"] {
        assert_eq!(unescaped(text), None, "{text}");
    }
}

#[test]
fn binary_mode() {
    let (event, body) = read(GOOD, BODY).unwrap();
    let event = event.unwrap();
    assert_eq!(body, BODY);
    assert_eq!(
        event,
        CloudEvent {
            time: moment("2026-02-03T03:05:06.7Z").ok(),
            ..CloudEvent::new("7", "/shop", EVENT)
        }
    );
}

#[test]
fn headers_as_other_publishers_write_them() {
    let id = |value| {
        let (event, _) = read(&with("ce-id", Some(value)), BODY)?;
        Ok::<_, String>(event.unwrap().id)
    };
    // Encoded more than it must be, in lower case, not at all, and quoted as older versions of the binding had it.
    assert_eq!(id("Euro%20%E2%82%AC").unwrap(), "Euro \u{20ac}");
    assert_eq!(id("%41%e2%82%ac").unwrap(), "A\u{20ac}");
    assert_eq!(id(" \u{20ac} 50% ").unwrap(), "\u{20ac} 50%");
    assert_eq!(id(r#""a \"b\" %41\\""#).unwrap(), r#"a "b" A\"#);
    // Decoded once, and only to UTF-8.
    assert_eq!(id("%2541").unwrap(), "%41");
    let error = id("%C0%A0").unwrap_err();
    assert!(
        error.contains("the header ce-id is not percent-encoded UTF-8"),
        "{error}"
    );

    let shouted: Vec<(String, &str)> = GOOD.iter().map(|(n, v)| (n.to_uppercase(), *v)).collect();
    let shouted: Vec<(&str, &str)> = shouted.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    assert!(read(&shouted, BODY).unwrap().0.is_some());

    // Where SDKs for HTTP have the media type.
    let http = [
        with("ce-datacontenttype", None),
        vec![("Content-Type", "application/json; charset=utf-8")],
    ]
    .concat();
    assert!(read(&http, BODY).unwrap().0.is_some());
    let xml = [
        with("ce-datacontenttype", None),
        vec![("content-type", "text/xml")],
    ]
    .concat();
    assert!(read(&xml, BODY).is_err());
}

#[test]
fn a_plain_peer_sends_no_envelope() {
    for headers in [
        &[][..],
        &[("Nats-Msg-Id", "shop.OrderPlaced:7"), ("traceparent", "x")],
        &[
            ("content-type", "text/plain"),
            ("ce-traceparent", "00-"),
            ("ce", "x"),
        ],
    ] {
        assert_eq!(read(headers, BODY).unwrap(), (None, BODY.to_owned()));
    }
    let mut bare = message(&[], BODY);
    bare.headers = None;
    assert!(open(EVENT, &bare).unwrap().cloud_event.is_none());
}

#[test]
fn what_is_no_cloud_event_says_why() {
    for (name, value, expected) in [
        (
            "ce-specversion",
            Some("0.3"),
            "undecodable: shop.OrderPlaced: ce-specversion is not 1.0",
        ),
        (
            "ce-specversion",
            None,
            "undecodable: shop.OrderPlaced: ce-specversion is missing",
        ),
        (
            "ce-type",
            Some("shop.OrderShipped"),
            "contradiction: shop.OrderPlaced: ce-type names another event than the subject does",
        ),
        (
            "ce-type",
            None,
            "undecodable: shop.OrderPlaced: ce-type is missing",
        ),
        (
            "ce-id",
            Some(""),
            "undecodable: shop.OrderPlaced: ce-id is missing",
        ),
        (
            "ce-source",
            None,
            "undecodable: shop.OrderPlaced: ce-source is missing",
        ),
        (
            "ce-time",
            Some("yesterday"),
            "undecodable: shop.OrderPlaced: ce-time is no RFC 3339 timestamp",
        ),
        (
            "ce-datacontenttype",
            Some("application/xml"),
            "undecodable: shop.OrderPlaced: ce-datacontenttype is not JSON (application/json)",
        ),
    ] {
        assert_eq!(
            read(&with(name, value), BODY).unwrap_err(),
            expected,
            "{name}"
        );
    }
    for twice in [("ce-type", EVENT), ("Ce-Type", EVENT)] {
        let error = read(&[GOOD, &[twice]].concat(), BODY).unwrap_err();
        assert!(
            error.ends_with("the header ce-type stands twice"),
            "{error}"
        );
    }
}

#[test]
fn media_types_of_json() {
    for good in [
        "application/json",
        "Text/JSON ; a=b",
        "application/vnd.x+json;charset=utf-8",
    ] {
        assert!(is_json(good), "{good}");
    }
    for bad in [
        "",
        "json",
        "application/jsonp",
        "application/json-seq",
        "text/plain;a=/json",
    ] {
        assert!(!is_json(bad), "{bad}");
    }
}

#[test]
fn structured_mode() {
    let content = [(
        "content-type",
        "Application/CloudEvents+json; charset=utf-8",
    )];
    let whole = |data: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"\u00e9","source":"/shop","type":"{EVENT}","time":null,"mine":1,{data}}}"#
        )
    };
    let (event, body) = read(&content, &whole(r#""data" : {"orderId":7}"#)).unwrap();
    assert_eq!(body, BODY);
    assert_eq!(event.unwrap(), CloudEvent::new("\u{e9}", "/shop", EVENT));
    // Metadata beside it is that of a hop, and the body has all of it.
    let hop = [content[0], ("ce-type", "x")];
    assert!(
        read(
            &hop,
            &whole(r#""data":{},"datacontenttype":"application/json""#)
        )
        .is_ok()
    );
    let base64 = whole(r#""data_base64":"eyJvcmRlcklkIjo3fQ==""#);
    assert_eq!(read(&content, &base64).unwrap().1, BODY);

    for (body, expected) in [
        (
            whole(r#""datacontenttype":"text/xml","data":"<a/>""#),
            "datacontenttype is not JSON (application/json)",
        ),
        (whole(r#""data":null"#), "has no data"),
        (
            whole(r#""data":{},"data_base64":"""#),
            "has data and data_base64",
        ),
        (
            whole(r#""data_base64":"?""#),
            "the CloudEvent's data_base64 is not valid base64",
        ),
        (
            whole(r#""id":"secret","data":{}"#),
            "the CloudEvent in the body: duplicate field `id`",
        ),
        (
            r#"{"id":"x","specversion":1}"#.to_owned(),
            "the CloudEvent in the body: expected a string",
        ),
        (r#"{"data":{}}"#.to_owned(), "specversion is missing"),
        (BODY.to_owned(), "has no data"),
    ] {
        let error = read(&content, &body).unwrap_err();
        assert!(error.ends_with(expected), "{error}: {expected}");
    }
    for (format, expected) in [
        ("application/cloudevents+xml", "only its JSON format"),
        ("application/cloudevents-batch+json", "a batch"),
    ] {
        let error = read(&[("content-type", format)], BODY).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_structured_array_is_none() {
    let content = [("content-type", "application/cloudevents")];
    let array = r#"["1.0","7","/s","shop.OrderPlaced",null,null,{"orderId":7},null]"#;
    for body in ["", "[]", "7", "{", array] {
        assert!(read(&content, body).is_err(), "{body}");
    }
}

/// Texts of everything that means something somewhere: the same on every run.
fn odd_texts() -> impl Iterator<Item = String> {
    let alphabet: Vec<char> = "a1F%\"\\ :/?#[]@.;=+-{}\r\n\0\u{7f}\u{e9}\u{20ac}\u{1f600}"
        .chars()
        .collect();
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        (0..next(12))
            .map(|_| alphabet[next(alphabet.len())])
            .collect()
    })
    .take(20_000)
}

#[test]
fn any_text_survives_its_header() {
    for text in odd_texts() {
        let value = super::super::header_value(&text);
        assert!(value.bytes().all(|b| b.is_ascii_graphic()), "{text:?}");
        assert_eq!(unescaped(&value).as_deref(), Some(&*text));
    }
}

#[test]
fn any_name_is_a_uri_reference_once() {
    for name in odd_texts() {
        let source = super::super::uri_reference(&name);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
        assert!(source.bytes().all(plain), "{name:?}: {source}");
        assert!(source.matches('#').count() <= 1, "{name:?}: {source}");
        assert_eq!(source.is_empty(), name.is_empty());
        assert_eq!(super::super::uri_reference(&source), source, "{name:?}");
        for escape in source.split('%').skip(1) {
            let digits = escape.get(..2).unwrap();
            assert!(
                digits.bytes().all(|b| b.is_ascii_hexdigit()),
                "{name:?}: {source}"
            );
        }
    }
}

#[test]
fn nothing_panics() {
    let mut texts = odd_texts();
    while let (Some(value), Some(body)) = (texts.next(), texts.next()) {
        let value: String = value
            .chars()
            .filter(|c| !matches!(c, '\r' | '\n'))
            .collect();
        for name in [
            "ce-specversion",
            "ce-type",
            "ce-time",
            "ce-datacontenttype",
            "content-type",
        ] {
            let _ = read(&with(name, Some(&value)), &body);
        }
        let _ = read(&[("content-type", "application/cloudevents")], &body);
    }
}
