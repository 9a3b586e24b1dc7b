//! The trace that an event belongs to: how it stands in a message's headers, and which one is the current one.
//!
//! There is one current trace. Without the feature `opentelemetry` it is the one of [`Trace::scope`]; with it, it is that
//! of OpenTelemetry's current span, and `scope` sets the very same. Never an error: a trace is worth less than its event.

use async_nats::{HeaderMap, HeaderName};

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is passed on.
const MAX_STATE: usize = 512;

/// A W3C trace context: the headers `traceparent` and `tracestate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    parent: String,
    state: Option<String>,
}

impl Trace {
    /// A trace context from its `traceparent` and `tracestate`; `None` when the first is not of the standard's form
    /// or the second cannot stand in a header.
    ///
    /// Of a `traceparent` of a later version the parts are taken that this version has.
    #[must_use]
    pub fn new(parent: &str, state: Option<&str>) -> Option<Self> {
        let parent = canonical(parent)?;
        let plain = state.is_none_or(|state| {
            state.len() <= MAX_STATE && state.bytes().all(|b| (0x20..0x7f).contains(&b))
        });
        plain.then(|| Self {
            parent,
            state: state.filter(|state| !state.is_empty()).map(str::to_owned),
        })
    }

    /// `traceparent`.
    #[must_use]
    pub fn parent(&self) -> &str {
        &self.parent
    }

    /// `tracestate`.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Runs `future`, with every event published in it belonging to this trace. Tasks that it spawns do not.
    ///
    /// With the feature `opentelemetry` the spans that begin in it are children of this trace's span.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        ambient::scope(self, future).await
    }

    /// The trace that what is published now belongs to.
    pub(crate) fn current() -> Option<Self> {
        ambient::current()
    }

    /// Does something with this trace as the current one.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        ambient::within(self, work)
    }

    /// Reads the trace of a message; `None` if it carries none that is valid.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let parent = value(headers, PARENT)?;
        let state = value(headers, STATE);
        Self::new(parent, state).or_else(|| Self::new(parent, None))
    }

    /// Writes the trace into the headers of a message.
    pub fn to_headers(&self, headers: &mut HeaderMap) {
        // Both were checked: no line breaks.
        headers.insert(PARENT, self.parent.as_str());
        if let Some(state) = &self.state {
            headers.insert(STATE, state.as_str());
        }
    }
}

/// A header's value. Other languages' libraries write these names as HTTP's are written: `Traceparent`.
fn value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let named = |other: &HeaderName| {
        let (other, name): (&str, &str) = (other.as_ref(), name.as_ref());
        other.eq_ignore_ascii_case(name)
    };
    let mut all = headers.iter();
    // Mostly there is none, which is found out sooner so than by hashing the name.
    let (_, values) = all.find(|(other, _)| named(other))?;
    let value = headers.get(name.clone()).or(values.first());
    value.map(|value| value.as_str().trim())
}

/// A `traceparent` as this version writes it.
fn canonical(parent: &str) -> Option<String> {
    let mut parts = parent.split('-');
    let mut part = |length: usize| {
        parts.next().filter(|part| {
            part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let zero = |id: &str| id.bytes().all(|b| b == b'0');
    let surplus = parts.next().is_some();
    if version == "ff" || (version == "00" && surplus) || zero(trace) || zero(span) {
        return None;
    }
    Some(format!("00-{trace}-{span}-{flags}"))
}

#[cfg(not(feature = "opentelemetry"))]
mod ambient {
    //! The current trace is the one of the innermost scope.

    use super::Trace;

    tokio::task_local! {
        static CURRENT: Trace;
    }

    pub(super) async fn scope<F: Future>(trace: Trace, future: F) -> F::Output {
        CURRENT.scope(trace, future).await
    }

    pub(super) fn current() -> Option<Trace> {
        CURRENT.try_with(Clone::clone).ok()
    }

    pub(super) fn within<T>(trace: &Trace, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(trace.clone(), work)
    }
}

#[cfg(feature = "opentelemetry")]
mod ambient {
    //! The current trace is OpenTelemetry's. Its API is enough: the bridge from `tracing` makes the span that is entered
    //! the current one, and takes the current one as the parent of a span that begins.

    use std::str::FromStr;

    use opentelemetry::Context;
    use opentelemetry::trace::{
        FutureExt, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
    };

    use super::Trace;

    pub(super) async fn scope<F: Future>(trace: Trace, future: F) -> F::Output {
        match context(&trace) {
            Some(context) => future.with_context(context).await,
            None => future.await,
        }
    }

    pub(super) fn current() -> Option<Trace> {
        Context::map_current(|context| {
            let span = context.span();
            let span = span.span_context();
            if !span.is_valid() {
                return None;
            }
            let parent = format!(
                "00-{}-{}-{:02x}",
                span.trace_id(),
                span.span_id(),
                span.trace_flags() & TraceFlags::SAMPLED
            );
            let state = span.trace_state().header();
            // What an application has put there itself may be no header; the trace goes on without it.
            Trace::new(&parent, Some(&state)).or_else(|| Trace::new(&parent, None))
        })
    }

    pub(super) fn within<T>(trace: &Trace, work: impl FnOnce() -> T) -> T {
        let _attached = context(trace).map(Context::attach);
        work()
    }

    /// The context of what happens next, with a span of another process as the current one.
    fn context(trace: &Trace) -> Option<Context> {
        let mut parts = trace.parent.split('-').skip(1);
        let trace_id = TraceId::from_hex(parts.next()?).ok()?;
        let span_id = SpanId::from_hex(parts.next()?).ok()?;
        let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
        let state = trace
            .state()
            .and_then(|text| TraceState::from_str(text).ok());
        let span = SpanContext::new(
            trace_id,
            span_id,
            TraceFlags::new(flags) & TraceFlags::SAMPLED,
            true,
            state.unwrap_or_default(),
        );
        Some(Context::current().with_remote_span_context(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT_TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn traces_are_checked() {
        assert_eq!(
            Trace::new(PARENT_TEXT, Some("a=b")).unwrap().state(),
            Some("a=b")
        );
        assert!(Trace::new(PARENT_TEXT, Some("a=b\r\nX: y")).is_none());
        for bad in [
            "",
            "00",
            "00-0af7-b7-01",
            &PARENT_TEXT.replace('a', "\n"),
            &PARENT_TEXT.replace('a', "A"),
            &PARENT_TEXT.replace('a', "\u{e9}"),
            &PARENT_TEXT.replacen("00", "ff", 1),
            &format!("{PARENT_TEXT}-more"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ] {
            assert_eq!(Trace::new(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("{}-more", PARENT_TEXT.replacen("00", "01", 1));
        assert_eq!(Trace::new(&later, None).unwrap().parent(), PARENT_TEXT);
    }

    #[test]
    fn headers_of_other_libraries_are_found_and_a_bad_state_costs_only_itself() {
        let mut headers = HeaderMap::new();
        headers.insert("Traceparent", PARENT_TEXT);
        headers.insert("Tracestate", "a=\u{e9}");
        let trace = Trace::from_headers(&headers).unwrap();
        assert_eq!((trace.parent(), trace.state()), (PARENT_TEXT, None));
        assert_eq!(Trace::from_headers(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn a_scope_ends_and_the_inner_one_wins() {
        let outer = Trace::new(PARENT_TEXT, Some("a=b")).unwrap();
        let inner = Trace::new(&PARENT_TEXT.replace("b7", "c7"), None).unwrap();
        assert_eq!(Trace::current(), None);
        let seen = outer.clone().scope(async {
            let nested = inner.clone().scope(async { Trace::current() }).await;
            (nested, Trace::current())
        });
        assert_eq!(seen.await, (Some(inner), Some(outer)));
        assert_eq!(Trace::current(), None);
    }
}
