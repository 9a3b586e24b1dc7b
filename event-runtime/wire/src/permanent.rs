//! The mark of errors that no retry can help.

use std::error::Error;
use std::fmt;

/// Marks an error as permanent: a handler's error with this among its sources is dead-lettered without another attempt.
///
/// Errors of the event itself have it as a source: [`Violations`](crate::Violations), [`SubjectError`](crate::SubjectError), and
/// those of event-runtime that come of them. It is found behind `anyhow::Error` and other errors that wrap it, and errors of your
/// own may have it too.
///
/// # Examples
/// ```
/// use std::error::Error;
///
/// use event_wire::Permanent;
///
/// #[derive(Debug)]
/// struct NoSuchCurrency;
///
/// impl std::fmt::Display for NoSuchCurrency {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("no such currency")
///     }
/// }
///
/// impl Error for NoSuchCurrency {
///     fn source(&self) -> Option<&(dyn Error + 'static)> {
///         Some(&Permanent)
///     }
/// }
///
/// assert!(NoSuchCurrency.source().is_some_and(|source| source.is::<Permanent>()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permanent;

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no retry can succeed")
    }
}

impl Error for Permanent {}
