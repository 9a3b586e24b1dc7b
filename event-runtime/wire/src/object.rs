//! Structs on the wire: only an object decodes, and an alias counts only if the current name is absent.
//!
//! More than serde's derive can say, and in a fraction of its compile time (see `fields`).

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess};

/// Aliases that a struct also reads, each with the current name.
pub type Aliases = &'static [(&'static str, &'static str)];

/// Map that holds the values of aliases back until the end of the object, when it is known which current names were there.
#[derive(Debug)]
pub struct Renamed<A> {
    map: A,
    aliases: Aliases,
    seen: Vec<&'static str>,
    held: Vec<(&'static str, serde_json::Value)>,
    next: Option<serde_json::Value>,
    done: bool,
}

impl<A> Renamed<A> {
    pub(crate) fn new(map: A, aliases: Aliases) -> Self {
        Self {
            map,
            aliases,
            seen: Vec::new(),
            held: Vec::new(),
            next: None,
            done: false,
        }
    }
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

/// Implements `Serialize` and `Deserialize` of a struct, with the wire name and the kind of each field.
///
/// Only a JSON object decodes. With `alias { "old" = "current" }` an older wire name is read if the current one is absent.
///
/// | kind | a field that … |
/// |---|---|
/// | `required("name")` | must be there |
/// | `optional("name")` | is an `Option`: left out when it is `None` |
/// | `defaulted("name", function)` | has a value when it is absent, and is always written |
/// | `present("name")` | is an `Option` that is left out when it is `None`; `null` is a value and stays one |
/// | `text`, `optional_text`, `defaulted_text` | is the same, and its numbers are sent as text |
///
/// ```
/// use event_wire::serde_json;
///
/// #[derive(Debug, PartialEq)]
/// pub struct Point {
///     pos_x: i32,
///     note: Option<String>,
/// }
/// event_wire::wire_struct!(Point {
///     pos_x = required("posX"),
///     note = optional("note"),
/// }, alias { "x" = "posX" });
///
/// let point = Point { pos_x: 1, note: None };
/// assert_eq!(serde_json::to_string(&point).unwrap(), r#"{"posX":1}"#);
/// assert_eq!(serde_json::from_str::<Point>(r#"{"x":1}"#).unwrap(), point);
/// assert_eq!(serde_json::from_str::<Point>(r#"{"posX":1,"x":2,"z":3}"#).unwrap(), point);
/// assert!(serde_json::from_str::<Point>("[1]").is_err());
/// ```
///
/// With `extra = field` that map keeps the members without a field of their own, as types from a JSON Schema do:
///
/// ```
/// use std::collections::BTreeMap;
/// use event_wire::serde_json;
///
/// #[derive(Debug, PartialEq)]
/// pub struct Open {
///     id: u32,
///     extra: BTreeMap<String, bool>,
/// }
/// event_wire::wire_struct!(Open { id = required("id") }, extra = extra);
///
/// let text = r#"{"id":1,"new":true}"#;
/// let open: Open = serde_json::from_str(text).unwrap();
/// assert_eq!(open.extra["new"], true);
/// assert_eq!(serde_json::to_string(&open).unwrap(), text);
/// ```
#[macro_export]
macro_rules! wire_struct {
    ($name:ident { $($field:ident = $kind:ident($wire:literal $(, $default:expr)?)),* $(,)? } $(, alias { $($old:literal = $current:literal),* $(,)? })?) => {
        #[automatically_derived]
        #[allow(deprecated, non_snake_case)]
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                $crate::private::write_object(serializer, ::core::stringify!($name),
                    $crate::wire_struct!(@tuple $([$crate::private::member::$kind($wire, &self.$field $(, $default)?)])*))
            }
        }
        #[automatically_derived]
        #[allow(deprecated, non_snake_case)]
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                $crate::private::read_object(deserializer, &[$($wire),*], &[$($(($old, $current)),*)?],
                    $crate::wire_struct!(@tuple $([$crate::private::slot::$kind($($default)?)])*),
                    |$crate::wire_struct!(@tuple $([$field])*)| Self { $($field),* })
            }
        }
    };
    ($name:ident { $($field:ident = $kind:ident($wire:literal)),* $(,)? }, extra = $extra:ident $(, tag = $tag:literal)?) => {
        #[automatically_derived]
        impl $crate::serde::Serialize for $name {
            fn serialize<__S: $crate::serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                $crate::private::write_open_object(serializer,
                    $crate::wire_struct!(@tuple $([$crate::private::member::$kind($wire, &self.$field)])*), &self.$extra)
            }
        }
        #[automatically_derived]
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                $crate::private::read_open_object(deserializer, &[$($wire),*], &[$($tag)?],
                    $crate::wire_struct!(@tuple $([$crate::private::slot::$kind()])*),
                    |$crate::wire_struct!(@tuple $([$field])*), $extra| Self { $($field,)* $extra })
            }
        }
    };
    // Tuples end at sixteen.
    (@tuple [$($a:tt)*] [$($b:tt)*] [$($c:tt)*] [$($d:tt)*] [$($e:tt)*] [$($f:tt)*] [$($g:tt)*] [$($h:tt)*] [$($i:tt)*] [$($j:tt)*] [$($k:tt)*] [$($l:tt)*] [$($m:tt)*] [$($n:tt)*] [$($o:tt)*] [$($p:tt)*] $($rest:tt)+) => {
        $crate::private::Then(($($a)*, $($b)*, $($c)*, $($d)*, $($e)*, $($f)*, $($g)*, $($h)*, $($i)*, $($j)*, $($k)*, $($l)*, $($m)*, $($n)*, $($o)*, $($p)*), $crate::wire_struct!(@tuple $($rest)+))
    };
    (@tuple $([$($whole:tt)*])*) => { ($($($whole)*,)*) };
}
