//! Writing an event as JSON: each thread has a draft for one, and a block from which the bytes of many are handed out.
//!
//! A buffer for each event would be allocated, grown, shared and freed for some 200 bytes.

use std::cell::RefCell;
use std::mem::take;

use bytes::{Bytes, BytesMut};
use serde::Serialize;

/// Size of a block. An event that waits for its acknowledgement keeps the whole block alive.
const BLOCK: usize = 8 * 1_024;

#[derive(Default)]
struct Paper {
    /// Buffer of the value that is being written: its length is known only afterwards.
    draft: Vec<u8>,
    block: BytesMut,
}

thread_local! {
    static PAPER: RefCell<Paper> = RefCell::default();
}

/// Writes an event, or any other value, as JSON.
///
/// # Errors
/// Returns the error of the value's `Serialize`.
pub fn encode(value: &impl Serialize) -> serde_json::Result<Bytes> {
    PAPER.with(|paper| match paper.try_borrow_mut() {
        Ok(mut paper) => {
            paper.draft.clear();
            serde_json::to_writer(&mut paper.draft, value)?;
            Ok(paper.copy())
        }
        // A value that writes another one while it is written.
        Err(_) => serde_json::to_vec(value).map(Bytes::from),
    })
}

impl Paper {
    /// Returns the draft as bytes of their own.
    #[inline]
    fn copy(&mut self) -> Bytes {
        if self.draft.len() > BLOCK {
            return take(&mut self.draft).into();
        }
        if self.block.capacity() < self.draft.len() {
            // The same block once more, when all that was in it has left.
            self.block.reserve(BLOCK);
        }
        self.block.extend_from_slice(&self.draft);
        self.block.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_their_own_and_large_values_leave_nothing_behind() {
        let values: Vec<String> = (0..1_000).map(|n| format!("{n:0>100}")).collect();
        let written: Vec<Bytes> = values.iter().map(|v| encode(v).unwrap()).collect();
        for (value, bytes) in values.iter().zip(&written) {
            assert_eq!(serde_json::from_slice::<String>(bytes).unwrap(), *value);
        }
        let large = "x".repeat(1 << 20);
        assert_eq!(encode(&large).unwrap().len(), large.len() + 2);
        assert_eq!(PAPER.with_borrow(|paper| paper.draft.capacity()), 0);
    }

    #[test]
    fn a_value_may_write_another_one() {
        struct Outer;
        impl Serialize for Outer {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let inner = encode(&"inner").map_err(serde::ser::Error::custom)?;
                serializer.serialize_u64(inner.len() as u64)
            }
        }
        assert_eq!(encode(&Outer).unwrap(), "7");
    }

    #[test]
    fn what_a_failed_value_has_written_is_nobody_s() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::{Error, SerializeSeq};
                let mut list = serializer.serialize_seq(None)?;
                list.serialize_element(&1)?;
                Err(S::Error::custom("no"))
            }
        }
        assert!(encode(&Fails).is_err());
        assert_eq!(encode(&7).unwrap(), "7");
    }
}
