//! Enums and unions of contracts: `wire_enum!`, `wire_union!`, and the unknown variants that a build preserves.
//!
//! A union's own `Deserialize`, because serde's tag with an untagged fallback turns a broken known variant into the
//! fallback. A missing tag or a known tag with a broken body is an error here, and never `Unknown`.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::problem::{IN_VARIANT, problem};
use crate::tagged::TagFirst;
use crate::text::TextVisitor;

/// Variant of a union that this build does not know: preserved as received and written back byte for byte.
#[derive(Clone, Debug)]
pub struct UnknownVariant {
    tag: String,
    json: Box<RawValue>,
}

impl UnknownVariant {
    /// Returns the tag's value.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Returns the whole JSON object, its tag included.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

/// Equal when the JSON text is.
impl PartialEq for UnknownVariant {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Serialize for UnknownVariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// The deepest nesting of a union's value. serde_json has this limit for a text, and a union's value is a text of its own.
const MAX_NESTING: usize = 128;
/// A shorter text holds too few unions in each other to need a look.
const SHORT: usize = 1024;

thread_local! {
    /// `true` while a union's value is read that was checked as a whole.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Guard that marks a union's value as being read.
struct Inside {
    before: bool,
}

impl Inside {
    fn enter() -> Self {
        Self {
            before: INSIDE.replace(true),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}

/// Checks if a JSON text nests too deep for a recursive reader.
fn is_deep(json: &str) -> bool {
    if json.len() < SHORT || INSIDE.get() {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return true;
        }
    }
    false
}

/// Object whose tag is read and whose body is not yet.
pub struct TaggedObject {
    tag: String,
    json: Box<RawValue>,
}

impl TaggedObject {
    /// Reads any JSON object that has the tag.
    ///
    /// # Errors
    /// Returns an error if the value is not an object with a string as its tag.
    pub fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        tag: &'static str,
    ) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        if is_deep(json.get()) {
            return Err(de::Error::custom("recursion limit exceeded"));
        }
        let mut reader = serde_json::Deserializer::from_str(json.get());
        let found = reader.deserialize_map(TagVisitor(tag)).map_err(|_| {
            de::Error::invalid_type(
                de::Unexpected::Other("another value"),
                &"an object with a text as its tag",
            )
        })?;
        match found {
            Some(tag) => Ok(Self { tag, json }),
            None => Err(de::Error::missing_field(tag)),
        }
    }

    /// Returns the tag's value.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Reads the body of a known variant.
    ///
    /// # Errors
    /// Returns an error if the body is not this variant's.
    pub fn body<T: DeserializeOwned, E: de::Error>(&self) -> Result<T, E> {
        let _inside = Inside::enter();
        serde_json::from_str(self.json.get()).map_err(|_| {
            let problem = problem::<T>(self.json.get().as_bytes());
            let at = if problem.path.is_empty() {
                String::new()
            } else {
                format!(" at {}", problem.path)
            };
            E::custom(format_args!(
                "{IN_VARIANT}{}`{at}: {}",
                self.tag.escape_default(),
                problem.reason
            ))
        })
    }

    /// Preserves it as it is.
    #[must_use]
    pub fn into_unknown(self) -> UnknownVariant {
        UnknownVariant {
            tag: self.tag,
            json: self.json,
        }
    }

    /// Returns the error of a closed union.
    pub fn refuse<E: de::Error>(&self, expected: &'static str) -> E {
        E::invalid_value(de::Unexpected::Other("another tag"), &expected)
    }
}

struct TagVisitor(&'static str);

impl<'de> Visitor<'de> for TagVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the tag `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tag = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                if tag.is_some() {
                    return Err(de::Error::duplicate_field(self.0));
                }
                tag = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(tag)
    }
}

/// Writes a variant's fields with the tag in front of them.
///
/// # Errors
/// Returns the serializer's error.
pub fn serialize_tagged<T: Serialize, S: Serializer>(
    body: &T,
    serializer: S,
    tag: &'static str,
    value: &'static str,
) -> Result<S::Ok, S::Error> {
    body.serialize(TagFirst {
        serializer,
        tag,
        value,
    })
}

/// Reads the text of an enum.
///
/// # Errors
/// Returns an error if the value is not a string that `read` accepts.
pub fn deserialize_text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(TextVisitor { expected, read })
}

/// Implements the wire form of an enum, a string: `Serialize`, `Deserialize`, `Display`, [`Token`](crate::Token), `as_str`.
///
/// `open(Variant)` names the variant that preserves a text which this build does not know; `closed` rejects such texts and
/// implements `FromStr`.
///
/// # Examples
///
/// ```
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// pub enum Channel {
///     Sms,
///     Email,
///     Unknown(String),
/// }
/// event_wire::wire_enum!(Channel, open(Unknown) { Sms = "sms", Email = "email" });
///
/// let fax: Channel = event_wire::serde_json::from_str("\"fax\"").unwrap();
/// assert_eq!(fax, Channel::Unknown("fax".into()));
/// ```
#[macro_export]
macro_rules! wire_enum {
    ($name:ident, open($unknown:ident) { $($variant:ident = $text:literal),+ $(,)? }) => {
        $crate::wire_enum!(@texts $name { $($variant = $text),+ } [Self::$unknown(text) => text.as_str(),]);
        impl ::core::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::$unknown(::std::string::String::from(other)),
                }
            }
        }
        $crate::wire_enum!(@read $name, "a text", |text: &str| ::core::option::Option::Some($name::from(text)));
    };
    ($name:ident, closed { $($variant:ident = $text:literal),+ $(,)? }) => {
        $crate::wire_enum!(@texts $name { $($variant = $text),+ } []);
        $crate::wire_enum!(@read $name, ::core::concat!("one of", $(" `", $text, "`"),+), |text: &str| match text {
            $($text => ::core::option::Option::Some($name::$variant),)+
            _ => ::core::option::Option::None,
        });
        impl ::core::str::FromStr for $name {
            type Err = $crate::ParseTextError;
            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::ParseTextError> {
                match text {
                    $($text => ::core::result::Result::Ok(Self::$variant),)+
                    _ => ::core::result::Result::Err(::core::convert::From::from(
                        ::core::concat!("none of", $(" `", $text, "`"),+))),
                }
            }
        }
        impl ::core::convert::TryFrom<&str> for $name {
            type Error = $crate::ParseTextError;
            fn try_from(text: &str) -> ::core::result::Result<Self, $crate::ParseTextError> {
                text.parse()
            }
        }
        impl ::core::convert::TryFrom<::std::string::String> for $name {
            type Error = $crate::ParseTextError;
            fn try_from(text: ::std::string::String) -> ::core::result::Result<Self, $crate::ParseTextError> {
                text.parse()
            }
        }
    };
    (@texts $name:ident { $($variant:ident = $text:literal),+ } [$($other:tt)*]) => {
        impl $name {
            /// Returns the text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    $($other)*
                }
            }
        }
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl $crate::Token for $name {
            fn write_token(&self, out: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
                out.write_str(self.as_str())
            }
        }
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
    (@read $name:ident, $expected:expr, $read:expr) => {
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                $crate::private::deserialize_text(deserializer, $expected, $read)
            }
        }
    };
}

/// Implements the wire form of a union of structs: one object with a tag.
///
/// `open(Variant)` names the variant that preserves an [`UnknownVariant`](crate::UnknownVariant); `closed` rejects unknown tags.
///
/// # Examples
///
/// ```
/// use event_wire::{UnknownVariant, serde, serde_json};
///
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// pub struct Phone {
///     number: String,
/// }
/// #[derive(Clone, Debug, PartialEq)]
/// pub enum Contact {
///     Phone(Phone),
///     Unknown(UnknownVariant),
/// }
/// event_wire::wire_union!(Contact, tag = "kind", open(Unknown) { Phone(Phone) = "phone" });
///
/// let text = r#"{"kind":"phone","number":"+491"}"#;
/// let contact: Contact = serde_json::from_str(text).unwrap();
/// assert_eq!(contact, Contact::Phone(Phone { number: "+491".into() }));
/// assert_eq!(serde_json::to_string(&contact).unwrap(), text);
/// ```
#[macro_export]
macro_rules! wire_union {
    ($name:ident, tag = $tag:literal, open($unknown:ident) { $($variant:ident($body:ty) = $text:literal),+ $(,)? }) => {
        $crate::wire_union!(@impl $name, $tag, { $($variant($body) = $text),+ }, [$unknown],
            |object: $crate::private::TaggedObject| ::core::result::Result::Ok($name::$unknown(object.into_unknown())));
    };
    ($name:ident, tag = $tag:literal, closed { $($variant:ident($body:ty) = $text:literal),+ $(,)? }) => {
        $crate::wire_union!(@impl $name, $tag, { $($variant($body) = $text),+ }, [],
            |object: $crate::private::TaggedObject| ::core::result::Result::Err(
                object.refuse(::core::concat!("one of the tags", $(" `", $text, "`"),+))));
    };
    (@impl $name:ident, $tag:literal, { $($variant:ident($body:ty) = $text:literal),+ }, [$($unknown:ident)?], $fallback:expr) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                match self {
                    $(Self::$variant(body) => $crate::private::serialize_tagged(body, serializer, $tag, $text),)+
                    $(Self::$unknown(unknown) => $crate::serde::Serialize::serialize(unknown, serializer),)?
                }
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                let object = $crate::private::TaggedObject::read(deserializer, $tag)?;
                match object.tag() {
                    $($text => object.body::<$body, __D::Error>().map(Self::$variant),)+
                    _ => ($fallback)(object),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[derive(Clone, Debug, PartialEq)]
    struct Branch {
        next: Option<Box<Tree>>,
    }
    crate::wire_struct!(Branch {
        next = optional("next"),
    });

    #[derive(Clone, Debug, PartialEq)]
    enum Tree {
        Branch(Branch),
    }
    crate::wire_union!(Tree, tag = "kind", closed { Branch(Branch) = "branch" });

    fn nested(levels: usize) -> String {
        let inner = format!(
            "{}{{\"kind\":\"branch\"}}",
            r#"{"kind":"branch","next":"#.repeat(levels)
        );
        inner + &"}".repeat(levels)
    }

    /// Each union's value is a text of its own, for which serde_json counts from the start.
    #[test]
    fn what_nests_too_deep_is_refused_and_takes_no_stack() {
        for levels in [0, 10, 100] {
            let text = nested(levels);
            let tree: Tree = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&tree).unwrap(), text);
        }
        for levels in [200, 50_000] {
            let text = nested(levels);
            let error = serde_json::from_str::<Tree>(&text).unwrap_err();
            assert!(error.to_string().starts_with("recursion limit"), "{error}");
        }
        // Braces in texts nest nothing.
        let text = format!(r#"{{"kind":"branch","note":"\"{}"}}"#, "{".repeat(2_000));
        serde_json::from_str::<Tree>(&text).unwrap();
    }

    #[test]
    fn a_tag_that_is_there_twice_is_refused() {
        let twice = r#"{"kind":"branch","kind":"branch"}"#;
        assert!(serde_json::from_str::<Tree>(twice).is_err());
    }
}
