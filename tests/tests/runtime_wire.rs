//! What values look like on the wire, and what a reader makes of what others write.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{
    Bytes, Date, Event, IsoDuration, Json, Timestamp, Token, UnknownVariant, Uuid, serde_json,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    Sms,
    Email,
    Unknown(String),
}
event_runtime::wire_enum!(Channel, open(Unknown) { Sms = "sms", Email = "e-mail" });

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Left,
    Right,
}
event_runtime::wire_enum!(Side, closed { Left = "left", Right = "right" });

#[derive(Clone, Debug, PartialEq)]
pub struct Phone {
    pub phone_number: String,
}
event_runtime::wire_struct!(Phone {
    phone_number = required("phoneNumber"),
}, alias { "number" = "phoneNumber" });

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
pub struct Mail {
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<Contact>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Contact {
    Phone(Phone),
    Mail(Mail),
    Unknown(UnknownVariant),
}
event_runtime::wire_union!(Contact, tag = "kind", open(Unknown) { Phone(Phone) = "phone", Mail(Mail) = "mail" });

#[derive(Clone, Debug, PartialEq)]
pub enum Only {
    Phone(Phone),
}
event_runtime::wire_union!(Only, tag = "kind", closed { Phone(Phone) = "phone" });

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "t.Everything", subject = "everything")]
pub struct Everything {
    pub at: Timestamp,
    pub day: Date,
    pub length: IsoDuration,
    pub data: Bytes,
    pub id: Uuid,
    pub channel: Channel,
    pub side: Side,
    pub contact: Contact,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<Json>,
}

const TEXT: &str = r#"{"at":"2026-01-02T03:04:05.500Z","day":"2026-01-02","length":"PT1M","data":"AP8=","id":"00000000-0000-0000-0000-000000000007","channel":"sms","side":"left","contact":{"kind":"phone","phoneNumber":"+49"}}"#;

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn one_form_is_written_and_read() {
    let everything: Everything = read(TEXT).unwrap();
    assert_eq!(serde_json::to_string(&everything).unwrap(), TEXT);
}

#[test]
fn what_peers_write_otherwise_is_read_too() {
    let other = TEXT
        .replace("2026-01-02T03:04:05.500Z", "2026-01-02T05:04:05.5+02:00")
        .replace("PT1M", "PT60S")
        .replace("\"phoneNumber\"", "\"later\":{\"a\":[1]},\"number\"")
        .replace(r#""side""#, r#""note":null,"any":null,"unknown":1,"side""#);
    let everything: Everything = read(&other).unwrap();
    assert_eq!(serde_json::to_string(&everything).unwrap(), TEXT);
}

#[test]
fn unknown_values_of_open_types_are_kept_byte_for_byte() {
    assert_eq!(
        read::<Channel>("\"fax\"").unwrap(),
        Channel::Unknown("fax".into())
    );
    assert_eq!(
        serde_json::to_string(&Channel::Unknown("fax".into())).unwrap(),
        "\"fax\""
    );
    let text = r#"{"big":18446744073709551616123, "z":1.50,"kind":"pigeon","a":{"b":[null]}}"#;
    let contact: Contact = read(text).unwrap();
    let Contact::Unknown(unknown) = &contact else {
        panic!("{contact:?}")
    };
    assert_eq!((unknown.tag(), unknown.json()), ("pigeon", text));
    assert_eq!(serde_json::to_string(&contact).unwrap(), text);
    // Also inside of a known variant, and by way of a value.
    let nested = format!(r#"{{"kind":"mail","address":"a@b","owner":{text}}}"#);
    let contact: Contact = read(&nested).unwrap();
    assert!(
        matches!(&contact, Contact::Mail(Mail { owner: Some(owner), .. }) if matches!(**owner, Contact::Unknown(_)))
    );
    assert_eq!(serde_json::to_string(&contact).unwrap(), nested);
    let value: Json = read(r#"{"kind":"phone","phoneNumber":"1"}"#).unwrap();
    assert_eq!(
        serde_json::from_value::<Contact>(value).unwrap(),
        Contact::Phone(Phone {
            phone_number: "1".into()
        })
    );
}

#[test]
fn what_is_broken_is_an_error_and_never_unknown() {
    for bad in [
        r#"{"phoneNumber":"1"}"#,
        r#"{"kind":"phone"}"#,
        r#"{"kind":"phone","phoneNumber":1}"#,
        r#"{"kind":7,"phoneNumber":"1"}"#,
        r#"{"kind":null}"#,
        r#"["phone","1"]"#,
        "\"phone\"",
        "null",
    ] {
        assert!(read::<Contact>(bad).is_err(), "{bad}");
    }
    assert!(read::<Only>(r#"{"kind":"phone","phoneNumber":"1"}"#).is_ok());
    assert!(read::<Only>(r#"{"kind":"mail","address":"1"}"#).is_err());
    assert!(read::<Side>("\"up\"").is_err());
    assert!(read::<Channel>("1").is_err());
    assert!(
        read::<Phone>(r#"["1"]"#).is_err(),
        "only an object is a struct"
    );
}

#[test]
fn the_current_name_wins_over_the_older_one() {
    let phone = |number: &str| Phone {
        phone_number: number.into(),
    };
    assert_eq!(read::<Phone>(r#"{"number":"old"}"#).unwrap(), phone("old"));
    assert_eq!(
        read::<Phone>(r#"{"number":"old","phoneNumber":"new"}"#).unwrap(),
        phone("new")
    );
    assert_eq!(
        read::<Phone>(r#"{"phoneNumber":"new","number":"old"}"#).unwrap(),
        phone("new")
    );
    assert_eq!(
        serde_json::to_string(&phone("1")).unwrap(),
        r#"{"phoneNumber":"1"}"#
    );
    // An older name whose value does not count may be anything.
    assert_eq!(
        read::<Phone>(r#"{"phoneNumber":"new","number":[1]}"#).unwrap(),
        phone("new")
    );
}

#[test]
fn enums_are_tokens() {
    let mut text = String::new();
    Channel::Email.write_token(&mut text).unwrap();
    assert_eq!(
        (
            text.as_str(),
            Channel::Email.as_str(),
            Side::Left.to_string().as_str()
        ),
        ("e-mail", "e-mail", "left")
    );
    let subject = event_runtime::SubjectWriter::new()
        .literal("a")
        .token("channel", &Channel::Unknown("b.c".into()));
    assert!(subject.finish().is_err());
}

/// Decoding goes through a message in a service; here through the same door as `subscribe`.
#[tokio::test]
async fn errors_say_the_path_and_what_was_expected_but_no_value() {
    let server = event_testing::TestServer::start().await.unwrap();
    let bus = event_runtime::Bus::connect(event_runtime::Config::new(&server.url()).unwrap())
        .await
        .unwrap();
    let mut events = bus
        .subscribe(event_runtime::Filter::<Everything>::all())
        .await
        .unwrap();
    let cases = [
        (
            TEXT.replace("2026-01-02T03:04:05.500Z", "s3cr3t"),
            "at at: the value is not one of the field's type",
        ),
        (
            TEXT.replace("PT1M", "s3cr3t"),
            "at length: expected an ISO 8601 duration without years and months",
        ),
        (
            TEXT.replace("AP8=", "s3cr3t"),
            "at data: expected standard base64",
        ),
        (
            TEXT.replace("00000000-0000-0000-0000-000000000007", "s3cr3t"),
            "at id: expected a UUID",
        ),
        (
            TEXT.replace("\"left\"", "\"s3cr3t, expected nothing\""),
            "at side: expected one of `left` `right`",
        ),
        (
            TEXT.replace("\"sms\"", "{\"s3cr3t\":1}"),
            "at channel: expected a text",
        ),
        (
            TEXT.replace("\"+49\"", "[\"s3cr3t\"]"),
            "at contact: in variant `phone` at phoneNumber: expected a string",
        ),
        (
            TEXT.replace("phoneNumber", "s3cr3t"),
            "at contact: in variant `phone`: missing field `phoneNumber`",
        ),
        (
            TEXT.replace("\"kind\"", "\"s3cr3t\""),
            "at contact: missing field `kind`",
        ),
        (
            TEXT.replace(",\"side\":\"left\"", ""),
            "missing field `side`",
        ),
        (
            TEXT.replace("}}", "}} s3cr3t"),
            "the body is not JSON: trailing characters at line 1 column 205",
        ),
        ("\"s3cr3t\"".to_owned(), "the body is not a JSON object"),
        (String::new(), "the body is not a JSON object"),
    ];
    for (body, expected) in cases {
        bus.client()
            .publish("everything", body.clone().into())
            .await
            .unwrap();
        let error = events.next().await.unwrap().unwrap_err().to_string();
        assert_eq!(error, format!("t.Everything: {expected}"), "{body}");
    }
}
