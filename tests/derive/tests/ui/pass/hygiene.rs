//! Names of the prelude, raw identifiers and no prelude at all do not disturb the derive; nor does a renamed runtime.
#![no_implicit_prelude]
#![deny(warnings)]

extern crate event_runtime;
extern crate serde;
extern crate std;

mod names {
    #![allow(dead_code, non_camel_case_types)]
    pub struct Option;
    pub struct Some;
    pub struct None;
    pub struct Result;
    pub struct Ok;
    pub struct Err;
    pub struct String;
    pub struct Box;
    pub struct Event;
    pub struct Subject;
    pub struct SubjectWriter;
    pub trait Into {}
    pub trait Default {}
    pub mod core {}

    #[derive(::serde::Serialize, ::serde::Deserialize, ::event_runtime::Event)]
    #[serde(rename_all = "camelCase")]
    #[event(subject = "a.{partition}.{type}.{self}.b", stream = "A", id = "type", key = "type", partitions = 2)]
    pub struct r#Typed {
        pub r#type: ::std::string::String,
        pub self_: bool,
    }
}

mod renamed {
    pub mod other {
        pub(crate) use ::event_runtime as bus;
    }

    #[derive(other::bus::serde::Serialize, other::bus::serde::Deserialize, other::bus::Event)]
    #[serde(crate = "other::bus::serde", rename_all = "camelCase")]
    #[event(crate = "other::bus", subject = "renamed.{a}")]
    pub struct Renamed {
        pub a: u32,
    }
}

fn main() {
    let typed = names::Typed { r#type: ::std::convert::From::from("t"), self_: true };
    let subject = ::event_runtime::Event::subject(&typed).unwrap();
    ::std::assert!(subject.ends_with(".t.true.b"));
    let renamed = renamed::Renamed { a: 1 };
    ::std::assert_eq!(::event_runtime::Event::subject(&renamed).unwrap().as_str(), "renamed.1");
}
