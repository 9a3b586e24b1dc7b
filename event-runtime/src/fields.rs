//! The fields of a contract's structs, read and written by code that all of them share.
//!
//! serde's derive writes a visitor, a field enum and a loop for each struct; over a thousand structs that is most of what a
//! service's compiler does. Here a struct is a row of slots, and the loop over an object is written once.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::object::{Aliases, Renamed};
use crate::wire::as_text;

/// A struct that is read from the fields of an object.
pub trait Object: Sized {
    /// Reads every member of the object.
    ///
    /// # Errors
    /// A value that does not fit its field, a field twice, or one that is missing.
    fn read<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error>;
}

/// Where the value of a member goes.
pub trait Slot<'de, A: MapAccess<'de>> {
    /// Takes the value that comes next.
    ///
    /// # Errors
    /// A value that does not fit, or a second one.
    fn fill(&mut self, name: &'static str, object: &mut A) -> Result<(), A::Error>;
}

/// A field that is sent as its type has it.
#[derive(Debug)]
pub struct Plain<T>(Option<T>);

/// A field of numbers that are sent as text.
#[derive(Debug)]
pub struct Text<T>(Option<T>);

impl<'de, T: Deserialize<'de>, A: MapAccess<'de>> Slot<'de, A> for Plain<T> {
    fn fill(&mut self, name: &'static str, object: &mut A) -> Result<(), A::Error> {
        fill(&mut self.0, name, || object.next_value())
    }
}

impl<'de, T: as_text::Text, A: MapAccess<'de>> Slot<'de, A> for Text<T> {
    fn fill(&mut self, name: &'static str, object: &mut A) -> Result<(), A::Error> {
        fill(&mut self.0, name, || {
            object.next_value::<as_text::Read<T>>().map(|read| read.0)
        })
    }
}

fn fill<T, E: serde::de::Error>(
    slot: &mut Option<T>,
    name: &'static str,
    next: impl FnOnce() -> Result<T, E>,
) -> Result<(), E> {
    if slot.is_some() {
        return Err(E::duplicate_field(name));
    }
    *slot = Some(next()?);
    Ok(())
}

/// Reads every member of an object into the slot of its name; other members are ignored.
///
/// # Errors
/// Those of the slots, and of the object itself.
pub fn fill_all<'de, A: MapAccess<'de>>(
    mut object: A,
    slots: &mut [(&'static str, &mut dyn Slot<'de, A>)],
) -> Result<(), A::Error> {
    let mut expected = 0;
    while let Some(at) = object.next_key_seed(Names { slots, expected })? {
        match slots.get_mut(at) {
            Some((name, slot)) => slot.fill(name, &mut object)?,
            None => {
                object.next_value::<IgnoredAny>()?;
            }
        }
        expected = at.wrapping_add(1);
    }
    Ok(())
}

/// Finds the slot of a name, looking first where it is in an object whose members come in the order of the contract.
struct Names<'a, 's, 'de, A> {
    slots: &'a [(&'static str, &'s mut dyn Slot<'de, A>)],
    expected: usize,
}

impl<'de, A: MapAccess<'de>> DeserializeSeed<'de> for Names<'_, '_, 'de, A> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, A: MapAccess<'de>> Visitor<'de> for Names<'_, '_, 'de, A> {
    /// Past the end for a name without a slot.
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        let is = |(name, _): &(&str, _)| *name == key;
        if self.slots.get(self.expected).is_some_and(is) {
            return Ok(self.expected);
        }
        Ok(self.slots.iter().position(is).unwrap_or(usize::MAX))
    }
}

macro_rules! kinds {
    ($($slot:ident: $required:ident $optional:ident $defaulted:ident;)*) => {$(
        /// The slot of a field that must be there.
        #[must_use]
        pub fn $required<T>() -> $slot<T> {
            $slot(None)
        }

        /// The slot of a field that may be absent.
        #[must_use]
        pub fn $optional<T>() -> $slot<Option<T>> {
            $slot(None)
        }

        /// The slot of a field that has a value when it is absent.
        #[must_use]
        pub fn $defaulted<T>() -> $slot<T> {
            $slot(None)
        }

        impl<T> $slot<T> {
            /// The value of a field that must be there.
            ///
            /// # Errors
            /// It is not there.
            pub fn $required<E: serde::de::Error>(self, name: &'static str) -> Result<T, E> {
                self.0.ok_or_else(|| E::missing_field(name))
            }

            /// The value of a field that has one when it is absent.
            ///
            /// # Errors
            /// None.
            pub fn $defaulted<E>(self, _: &'static str, default: fn() -> T) -> Result<T, E> {
                Ok(self.0.unwrap_or_else(default))
            }
        }

        impl<T> $slot<Option<T>> {
            /// The value of a field that may be absent.
            ///
            /// # Errors
            /// None.
            pub fn $optional<E>(self, _: &'static str) -> Result<Option<T>, E> {
                Ok(self.0.flatten())
            }
        }
    )*};
}
kinds! {
    Plain: required optional defaulted;
    Text: text optional_text defaulted_text;
}

/// Writes fields, each as its kind has it.
#[derive(Debug)]
pub struct Writer<S>(S);

impl<S: SerializeStruct> Writer<S> {
    /// Opens an object of at most so many fields.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn new<Z: Serializer<SerializeStruct = S, Error = S::Error>>(
        serializer: Z,
        name: &'static str,
        fields: usize,
    ) -> Result<Self, S::Error> {
        serializer.serialize_struct(name, fields).map(Self)
    }

    /// Closes the object.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }

    /// A field that is always there.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn required<T: Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(name, value)
    }

    /// A field that is left out when it has no value.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn optional<T: Serialize>(
        &mut self,
        name: &'static str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        match value {
            Some(value) => self.0.serialize_field(name, value),
            None => self.0.skip_field(name),
        }
    }

    /// A field that readers fill in: it is always written.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn defaulted<T: Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
        _: fn() -> T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(name, value)
    }

    /// [`Writer::required`] with each number as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn text<T: as_text::Text>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(name, &as_text::Written(value))
    }

    /// [`Writer::optional`] with each number as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn optional_text<T: as_text::Text>(
        &mut self,
        name: &'static str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        match value {
            Some(value) => self.text(name, value),
            None => self.0.skip_field(name),
        }
    }

    /// [`Writer::defaulted`] with each number as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn defaulted_text<T: as_text::Text>(
        &mut self,
        name: &'static str,
        value: &T,
        _: fn() -> T,
    ) -> Result<(), S::Error> {
        self.text(name, value)
    }
}

/// Reads an object, and nothing else, as such a struct.
///
/// # Errors
/// Anything but an object, and what [`Object::read`] does not take.
pub fn read_object<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::read(map)
    }
}

/// Reads older names where the current ones are not there.
pub fn renamed<A>(object: A, aliases: Aliases) -> Renamed<A> {
    Renamed::new(object, aliases)
}
