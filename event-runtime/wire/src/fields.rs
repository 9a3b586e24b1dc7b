//! The readers of a struct's fields, shared by all structs of contracts.
//!
//! serde's derive writes a visitor, a field enum and a loop for each struct; over a thousand structs that is most of what a
//! service's compiler does. Here a struct is a tuple of slots, and all that is done with tuples and objects is checked once, in
//! this file: `wire_struct!` leaves one call for each struct. `members` is the same for writing.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::slice::Iter;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::object::{Aliases, Renamed};
use crate::slots::Slot;
use crate::tuples::Then;

/// Slots of a struct, in a tuple.
pub trait Row<'de> {
    /// Types of the fields.
    type Values;
    /// Number of slots.
    const LEN: usize;

    /// Takes the value that comes next into the slot at a place.
    ///
    /// # Errors
    /// Returns the slot's error.
    fn fill<A: MapAccess<'de>>(
        &mut self,
        at: usize,
        name: &'static str,
        object: &mut A,
    ) -> Result<(), A::Error>;

    /// Returns the values of the slots, whose names come next.
    ///
    /// # Errors
    /// Returns an error if a required one is missing.
    fn values<E: serde::de::Error>(
        self,
        names: &mut Iter<'static, &'static str>,
    ) -> Result<Self::Values, E>;
}

macro_rules! rows {
    ($($at:tt $slot:ident),*) => {
        impl<'de, $($slot: Slot<'de>),*> Row<'de> for ($($slot,)*) {
            type Values = ($($slot::Value,)*);
            const LEN: usize = <[usize]>::len(&[$($at),*]);

            #[allow(unused_variables)]
            fn fill<A: MapAccess<'de>>(
                &mut self,
                at: usize,
                name: &'static str,
                object: &mut A,
            ) -> Result<(), A::Error> {
                match at {
                    $($at => self.$at.fill(name, object),)*
                    _ => ignore(object),
                }
            }

            #[allow(unused_variables)]
            fn values<E: serde::de::Error>(
                self,
                names: &mut Iter<'static, &'static str>,
            ) -> Result<Self::Values, E> {
                Ok(($(self.$at.value(names.next().copied().unwrap_or_default())?,)*))
            }
        }
    };
}
crate::tuples::tuples!(rows);

impl<'de, A: Row<'de>, B: Row<'de>> Row<'de> for Then<A, B> {
    type Values = Then<A::Values, B::Values>;
    const LEN: usize = A::LEN + B::LEN;

    fn fill<M: MapAccess<'de>>(
        &mut self,
        at: usize,
        name: &'static str,
        object: &mut M,
    ) -> Result<(), M::Error> {
        match at.checked_sub(A::LEN) {
            None => self.0.fill(at, name, object),
            Some(at) => self.1.fill(at, name, object),
        }
    }

    fn values<E: serde::de::Error>(
        self,
        names: &mut Iter<'static, &'static str>,
    ) -> Result<Self::Values, E> {
        Ok(Then(self.0.values(names)?, self.1.values(names)?))
    }
}

fn ignore<'de, A: MapAccess<'de>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(|_| ())
}

/// Row of any slots, so that the loop over an object is compiled once.
trait Fill<'de, A: MapAccess<'de>> {
    fn fill(&mut self, at: usize, name: &'static str, object: &mut A) -> Result<(), A::Error>;
}

impl<'de, A: MapAccess<'de>, R: Row<'de>> Fill<'de, A> for R {
    fn fill(&mut self, at: usize, name: &'static str, object: &mut A) -> Result<(), A::Error> {
        Row::fill(self, at, name, object)
    }
}

/// Reads every member of an object into the slot of its name; other members are ignored.
fn fill_all<'de, A: MapAccess<'de>>(
    object: &mut A,
    names: &[&'static str],
    row: &mut dyn Fill<'de, A>,
) -> Result<(), A::Error> {
    let mut expected = 0;
    while let Some(at) = object.next_key_seed(NameSeed { names, expected })? {
        match names.get(at) {
            Some(name) => row.fill(at, name, object)?,
            None => ignore(object)?,
        }
        expected = at.wrapping_add(1);
    }
    Ok(())
}

/// Finds the index of a name, and looks first at the one that comes next in the order of the contract.
struct NameSeed<'a> {
    names: &'a [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    /// Past the end for a name without a slot.
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        if self
            .names
            .get(self.expected)
            .is_some_and(|name| *name == key)
        {
            return Ok(self.expected);
        }
        let at = self.names.iter().position(|name| *name == key);
        Ok(at.unwrap_or(usize::MAX))
    }
}

/// Reads an object, and nothing else, into slots with these names, and builds a struct of their values. Older names are read
/// where the current ones are not there.
///
/// # Errors
/// Returns an error if the value is not an object, or if a field is missing, there twice, or of another type.
pub fn read_object<'de, T, D: Deserializer<'de>, R: Row<'de>>(
    deserializer: D,
    names: &'static [&'static str],
    aliases: Aliases,
    row: R,
    build: impl FnOnce(R::Values) -> T,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor {
        names,
        aliases,
        row,
        build,
    })
}

/// [`read_object`] for a struct that keeps the members without a field, but for one that is the tag of a union.
///
/// # Errors
/// Returns an error if the value is not an object, or if a field is missing, there twice, or of another type.
pub fn read_open_object<'de, T, X: Deserialize<'de>, D: Deserializer<'de>, R: Row<'de>>(
    deserializer: D,
    names: &'static [&'static str],
    tag: &'static [&'static str],
    row: R,
    build: impl FnOnce(R::Values, BTreeMap<String, X>) -> T,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(OpenVisitor {
        names,
        tag,
        row,
        build,
        extra: PhantomData,
    })
}

struct OpenVisitor<R, F, X> {
    names: &'static [&'static str],
    tag: &'static [&'static str],
    row: R,
    build: F,
    extra: PhantomData<X>,
}

impl<'de, T, X, R, F> Visitor<'de> for OpenVisitor<R, F, X>
where
    X: Deserialize<'de>,
    R: Row<'de>,
    F: FnOnce(R::Values, BTreeMap<String, X>) -> T,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<T, A::Error> {
        let mut extra = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match self.names.iter().position(|name| *name == key) {
                Some(at) => self.row.fill(at, self.names[at], &mut map)?,
                None if self.tag.contains(&key.as_str()) => ignore(&mut map)?,
                None => {
                    extra.insert(key, map.next_value()?);
                }
            }
        }
        let values = self.row.values(&mut self.names.iter())?;
        Ok((self.build)(values, extra))
    }
}

struct ObjectVisitor<R, F> {
    names: &'static [&'static str],
    aliases: Aliases,
    row: R,
    build: F,
}

impl<'de, T, R: Row<'de>, F: FnOnce(R::Values) -> T> Visitor<'de> for ObjectVisitor<R, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<T, A::Error> {
        if self.aliases.is_empty() {
            fill_all(&mut map, self.names, &mut self.row)?;
        } else {
            let mut map = Renamed::new(map, self.aliases);
            fill_all(&mut map, self.names, &mut self.row)?;
        }
        let values = self.row.values(&mut self.names.iter())?;
        Ok((self.build)(values))
    }
}

#[cfg(test)]
mod tests;
