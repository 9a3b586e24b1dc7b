//! What a handler answers when it fails: whether to retry, and why.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use event_wire::__runtime::{Chain, sources};
use event_wire::Permanent;

/// Failure of a handler: the event is retried or dead-lettered.
///
/// `?` in a handler converts every error that `Box<dyn Error + Send + Sync>` can be made from: the errors of the standard library and of
/// other crates, `anyhow::Error`, `eyre::Report`, `Box<dyn Error + Send + Sync>` itself, and texts. It means *retry*, unless a
/// [`Permanent`] is among the sources of the error: then the event is dead-lettered at once. [`Error`](crate::Error) has one where
/// no retry can succeed, for example in [`Error::Invalid`](crate::Error::Invalid).
///
/// An error is kept with its sources: [`reason`](Failure::reason) is the text of all of them, which is logged and stored with the dead
/// letter, and [`source`](Failure::source) is the error itself.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use event_runtime::Failure;
///
/// fn charge(cents: &str) -> Result<(), Failure> {
///     let cents: u32 = cents.parse().map_err(Failure::dead)?; // never a number: dead-lettered
///     std::fs::read_to_string("/no/such/rates")?; // retried with the backoff of the service
///     if cents == 0 {
///         return Err(Failure::retry_after(Duration::from_secs(60), "the bank is closed"));
///     }
///     Ok(())
/// }
///
/// assert_eq!(charge("ten"), Err(Failure::dead("invalid digit found in string")));
/// assert!(matches!(charge("10"), Err(Failure::Retry { .. })));
/// ```
///
/// A `Box<dyn Error>` that is not `Send + Sync` converts by its text: `.map_err(|error| Failure::retry(error.to_string()))?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Redeliver the event, until the attempts of the service are used up; then it is dead-lettered.
    Retry {
        /// The delay; `None`: the backoff of the service.
        after: Option<Duration>,
        /// Reason: logged, and stored with the dead letter.
        reason: Reason,
    },
    /// Dead-letter the event now.
    Dead {
        /// Reason: logged, and stored with the dead letter.
        reason: Reason,
    },
}

impl Failure {
    /// Retries with the backoff of the service.
    #[must_use]
    pub fn retry(reason: impl Into<Reason>) -> Self {
        Self::Retry {
            after: None,
            reason: reason.into(),
        }
    }

    /// Retries after this delay.
    #[must_use]
    pub fn retry_after(after: Duration, reason: impl Into<Reason>) -> Self {
        Self::Retry {
            after: Some(after),
            reason: reason.into(),
        }
    }

    /// Dead-letters the event without another attempt.
    #[must_use]
    pub fn dead(reason: impl Into<Reason>) -> Self {
        Self::Dead {
            reason: reason.into(),
        }
    }

    /// The text of the reason: that of an error is followed by those of its sources.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.why()
    }

    /// The error that the failure was made from. Its own sources are behind it.
    #[must_use]
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.why().source()
    }

    fn why(&self) -> &Reason {
        match self {
            Self::Retry { reason, .. } | Self::Dead { reason } => reason,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// So that `?` works in a handler, whatever the error is.
impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        let reason = Reason::from(error);
        if sources(reason.source()).any(<dyn StdError>::is::<Permanent>) {
            Self::Dead { reason }
        } else {
            Self::Retry {
                after: None,
                reason,
            }
        }
    }
}

/// Reason of a [`Failure`]: a text, or an error with its sources. Dereferences to its text.
///
/// Two reasons are equal when their texts are.
#[derive(Clone)]
pub struct Reason(Arc<Kept>);

/// Behind one pointer, so that the result of a handler stays small.
struct Kept {
    text: String,
    error: Box<dyn StdError + Send + Sync>,
}

impl Reason {
    /// The error. For a text it is an error with this text.
    #[must_use]
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.error
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Reason {
    fn from(error: E) -> Self {
        let error = error.into();
        let text = Chain(&*error).to_string();
        Self(Arc::new(Kept { text, error }))
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Reason {}

impl PartialEq<str> for Reason {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[derive(Debug, thiserror::Error)]
    #[error("the order was not stored")]
    struct Outer(#[source] Inner);

    /// Shows its source in its own text too, as many errors do.
    #[derive(Debug, thiserror::Error)]
    #[error("the database: {0}")]
    struct Inner(#[source] std::io::Error);

    /// Has no link of its own in the chain.
    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Transparent(#[from] Error);

    fn too_large() -> Error {
        Error::TooLarge {
            subject: "a.b".to_owned(),
            size: 2,
            limit: 1,
        }
    }

    #[test]
    fn sources_are_kept_and_shown_once() {
        let failure = Failure::from(Outer(Inner(std::io::Error::other("no route"))));
        assert_eq!(
            failure,
            Failure::retry("the order was not stored: the database: no route")
        );
        let inner = failure.source().source().and_then(|e| e.source());
        assert!(inner.is_some_and(|e| e.is::<std::io::Error>()));
    }

    #[test]
    fn what_can_never_succeed_is_found_behind_any_error() {
        let errors: [Box<dyn StdError + Send + Sync>; 4] = [
            too_large().into(),
            Transparent(too_large()).into(),
            std::io::Error::other(too_large()).into(),
            std::io::Error::other(Transparent(too_large())).into(),
        ];
        for error in errors {
            let failure = Failure::from(error);
            assert!(matches!(&failure, Failure::Dead { .. }), "{failure:?}");
            assert!(failure.reason().contains("takes 1"), "{failure:?}");
        }
        let passing = Error::NotConnected {
            subject: "a.b".to_owned(),
            after: Duration::ZERO,
        };
        assert!(matches!(Failure::from(passing), Failure::Retry { .. }));
    }

    #[test]
    fn values_that_serde_quotes_are_left_out() {
        let error = serde_json::from_str::<u64>(r#""s3cr3t""#).unwrap_err();
        let failure = Failure::retry(error);
        assert_eq!(failure.reason(), "expected u64 at line 1 column 8");
    }

    #[test]
    fn a_chain_without_an_end_ends() {
        #[derive(Debug)]
        struct Own(u8);
        impl fmt::Display for Own {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "link {}", self.0)
            }
        }
        impl StdError for Own {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(if self.0 == 1 { &Own(2) } else { &Own(1) })
            }
        }
        assert!(Failure::from(Own(1)).reason().len() < 1_000);
    }
}
