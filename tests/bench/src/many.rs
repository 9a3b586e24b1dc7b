//! A thousand types of event, as a service of a large organisation has them, without a thousand definitions.
//!
//! `N` makes a type of its own of each: a name, a subject, a route, a decoder. Constant evaluation writes the names.

use std::sync::Arc;

use event_runtime::{Delivery, Event, Failure, Listener, Subject, SubjectError, Violations};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::growth::{Counting, Parcel};

/// How many there are.
pub const MOST: usize = 1_000;

/// The event number `N`.
#[derive(Clone, Debug)]
pub struct Nth<const N: usize>(pub Parcel);

impl<const N: usize> Serialize for Nth<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Nth<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parcel::deserialize(deserializer).map(Self)
    }
}

// What only the derive writes: a type with a constant as a parameter is none that it takes.
impl<const N: usize> event_runtime::__format1::Derived for Nth<N> {}

impl<const N: usize> Event for Nth<N> {
    const NAME: &'static str = text(&NAMES[N]);
    const SUBJECT: &'static str = text(&SUBJECTS[N]);
    const STREAM: Option<&'static str> = Parcel::STREAM;
    const PARTITIONS: Option<u32> = None;

    fn subject(&self) -> Result<Subject, SubjectError> {
        Ok(Subject::from_static(Self::SUBJECT))
    }

    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

/// Their subjects.
static SUBJECTS: [[u8; 15]; MOST] = numbered(*b"growth.many.000");
/// Their names.
static NAMES: [[u8; 10]; MOST] = numbered(*b"growth.000");

const fn numbered<const LENGTH: usize>(of: [u8; LENGTH]) -> [[u8; LENGTH]; MOST] {
    let mut all = [of; MOST];
    let mut number = 0;
    while number < MOST {
        all[number][LENGTH - 3] = b'0' + (number / 100) as u8;
        all[number][LENGTH - 2] = b'0' + (number / 10 % 10) as u8;
        all[number][LENGTH - 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    all
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("digits and letters"),
    }
}

/// The subjects of the first so many.
pub fn subjects(types: usize) -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().take(types).map(|bytes| text(bytes))
}

/// The names of the first so many.
pub fn names(types: usize) -> impl Iterator<Item = &'static str> {
    NAMES.iter().take(types).map(|bytes| text(bytes))
}

macro_rules! each_digit {
    ($macro:ident, $($before:tt)*) => {
        $macro!(0, $($before)*); $macro!(1, $($before)*); $macro!(2, $($before)*); $macro!(3, $($before)*); $macro!(4, $($before)*);
        $macro!(5, $($before)*); $macro!(6, $($before)*); $macro!(7, $($before)*); $macro!(8, $($before)*); $macro!(9, $($before)*);
    };
}

macro_rules! hundred {
    ($hundred:literal, $types:ident, $listener:ident) => {
        if $types > $hundred * 100 {
            each_digit!(ten, $hundred, $types, $listener);
        }
    };
}

macro_rules! ten {
    ($ten:literal, $hundred:literal, $types:ident, $listener:ident) => {
        each_digit!(one, $ten, $hundred, $types, $listener);
    };
}

macro_rules! one {
    ($one:literal, $ten:literal, $hundred:literal, $types:ident, $listener:ident) => {
        if $types > $hundred * 100 + $ten * 10 + $one {
            $listener = $listener.on(handle::<{ $hundred * 100 + $ten * 10 + $one }>);
        }
    };
}

/// A listener for the first so many.
#[must_use]
pub fn handling(types: usize, mut listener: Listener<Counting>) -> Listener<Counting> {
    each_digit!(hundred, types, listener);
    listener
}

async fn handle<const N: usize>(
    counting: Arc<Counting>,
    delivery: Delivery<Nth<N>>,
) -> Result<(), Failure> {
    counting.0.count(delivery.event);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MOST, Nth, names, subjects};
    use event_runtime::Event;

    fn texts<E: Event>() -> (&'static str, &'static str) {
        (E::NAME, E::SUBJECT)
    }

    #[test]
    fn each_has_a_name_and_a_subject_of_its_own() {
        assert_eq!(texts::<Nth<7>>(), ("growth.007", "growth.many.007"));
        assert_eq!(texts::<Nth<999>>(), ("growth.999", "growth.many.999"));
        let mut all: Vec<&str> = subjects(MOST).chain(names(MOST)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * MOST);
    }
}
