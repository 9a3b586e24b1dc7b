//! Binary data: standard base64 on the wire.

use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use crate::text::TextVisitor;

/// Binary data: standard base64 with padding on the wire. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(bytes::Bytes);

impl Bytes {
    /// Returns the data itself.
    #[must_use]
    pub fn into_inner(self) -> bytes::Bytes {
        self.0
    }
}

impl<T: Into<bytes::Bytes>> From<T> for Bytes {
    fn from(data: T) -> Self {
        Self(data.into())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |text: &str| STANDARD.decode(text).ok().map(Self::from);
        deserializer.deserialize_str(TextVisitor {
            expected: "standard base64",
            read,
        })
    }
}

/// Reads standard base64.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64() {
        let bytes = Bytes::from(vec![0_u8, 255, 1]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), r#""AP8B""#);
        assert_eq!(serde_json::from_str::<Bytes>(r#""AP8B""#).unwrap(), bytes);
        assert!(serde_json::from_str::<Bytes>(r#""AP8""#).is_err());
        assert!(serde_json::from_str::<Bytes>(r#""A_8B""#).is_err());
    }
}
