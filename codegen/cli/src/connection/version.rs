//! Versions of nats-server, as far as they decide what it can do.

use std::fmt;

/// A version: major and minor, which is where features come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl Version {
    /// Reads `2.10.4`, `v2.11.0-preview.1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().trim_start_matches('v').split(['.', '-', '+']);
        let mut next = || numbers.next()?.parse().ok();
        Some(Self(next()?, next()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version) in [
            ("2.9.10", Some(Version(2, 9))),
            ("2.10.0", Some(Version(2, 10))),
            ("v2.11.0-preview.2", Some(Version(2, 11))),
            ("2.12", Some(Version(2, 12))),
            ("3.0.0", Some(Version(3, 0))),
            ("2", None),
            ("", None),
            ("two.ten", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text}");
        }
        assert!(Version(2, 9) < Version(2, 10));
        assert!(Version(3, 0) > Version(2, 10));
    }
}
