//! The connection: one client and one JetStream context, shared by everything of a service.
//!
//! What the client reports on the side is seen in `connection`.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{Context, context::ContextBuilder};
use async_nats::{Client, ConnectErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::acks::Acks;
use crate::cloudevents;
use crate::config::Config;
use crate::connection::Events;
use crate::error::Error;
use crate::outbox::Sink;
use crate::shutdown::Shutdown;

/// A stream and a durable of it.
pub(crate) type DurableName = (&'static str, String);

/// A cheaply cloneable handle to a NATS connection. Clones share the underlying connection.
#[derive(Clone, Debug)]
pub struct Bus {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) sink: Sink,
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    pub(crate) config: Config,
    /// The header `ce-source` of the CloudEvents that it publishes.
    source: Option<String>,
    pub(crate) events: Arc<Events>,
    /// The inbox of acknowledgements, from the first publish on: who only listens needs none.
    acks: OnceCell<Acks>,
    /// The client's.
    runtime: Handle,
    /// A place for each publish that waits for its acknowledgement.
    pub(crate) window: Arc<Semaphore>,
    /// Stops the listeners of this bus when it closes.
    pub(crate) stop: Shutdown,
    /// How many listeners run.
    pub(crate) listeners: watch::Sender<usize>,
    /// The durables all of whose places are taken by deliveries that wait for a retry.
    pub(crate) paused: Mutex<BTreeSet<String>>,
    /// The durables of the listeners that run, each with how many listeners it has.
    pub(crate) durables: Mutex<BTreeMap<DurableName, usize>>,
    closing: AtomicBool,
}

/// How closing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct CloseReport {
    /// Whether the server has taken everything that was sent.
    pub flushed: bool,
    /// Publishes that were waiting and are resolved now.
    pub acked: u64,
    /// Deliveries that this bus's listeners have given back since it connected.
    pub returned: u64,
    /// Publishes and listeners that had not come to an end in time.
    pub abandoned: u64,
}

impl Bus {
    /// Connects. Later the connection comes back by itself, however long it was gone.
    ///
    /// # Errors
    /// [`Error::Config`]; [`Error::Login`] when a server refuses the credentials; [`Error::Connect`] when none can be
    /// reached now.
    pub async fn connect(config: Config) -> Result<Self, Error> {
        Self::connecting(config).await
    }

    /// A box keeps the future, and with it the client's connector and TLS, in this crate: else each program that awaits it would
    /// compile it again.
    fn connecting(config: Config) -> Pin<Box<dyn Future<Output = Result<Self, Error>> + Send>> {
        Box::pin(async move {
            let events = Arc::new(Events::new(config.inboxes()));
            let seen = Arc::clone(&events);
            let options = config.options()?.event_callback(move |event| {
                seen.see(event);
                std::future::ready(())
            });
            let client = options.connect(config.servers()).await.map_err(|error| {
                let (servers, words) = (config.servers_shown(), error.to_string());
                // The client's and the server's words are the same.
                let words = words.trim_end_matches(": nats: authorization violation");
                match error.kind() {
                    ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                        let reason = match config.has_credentials() {
                            true => words.to_owned(),
                            false => format!("{NO_CREDENTIALS} ({words})"),
                        };
                        Error::Login { servers, reason }
                    }
                    _ => Error::Connect {
                        servers,
                        reason: explained(words),
                    },
                }
            })?;
            let server = client.server_info();
            tracing::info!(
                servers = config.servers_shown(),
                server = server.server_name,
                version = server.version,
                "connected"
            );
            Ok(Self::over(client, config, events, Sink::Server))
        })
    }

    pub(crate) fn over(client: Client, config: Config, events: Arc<Events>, sink: Sink) -> Self {
        let jetstream = ContextBuilder::new()
            .api_prefix(config.api_prefix())
            .timeout(config.request_timeout)
            .build(client.clone());
        let window = Arc::new(Semaphore::new(config.window));
        let source = config
            .publisher()
            .map(|name| cloudevents::header_value(&cloudevents::uri_reference(name)));
        let inner = Inner {
            sink,
            client,
            jetstream,
            config,
            source,
            events,
            acks: OnceCell::new(),
            runtime: Handle::current(),
            window,
            stop: Shutdown::new(),
            listeners: watch::Sender::new(0),
            paused: Mutex::default(),
            durables: Mutex::default(),
            closing: AtomicBool::new(false),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The async-nats client, for everything that is not an event.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The async-nats context of JetStream.
    #[must_use]
    pub fn jetstream(&self) -> &Context {
        &self.inner.jetstream
    }

    /// Whether there is a connection now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        if let Sink::Outbox(_) = self.inner.sink {
            return true;
        }
        self.inner.client.connection_state() == State::Connected
    }

    /// An error once the bus is closing.
    pub(crate) fn open(&self) -> Result<(), Error> {
        if self.inner.closing.load(Ordering::Acquire) {
            Err(Error::Closed)
        } else {
            Ok(())
        }
    }

    /// The inbox of acknowledgements.
    pub(crate) async fn acks(&self) -> Result<&Acks, Error> {
        let inner = &self.inner;
        let open = || Acks::open(&inner.client, &inner.events, &inner.runtime);
        inner.acks.get_or_try_init(open).await
    }

    /// The header `ce-source` for an event.
    pub(crate) fn source(&self, event: &'static str) -> Result<&str, Error> {
        let source = self.inner.source.as_deref();
        source.ok_or(Error::NoSource { event })
    }

    /// An error when there is no server behind this bus, and nobody who could answer.
    pub(crate) fn has_server(&self, subject: &str) -> Result<(), Error> {
        match self.inner.sink {
            Sink::Server => Ok(()),
            Sink::Outbox(_) => Err(Error::NotConnected {
                subject: subject.to_owned(),
                after: Duration::ZERO,
            }),
        }
    }

    /// The most bytes that a message may have.
    pub(crate) fn max_payload(&self) -> usize {
        match self.inner.sink {
            Sink::Server => self.inner.client.max_payload(),
            // What a server takes unless it is told otherwise.
            Sink::Outbox(_) => 1 << 20,
        }
    }

    /// Waits for a connection. `false` at the deadline.
    pub(crate) async fn connected(&self, deadline: Instant) -> bool {
        while !self.is_connected() {
            if Instant::now() >= deadline {
                return false;
            }
            // The client's state can only be asked.
            sleep(Duration::from_millis(10)).await;
        }
        true
    }

    /// Sends a request that nobody answers and waits until the server says so: by then it has read everything that was
    /// sent before. A refusal says the same.
    pub(crate) async fn round_trip(&self, deadline: Instant) -> bool {
        let subject = self.inner.client.new_inbox();
        let mark = self.inner.events.mark();
        let request = self
            .inner
            .client
            .request(subject.clone(), bytes::Bytes::new());
        let refused = self
            .inner
            .events
            .refused(mark, |operation| operation.contains(&subject));
        let answered = async {
            tokio::select! {
                result = request => !matches!(result, Err(e) if e.kind() == async_nats::RequestErrorKind::TimedOut),
                _ = refused => true,
            }
        };
        timeout_at(deadline, answered).await.unwrap_or(false)
    }

    /// Ends: stops this bus's listeners, waits for the publishes that wait, sends what is buffered, closes the connection.
    /// Other clones fail with [`Error::Closed`] from now on.
    ///
    /// Takes at most `within`; what had not come to an end by then is counted in the report.
    pub async fn close(self, within: Duration) -> CloseReport {
        let deadline = Instant::now() + within;
        let inner = &self.inner;
        inner.stop.stop();
        let mut listeners = inner.listeners.subscribe();
        // Handlers that are still running may publish.
        let no_listeners = timeout_at(deadline, listeners.wait_for(|running| *running == 0))
            .await
            .is_ok();
        inner.closing.store(true, Ordering::Release);
        let window = inner.config.window;
        let waiting = window - inner.window.available_permits();
        let all = u32::try_from(window).unwrap_or(u32::MAX);
        let resolved = matches!(
            timeout_at(deadline, inner.window.acquire_many(all)).await,
            Ok(Ok(_))
        );
        let open = if resolved {
            0
        } else {
            window - inner.window.available_permits()
        };
        if self.has_server("").is_err() {
            return CloseReport {
                flushed: true,
                acked: (waiting.saturating_sub(open)) as u64,
                returned: 0,
                abandoned: open as u64,
            };
        }
        let flushed = matches!(timeout_at(deadline, inner.client.flush()).await, Ok(Ok(())))
            && self.round_trip(deadline).await;
        let mut closed = inner.events.closed.subscribe();
        let patience = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(100));
        if matches!(timeout(patience, inner.client.drain()).await, Ok(Ok(()))) {
            // Draining takes one more turn of the client; without a connection it never comes.
            let _ = timeout(patience, closed.wait_for(|closed| *closed)).await;
        }
        let still_listening = if no_listeners {
            0
        } else {
            *inner.listeners.borrow()
        };
        CloseReport {
            flushed,
            acked: (waiting.saturating_sub(open)) as u64,
            returned: inner.events.counters.returned.load(Ordering::Relaxed),
            abandoned: (open + still_listening) as u64,
        }
    }
}

/// What comes of `future` until then. What is ready at once, as sending nearly always is, asks for no time and sets no timer.
pub(crate) async fn within<F: Future>(
    deadline: impl FnOnce() -> Instant,
    mut future: Pin<&mut F>,
) -> Option<F::Output> {
    match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => timeout_at(deadline(), future).await.ok(),
    }
}

/// What a server says no to, where there is nothing that it could say yes to.
const NO_CREDENTIALS: &str =
    "there are none; set NATS_CREDS, NATS_NKEY_SEED, NATS_USER with NATS_PASSWORD, or NATS_TOKEN";

/// What the other side has said may have lines of its own.
fn one_line(words: &str) -> String {
    let words = words.split(char::is_control).map(str::trim);
    let words = words.filter(|words| !words.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The client's words for a connection that failed, and ours where they say nothing to somebody who operates a service.
fn explained(words: &str) -> String {
    let meaning = if words.contains("InvalidContentType") {
        "the server does not speak TLS here, and this connection demands it"
    } else if words.contains("CertificateRequired") {
        "the server demands a client's certificate (NATS_TLS_CERT and NATS_TLS_KEY)"
    } else if words.contains("UnknownCA") || words.contains("BadCertificate") {
        "the server does not accept the client's certificate (NATS_TLS_CERT)"
    } else if words.contains("could not add certificate or key") {
        "the key is not that of the certificate, or one of them cannot be read (NATS_TLS_CERT and NATS_TLS_KEY)"
    } else if words.contains("UnknownIssuer") || words.contains("BadSignature") {
        "nobody known has signed the server's certificate (NATS_TLS_CA)"
    } else if words.contains("Connection refused") {
        "no server listens there; NATS_URL names the server, and `event-contracts dev` runs one for development"
    } else if words.starts_with("DNS error") || words.contains("failed to lookup address") {
        "there is no host of that name (NATS_URL)"
    } else if words == "timed out" {
        "nobody answered like a NATS server in time (NATS_URL)"
    } else if words.contains("expected INFO") || words.contains("invalid server operation") {
        "what listens there is no NATS server (NATS_URL)"
    } else {
        return one_line(words);
    };
    format!("{meaning} ({})", one_line(words))
}
