//! Structs of contracts: only an object decodes, and an older name counts only where the current one is not there.
//!
//! More than serde's derive can say, so generated structs are `#[serde(remote = "Self")]` and get their impls here.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The names that a struct also reads, each with the current one.
pub type Aliases = &'static [(&'static str, &'static str)];

/// A deserializer that gives a struct nothing but an object.
#[derive(Debug)]
pub struct ObjectOnly<D> {
    /// The one that reads.
    pub inner: D,
    /// Older names.
    pub aliases: Aliases,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(ObjectVisitor {
            visitor,
            aliases: self.aliases,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct ObjectVisitor<V> {
    visitor: V,
    aliases: Aliases,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ObjectVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        if self.aliases.is_empty() {
            return self.visitor.visit_map(map);
        }
        self.visitor.visit_map(Renamed {
            map,
            aliases: self.aliases,
            seen: Vec::new(),
            held: Vec::new(),
            next: None,
            done: false,
        })
    }
}

/// Holds the values of older names back until the end of the object, when it is known which current names were there.
struct Renamed<A> {
    map: A,
    aliases: Aliases,
    seen: Vec<&'static str>,
    held: Vec<(&'static str, serde_json::Value)>,
    next: Option<serde_json::Value>,
    done: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Renamed<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while !self.done {
            let Some(key) = self.map.next_key::<String>()? else {
                self.done = true;
                break;
            };
            if let Some((_, current)) = self.aliases.iter().find(|(old, _)| *old == key) {
                let value = self.map.next_value()?;
                self.held.push((current, value));
                continue;
            }
            if let Some((_, current)) = self.aliases.iter().find(|(_, current)| *current == key) {
                self.seen.push(current);
            }
            let key: StringDeserializer<A::Error> = key.into_deserializer();
            return seed.deserialize(key).map(Some);
        }
        while let Some((current, value)) = self.held.pop() {
            if !self.seen.contains(&current) {
                self.seen.push(current);
                self.next = Some(value);
                let key: StringDeserializer<A::Error> = current.to_owned().into_deserializer();
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        match self.next.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.map.next_value_seed(seed),
        }
    }
}

/// Gives a `#[serde(remote = "Self")]` struct its `Serialize` and `Deserialize`: only a JSON object decodes, and with
/// `alias { "old" = "current" }` an older wire name is read where the current one is not there.
///
/// ```
/// use event_runtime::{serde, serde_json};
///
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// #[serde(remote = "Self", rename_all = "camelCase")]
/// pub struct Point {
///     pos_x: i32,
/// }
/// event_runtime::wire_struct!(Point, alias { "x" = "posX" });
///
/// assert_eq!(serde_json::from_str::<Point>(r#"{"x":1}"#).unwrap(), Point { pos_x: 1 });
/// assert_eq!(serde_json::from_str::<Point>(r#"{"posX":2,"x":1}"#).unwrap(), Point { pos_x: 2 });
/// assert!(serde_json::from_str::<Point>("[1]").is_err());
/// ```
#[macro_export]
macro_rules! wire_struct {
    ($name:ident) => {
        $crate::wire_struct!($name, alias {});
    };
    ($name:ident, alias { $($old:literal = $current:literal),* $(,)? }) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(inner: D) -> ::core::result::Result<Self, D::Error> {
                $name::deserialize($crate::private::ObjectOnly { inner, aliases: &[$(($old, $current)),*] })
            }
        }
    };
}
