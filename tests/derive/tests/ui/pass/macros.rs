//! A struct that a macro writes, with the attribute's values from its arguments, in a function.
#![deny(warnings)]

macro_rules! event {
    ($name:ident, $subject:literal, $partitions:expr, $field:ident: $type:ty) => {
        #[derive(serde::Serialize, serde::Deserialize, event_runtime::Event)]
        #[serde(rename_all = "camelCase")]
        #[event(subject = $subject, stream = "S", key = "key_field", partitions = $partitions)]
        struct $name {
            $field: $type,
        }
    };
}

fn main() {
    event!(Written, "written.{partition}.{key_field}", 4, key_field: String);
    let written = Written { key_field: "k".to_owned() };
    let subject = event_runtime::Event::subject(&written).unwrap();
    assert!(subject.starts_with("written.") && subject.ends_with(".k"));
}
