//! The writers of a struct's fields, shared by all structs of contracts: the other half of `fields`.
//!
//! At run time there is one call of the serializer for each field, as with serde's derive.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};

use crate::tuples::{Then, tuples};

/// Field with its name.
pub trait Member {
    /// Writes the field.
    ///
    /// # Errors
    /// Returns the serializer's error.
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error>;
}

/// Fields of a struct, in a tuple.
pub trait Members {
    /// Number of fields.
    const LEN: usize;

    /// Writes each of them.
    ///
    /// # Errors
    /// Returns the serializer's error.
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error>;
}

/// Field that is always written.
#[derive(Debug)]
pub struct Always<T>(&'static str, T);

/// Field that is left out if it has no value.
#[derive(Debug)]
pub struct Maybe<T>(&'static str, Option<T>);

impl<T: Serialize> Member for Always<T> {
    #[inline]
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        object.serialize_field(self.0, &self.1)
    }
}

impl<T: Serialize> Member for Maybe<T> {
    #[inline]
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        match &self.1 {
            Some(value) => object.serialize_field(self.0, value),
            None => object.skip_field(self.0),
        }
    }
}

/// Members by the keywords of `wire_struct!`.
pub mod member {
    use crate::as_text::Written;
    use crate::members::{Always, Maybe};

    /// Field that is always written.
    #[inline]
    pub fn required<'a, T>(name: &'static str, value: &'a T) -> Always<&'a T> {
        Always(name, value)
    }

    /// Field that is left out if it has no value.
    #[inline]
    pub fn optional<'a, T>(name: &'static str, value: &'a Option<T>) -> Maybe<&'a T> {
        Maybe(name, value.as_ref())
    }

    /// A field that is left out when it has no value; `null` is one.
    #[inline]
    pub fn present<'a, T>(name: &'static str, value: &'a Option<T>) -> Maybe<&'a T> {
        Maybe(name, value.as_ref())
    }

    /// Field with a default: it is always written.
    #[inline]
    pub fn defaulted<'a, T>(name: &'static str, value: &'a T, _: fn() -> T) -> Always<&'a T> {
        Always(name, value)
    }

    /// [`required`] with each number as text.
    #[inline]
    pub fn text<'a, T>(name: &'static str, value: &'a T) -> Always<Written<'a, T>> {
        Always(name, Written(value))
    }

    /// [`optional`] with each number as text.
    #[inline]
    pub fn optional_text<'a, T>(name: &'static str, value: &'a Option<T>) -> Maybe<Written<'a, T>> {
        Maybe(name, value.as_ref().map(Written))
    }

    /// [`defaulted`] with each number as text.
    #[inline]
    pub fn defaulted_text<'a, T>(
        name: &'static str,
        value: &'a T,
        _: fn() -> T,
    ) -> Always<Written<'a, T>> {
        Always(name, Written(value))
    }
}

macro_rules! members {
    ($($at:tt $member:ident),*) => {
        impl<$($member: Member),*> Members for ($($member,)*) {
            const LEN: usize = <[usize]>::len(&[$($at),*]);

            #[inline]
            #[allow(unused_variables)]
            fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
                $(self.$at.write(object)?;)*
                Ok(())
            }
        }
    };
}
tuples!(members);

impl<A: Members, B: Members> Members for Then<A, B> {
    const LEN: usize = A::LEN + B::LEN;

    #[inline]
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        self.0.write(object)?;
        self.1.write(object)
    }
}

/// Writes a struct with these fields.
///
/// # Errors
/// Returns the serializer's error.
#[inline]
pub fn write_object<S: Serializer>(
    serializer: S,
    name: &'static str,
    members: impl Members,
) -> Result<S::Ok, S::Error> {
    fn len<M: Members>(_: &M) -> usize {
        M::LEN
    }
    let mut object = serializer.serialize_struct(name, len(&members))?;
    members.write(&mut object)?;
    object.end()
}

/// Writes a struct with these fields and the members that have none.
///
/// # Errors
/// Returns the serializer's error.
pub fn write_open_object<S: Serializer, X: Serialize>(
    serializer: S,
    members: impl Members,
    extra: &BTreeMap<String, X>,
) -> Result<S::Ok, S::Error> {
    let mut object = Entries(serializer.serialize_map(None)?);
    members.write(&mut object)?;
    for (name, value) in extra {
        object.0.serialize_entry(name, value)?;
    }
    object.end()
}

/// A map that takes the fields of a struct.
struct Entries<M>(M);

impl<M: SerializeMap> SerializeStruct for Entries<M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }
}
