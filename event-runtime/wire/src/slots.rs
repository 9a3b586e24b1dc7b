//! Slots: each holds the value of one field while its struct is read.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::MapAccess;

use crate::as_text;

/// Slot that holds the value of one field until all are read.
pub trait Slot<'de> {
    /// Type of the field.
    type Value;

    /// Takes the value that comes next.
    ///
    /// # Errors
    /// Returns an error if the value has another type, or if it is a second one.
    fn fill<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        object: &mut A,
    ) -> Result<(), A::Error>;

    /// Returns the field's value.
    ///
    /// # Errors
    /// Returns an error if there is none and the field is required.
    fn value<E: serde::de::Error>(self, name: &'static str) -> Result<Self::Value, E>;
}

/// Way of reading a value.
pub trait Way<'de, T> {
    /// Reads the value that comes next.
    ///
    /// # Errors
    /// Returns an error if the value has another type.
    fn next<A: MapAccess<'de>>(object: &mut A) -> Result<T, A::Error>;
}

/// Reads a value with the reader of its type.
#[derive(Debug)]
pub struct Plain;

/// Reads a value whose numbers are text.
#[derive(Debug)]
pub struct Text;

impl<'de, T: Deserialize<'de>> Way<'de, T> for Plain {
    fn next<A: MapAccess<'de>>(object: &mut A) -> Result<T, A::Error> {
        object.next_value()
    }
}

impl<'de, T: as_text::Text> Way<'de, T> for Text {
    fn next<A: MapAccess<'de>>(object: &mut A) -> Result<T, A::Error> {
        object.next_value::<as_text::Read<T>>().map(|read| read.0)
    }
}

/// Slot of a required field.
#[derive(Debug)]
pub struct Required<T, W>(Option<T>, PhantomData<W>);

/// Slot of an optional field.
#[derive(Debug)]
pub struct Optional<T, W>(Option<Option<T>>, PhantomData<W>);

/// Slot of an optional field of which `null` is a value.
#[derive(Debug)]
pub struct Present<T, W>(Option<T>, PhantomData<W>);

/// Slot of a field with a default.
#[derive(Debug)]
pub struct Defaulted<T, W>(Option<T>, fn() -> T, PhantomData<W>);

fn fill<'de, T, W: Way<'de, T>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    object: &mut A,
    _: PhantomData<W>,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(serde::de::Error::duplicate_field(name));
    }
    *slot = Some(W::next(object)?);
    Ok(())
}

macro_rules! slots {
    ($($slot:ident: $value:ty, $held:ty, |$self:ident, $name:ident| $done:expr;)*) => {$(
        impl<'de, T, W: Way<'de, $held>> Slot<'de> for $slot<T, W> {
            type Value = $value;

            fn fill<A: MapAccess<'de>>(
                &mut self,
                name: &'static str,
                object: &mut A,
            ) -> Result<(), A::Error> {
                fill::<_, W, A>(&mut self.0, name, object, PhantomData)
            }

            fn value<E: serde::de::Error>($self, $name: &'static str) -> Result<$value, E> {
                $done
            }
        }
    )*};
}
slots! {
    Required: T, T, |self, name| self.0.ok_or_else(|| E::missing_field(name));
    Optional: Option<T>, Option<T>, |self, _name| Ok(self.0.flatten());
    Present: Option<T>, T, |self, _name| Ok(self.0);
    Defaulted: T, T, |self, _name| Ok(self.0.unwrap_or_else(self.1));
}

/// Slots by the keywords of `wire_struct!`.
pub mod slot {
    use std::marker::PhantomData;

    use crate::slots::{Defaulted, Optional, Plain, Present, Required, Text};

    macro_rules! words {
        ($($way:ident: $required:ident $optional:ident $defaulted:ident;)*) => {$(
            /// Creates the slot of a required field.
            #[must_use]
            pub fn $required<T>() -> Required<T, $way> {
                Required(None, PhantomData)
            }

            /// Creates the slot of an optional field.
            #[must_use]
            pub fn $optional<T>() -> Optional<T, $way> {
                Optional(None, PhantomData)
            }

            /// Creates the slot of a field with a default.
            #[must_use]
            pub fn $defaulted<T>(default: fn() -> T) -> Defaulted<T, $way> {
                Defaulted(None, default, PhantomData)
            }
        )*};
    }
    /// Creates the slot of an optional field of which `null` is a value.
    #[must_use]
    pub fn present<T>() -> Present<T, Plain> {
        Present(None, PhantomData)
    }

    words! {
        Plain: required optional defaulted;
        Text: text optional_text defaulted_text;
    }
}
