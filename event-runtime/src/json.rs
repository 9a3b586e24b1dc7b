//! Where events are written: each thread has room for one, and a block from which the bytes of many are handed out.
//!
//! Memory of its own for each event would be allocated, grown, shared and given up for some 200 bytes.

use std::cell::Cell;

use bytes::{Bytes, BytesMut};
use serde::Serialize;

/// The size of a block. An event that waits for its acknowledgement keeps all of the one that it is in.
const BLOCK: usize = 8 * 1_024;

#[derive(Default)]
struct Paper {
    /// How long a value is, is known when it is written.
    draft: Vec<u8>,
    block: BytesMut,
}

thread_local! {
    static PAPER: Cell<Paper> = Cell::new(Paper::default());
}

/// Writes a value.
pub(crate) fn write(value: &impl Serialize) -> serde_json::Result<Bytes> {
    // Taken, so that a value that publishes while it is written finds another one.
    let Paper {
        mut draft,
        mut block,
    } = PAPER.take();
    serde_json::to_writer(&mut draft, value)?;
    if draft.len() > BLOCK {
        PAPER.set(Paper {
            draft: Vec::new(),
            block,
        });
        return Ok(draft.into());
    }
    if block.capacity() < draft.len() {
        // The same block once more, when all that was in it has left.
        block.reserve(BLOCK);
    }
    block.extend_from_slice(&draft);
    let written = block.split().freeze();
    draft.clear();
    PAPER.set(Paper { draft, block });
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_their_own_and_large_values_leave_nothing_behind() {
        let values: Vec<String> = (0..1_000).map(|n| format!("{n:0>100}")).collect();
        let written: Vec<Bytes> = values.iter().map(|v| write(v).unwrap()).collect();
        for (value, bytes) in values.iter().zip(&written) {
            assert_eq!(serde_json::from_slice::<String>(bytes).unwrap(), *value);
        }
        let large = "x".repeat(1 << 20);
        assert_eq!(write(&large).unwrap().len(), large.len() + 2);
        assert!(PAPER.take().draft.is_empty());
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
        assert!(write(&Fails).is_err());
        assert_eq!(write(&7).unwrap(), "7");
    }
}
