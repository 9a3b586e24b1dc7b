//! Unions of objects that no tag tells apart, as imported schemas have them: `wire_choice!`. Never used for contracts' own
//! types, whose unions have a tag.
//!
//! Not serde's `untagged`, which takes the first variant that can be read: here it is the first that fulfils its constraints
//! too, as the schema means it.

use std::cell::Cell;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde_json::Value;

/// Maximum number of variants that are tried in vain, for each value inside a union's value. Where unions contain each other, each
/// level tries everything below it once more for every variant.
const MAX_WRONG: u64 = 100;

thread_local! {
    /// The unions that are being read here, and how many variants may still turn out wrong in the outermost.
    static OPEN: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// Counts the values inside a value.
fn size(json: &Value) -> u64 {
    match json {
        Value::Array(items) => items.iter().map(size).sum::<u64>() + 1,
        Value::Object(members) => members.values().map(size).sum::<u64>() + 1,
        _ => 1,
    }
}

/// Value that may be one of several objects.
#[derive(Debug)]
pub struct Candidate {
    json: Value,
}

impl Candidate {
    /// Reads any value.
    ///
    /// # Errors
    /// Returns the deserializer's error.
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let (depth, left) = OPEN.get();
        let left = if depth == 0 {
            size(&json).saturating_mul(MAX_WRONG)
        } else {
            left
        };
        OPEN.set((depth + 1, left));
        Ok(Self { json })
    }

    /// Reads the value as a variant that has these members.
    #[must_use]
    pub fn read_as<T: DeserializeOwned>(&self, required: &[&str]) -> Option<T> {
        let object = self.json.as_object()?;
        let complete = required.iter().all(|name| object.contains_key(*name));
        if !complete || OPEN.get().1 == 0 {
            return None;
        }
        let read = T::deserialize(&self.json).ok();
        if read.is_none() {
            self.note_wrong();
        }
        read
    }

    /// Counts a variant that was read and is not it.
    pub fn note_wrong(&self) {
        let (depth, left) = OPEN.get();
        OPEN.set((depth, left.saturating_sub(1)));
    }

    /// Returns the error of a value that is none of the variants.
    #[must_use]
    pub fn refuse<E: de::Error>(&self) -> E {
        E::custom("the object is none of those that it may be")
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        let (depth, left) = OPEN.get();
        OPEN.set((depth.saturating_sub(1), left));
    }
}

/// Keywords of `wire_choice!`.
pub mod candidate {
    use crate::validate::{Checker, Validate};

    /// Checks the constraints of a variant.
    pub fn checked<T: Validate>(body: &T) -> bool {
        Checker::run(body).is_ok()
    }

    /// Accepts a variant without constraints.
    pub fn unchecked<T>(_: &T) -> bool {
        true
    }
}

/// Implements the wire form of a union without a tag: that of the first variant that accepts the object.
///
/// Each variant has the members that must be there, behind `checked` if it has constraints and `unchecked` if it has not. An
/// object that can be read and breaks the constraints of each variant is the first that was read, for
/// [`Event::validate`](crate::Event::validate) to say what is wrong.
///
/// ```
/// use event_wire::{serde, serde_json};
///
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// pub struct Phone {
///     number: String,
/// }
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// pub struct Mail {
///     address: String,
/// }
/// #[derive(Clone, Debug, PartialEq)]
/// pub enum Contact {
///     Phone(Phone),
///     Mail(Mail),
/// }
/// event_wire::wire_choice!(Contact {
///     Phone(Phone) = unchecked ["number"],
///     Mail(Mail) = unchecked ["address"],
/// });
///
/// let text = r#"{"address":"a@b.example"}"#;
/// let contact: Contact = serde_json::from_str(text).unwrap();
/// assert_eq!(contact, Contact::Mail(Mail { address: "a@b.example".into() }));
/// assert_eq!(serde_json::to_string(&contact).unwrap(), text);
/// ```
#[macro_export]
macro_rules! wire_choice {
    ($name:ident { $($variant:ident($body:ty) = $check:ident [$($required:literal),* $(,)?]),+ $(,)? }) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                match self {
                    $(Self::$variant(body) => $crate::serde::Serialize::serialize(body, serializer),)+
                }
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                let candidate = $crate::private::Candidate::read(deserializer)?;
                let mut wrong = ::core::option::Option::None;
                $(if let ::core::option::Option::Some(body) = candidate.read_as::<$body>(&[$($required),*]) {
                    let fits = $crate::private::candidate::$check(&body);
                    let this = Self::$variant(body);
                    if fits {
                        return ::core::result::Result::Ok(this);
                    }
                    candidate.note_wrong();
                    wrong = wrong.or(::core::option::Option::Some(this));
                })+
                wrong.ok_or_else(|| candidate.refuse())
            }
        }
    };
}

/// Gives a union of values of different kinds its form on the wire: that of the first alternative that takes the value.
///
/// ```
/// use event_wire::serde_json;
///
/// #[derive(Clone, Debug, PartialEq)]
/// pub enum Reference {
///     Number(i64),
///     Text(String),
/// }
/// event_wire::wire_kinds!(Reference { Number(i64), Text(String) });
///
/// let reference: Reference = serde_json::from_str("\"seven\"").unwrap();
/// assert_eq!(reference, Reference::Text("seven".into()));
/// assert_eq!(serde_json::to_string(&Reference::Number(7)).unwrap(), "7");
/// ```
#[macro_export]
macro_rules! wire_kinds {
    ($name:ident { $($variant:ident($body:ty)),+ $(,)? }) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                match self {
                    $(Self::$variant(body) => $crate::serde::Serialize::serialize(body, serializer),)+
                }
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                let value: $crate::serde_json::Value = $crate::serde::Deserialize::deserialize(deserializer)?;
                $(if let ::core::result::Result::Ok(body) = <$body as $crate::serde::Deserialize>::deserialize(&value) {
                    return ::core::result::Result::Ok(Self::$variant(body));
                })+
                ::core::result::Result::Err($crate::serde::de::Error::custom("the value is none of those that it may be"))
            }
        }
    };
}

/// Gives a struct around one value the form of that value on the wire.
///
/// A tuple struct can be made of the value and be used as if it were the value.
///
/// ```
/// use event_wire::serde_json;
///
/// #[derive(Clone, Debug, PartialEq)]
/// pub struct Labels(pub Vec<String>);
/// event_wire::wire_newtype!(Labels(Vec<String>));
///
/// let labels = Labels::from(vec!["a".to_owned()]);
/// assert_eq!(labels.len(), 1);
/// assert_eq!(serde_json::to_string(&labels).unwrap(), r#"["a"]"#);
/// ```
#[macro_export]
macro_rules! wire_newtype {
    ($name:ident($body:ty)) => {
        $crate::wire_newtype!(@wire $name, 0, $body, Self);
        impl ::core::ops::Deref for $name {
            type Target = $body;
            fn deref(&self) -> &$body {
                &self.0
            }
        }
        impl ::core::convert::From<$body> for $name {
            fn from(value: $body) -> Self {
                Self(value)
            }
        }
        impl ::core::convert::From<$name> for $body {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
    ($name:ident { $field:ident: $body:ty }) => {
        $crate::wire_newtype!(@wire $name, $field, $body, |$field| Self { $field });
    };
    (@wire $name:ident, $field:tt, $body:ty, $make:expr) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                $crate::serde::Serialize::serialize(&self.$field, serializer)
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                <$body as $crate::serde::Deserialize>::deserialize(deserializer).map($make)
            }
        }
    };
}
