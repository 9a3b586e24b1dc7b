//! How to connect: from the environment, or by hand.
//!
//! A bad value is an error that names its variable. Neither an error nor `Debug` ever prints a secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{AuthError, ConnectOptions, ServerAddr};
use event_wire::__runtime::debug_by_text;
use percent_encoding::percent_decode_str;

use crate::credentials;

/// A setting that is missing or wrong.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// The variable of the environment.
    pub variable: &'static str,
    /// The problem; never the value.
    pub reason: String,
}

debug_by_text!(ConfigError { variable, reason });

fn wrong(variable: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError {
        variable,
        reason: reason.into(),
    }
}

#[derive(Clone)]
enum Auth {
    None,
    Credentials(PathBuf),
    Nkey(String),
    Password { user: String, password: String },
    Token(String),
}

impl Auth {
    /// The credentials of a URL: `user:password`, or a token.
    fn of_login(login: &str) -> Option<Self> {
        Some(match login.split_once(':') {
            Some((user, password)) => Self::Password {
                user: decoded(user)?,
                password: decoded(password)?,
            },
            None => Self::Token(decoded(login)?),
        })
    }
}

/// Percent-decodes a part of a URL; `None` for a `%` without two digits, and for what is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let two_digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_hexdigit).count() >= 2;
    if !text.split('%').skip(1).all(two_digits) {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Credentials(path) => write!(f, "Credentials({})", path.display()),
            Self::Nkey(_) => f.write_str("Nkey(***)"),
            Self::Password { user, .. } => write!(f, "Password({user}, ***)"),
            Self::Token(_) => f.write_str("Token(***)"),
        }
    }
}

/// Configuration of a connection: servers, credentials, TLS and time-outs.
#[derive(Clone)]
pub struct Config {
    servers: Vec<ServerAddr>,
    pub(crate) name: Option<String>,
    pub(crate) service: Option<String>,
    auth: Auth,
    tls_ca: Option<PathBuf>,
    tls_client: Option<(PathBuf, PathBuf)>,
    pub(crate) domain: Option<String>,
    inbox_prefix: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) publish_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) window: usize,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("servers", &self.servers_shown())
            .field("name", &self.name)
            .field("service", &self.service)
            .field("auth", &self.auth)
            .field("tls_ca", &self.tls_ca)
            .field("tls_client", &self.tls_client)
            .field("domain", &self.domain)
            .field("inbox_prefix", &self.inbox_prefix)
            .field("connect_timeout", &self.connect_timeout)
            .field("publish_timeout", &self.publish_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("window", &self.window)
            .finish()
    }
}

impl Config {
    /// A connection to these servers (`nats://host:4222`, comma-separated). Credentials in a URL
    /// (`nats://user:password@host`, `nats://token@host`, percent-encoded) count for all of them.
    ///
    /// # Errors
    /// A server that is no URL, or two with different credentials; it is called `NATS_URL` in the error.
    pub fn new(servers: &str) -> Result<Self, ConfigError> {
        let mut addresses = Vec::new();
        let mut login: Option<&str> = None;
        for server in servers
            .split(',')
            .map(str::trim)
            .filter(|server| !server.is_empty())
        {
            // The client logs its servers: no secret may be left in them.
            let (address, own) = without_login(server);
            if own.is_some() && login.is_some() && own != login {
                return Err(wrong("NATS_URL", "names different credentials"));
            }
            login = login.or(own);
            // The parser's own error may quote the text.
            let address = ServerAddr::from_str(&address).map_err(|_| {
                wrong(
                    "NATS_URL",
                    format!("server {} is no nats:// or tls:// URL", addresses.len() + 1),
                )
            })?;
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(wrong("NATS_URL", "names no server"));
        }
        let auth = login.map_or(Ok(Auth::None), |login| {
            Auth::of_login(login)
                .ok_or_else(|| wrong("NATS_URL", "its credentials are not percent-encoded UTF-8"))
        })?;
        Ok(Self {
            servers: addresses,
            name: None,
            service: None,
            auth,
            tls_ca: None,
            tls_client: None,
            domain: None,
            inbox_prefix: None,
            connect_timeout: Duration::from_secs(5),
            publish_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(5),
            window: 1_024,
        })
    }

    /// Reads the environment: `NATS_URL` (default `nats://localhost:4222`; comma-separated), `NATS_NAME`; one of
    /// `NATS_CREDS` (a file), `NATS_NKEY_SEED`, `NATS_USER` with `NATS_PASSWORD`, `NATS_TOKEN`; `NATS_TLS_CA`,
    /// `NATS_TLS_CERT` with `NATS_TLS_KEY` (PEM files); `NATS_JS_DOMAIN`, `NATS_INBOX_PREFIX`.
    /// An empty variable counts as not set.
    ///
    /// # Errors
    /// A bad value, by the name of its variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|variable| match std::env::var(variable) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(wrong(variable, "is not Unicode")),
        })
    }

    /// The same from another place than the environment: `read` answers what a variable of [`from_env`](Self::from_env)
    /// is there.
    ///
    /// # Errors
    /// A bad value, by the name of its variable; what `read` fails with.
    pub fn from_lookup(
        read: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let get =
            |variable| Ok::<_, ConfigError>(read(variable)?.filter(|value| !value.is_empty()));
        let mut config = Self::new(
            get("NATS_URL")?
                .as_deref()
                .unwrap_or("nats://localhost:4222"),
        )?;
        config.name = get("NATS_NAME")?;
        match (&config.auth, Self::auth_from(&get)?) {
            (_, None) => {}
            (Auth::None, Some((_, auth))) => config.auth = auth,
            (_, Some((variable, _))) => {
                return Err(wrong(
                    variable,
                    "is set, and NATS_URL has credentials: one of them only",
                ));
            }
        }
        config.tls_ca = get("NATS_TLS_CA")?
            .map(|path| file("NATS_TLS_CA", path))
            .transpose()?;
        config.tls_client = match (get("NATS_TLS_CERT")?, get("NATS_TLS_KEY")?) {
            (Some(cert), Some(key)) => {
                Some((file("NATS_TLS_CERT", cert)?, file("NATS_TLS_KEY", key)?))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(wrong("NATS_TLS_KEY", "is not set, and NATS_TLS_CERT is"));
            }
            (None, Some(_)) => {
                return Err(wrong("NATS_TLS_CERT", "is not set, and NATS_TLS_KEY is"));
            }
        };
        if let Some(domain) = get("NATS_JS_DOMAIN")? {
            if let Some(problem) = event_wire::__runtime::token_problem(&domain) {
                return Err(wrong("NATS_JS_DOMAIN", problem));
            }
            config.domain = Some(domain);
        }
        if let Some(prefix) = get("NATS_INBOX_PREFIX")? {
            if let Some(problem) = prefix
                .split('.')
                .find_map(event_wire::__runtime::token_problem)
            {
                return Err(wrong("NATS_INBOX_PREFIX", problem));
            }
            config.inbox_prefix = Some(prefix);
        }
        Ok(config)
    }

    fn auth_from(
        get: &impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    ) -> Result<Option<(&'static str, Auth)>, ConfigError> {
        let mut found: Vec<(&'static str, Auth)> = Vec::new();
        if let Some(path) = get("NATS_CREDS")? {
            found.push(("NATS_CREDS", Auth::Credentials(file("NATS_CREDS", path)?)));
        }
        if let Some(seed) = get("NATS_NKEY_SEED")? {
            check_seed(&seed)?;
            found.push(("NATS_NKEY_SEED", Auth::Nkey(seed)));
        }
        match (get("NATS_USER")?, get("NATS_PASSWORD")?) {
            (Some(user), Some(password)) => {
                found.push(("NATS_USER", Auth::Password { user, password }))
            }
            (None, None) => {}
            (Some(_), None) => return Err(wrong("NATS_PASSWORD", "is not set, and NATS_USER is")),
            (None, Some(_)) => return Err(wrong("NATS_USER", "is not set, and NATS_PASSWORD is")),
        }
        if let Some(token) = get("NATS_TOKEN")? {
            found.push(("NATS_TOKEN", Auth::Token(token)));
        }
        match found.as_slice() {
            [(first, _), (second, _), ..] => Err(wrong(
                second,
                format!("is set, and so is {first}: one of them only"),
            )),
            _ => Ok(found.pop()),
        }
    }

    /// The name under which the server lists this connection. Default: the service's name. Where no service is named, it is
    /// also the `ce-source` of CloudEvents.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The service that connects. Its inboxes get a prefix of their own, `_INBOX_<service>`, unless another one is set:
    /// with permissions for it nobody else reads the answers to this service. It is the `ce-source` of CloudEvents that it
    /// publishes, as a URI reference: what cannot stand in one is percent-encoded.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// A user and its password.
    #[must_use]
    pub fn user_and_password(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.auth = Auth::Password {
            user: user.into(),
            password: password.into(),
        };
        self
    }

    /// A token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.auth = Auth::Token(token.into());
        self
    }

    /// The seed of an nkey.
    #[must_use]
    pub fn nkey_seed(mut self, seed: impl Into<String>) -> Self {
        self.auth = Auth::Nkey(seed.into());
        self
    }

    /// A credentials file.
    #[must_use]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.auth = Auth::Credentials(path.into());
        self
    }

    /// The certificates (PEM) that the server's may be signed with, beside those of the system. Demands TLS.
    #[must_use]
    pub fn tls_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls_ca = Some(path.into());
        self
    }

    /// The client's certificate and key (PEM). Demands TLS.
    #[must_use]
    pub fn tls_client(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls_client = Some((certificate.into(), key.into()));
        self
    }

    /// The domain of JetStream behind a leaf node.
    #[must_use]
    pub fn js_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// The prefix of this connection's inboxes.
    #[must_use]
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = Some(prefix.into());
        self
    }

    /// Sets the time-out of one connection attempt. Default: 5 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time-out of a publish with all its retries. Default: 10 s. At most half of the stream's duplicate window,
    /// or a late retry could be stored twice.
    #[must_use]
    pub fn publish_timeout(mut self, timeout: Duration) -> Self {
        self.publish_timeout = timeout;
        self
    }

    /// Sets the time-out of requests to the server. Default: 5 s.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Sets the maximum number of unacknowledged publishes. When it is reached, `publish` and `enqueue` apply backpressure. Default: 1,024.
    #[must_use]
    pub fn publish_window(mut self, window: usize) -> Self {
        self.window = window.clamp(1, 65_536);
        self
    }

    /// Returns the publisher for `ce-source`: the service, or the name of the connection.
    pub(crate) fn publisher(&self) -> Option<&str> {
        let names = [self.service.as_deref(), self.name.as_deref()];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }

    pub(crate) fn servers(&self) -> &[ServerAddr] {
        &self.servers
    }

    /// The servers without their credentials: `a:4222,b:4222`.
    #[must_use]
    pub fn servers_shown(&self) -> String {
        let shown: Vec<_> = self
            .servers
            .iter()
            .map(|server| format!("{}:{}", server.host(), server.port()))
            .collect();
        shown.join(",")
    }

    /// Returns true if there are credentials of any kind.
    pub(crate) fn has_credentials(&self) -> bool {
        !matches!(self.auth, Auth::None) || self.tls_client.is_some()
    }

    /// Returns true if a token authenticates the connection.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self.auth, Auth::Token(_))
    }

    /// The prefix of the inboxes.
    pub(crate) fn inboxes(&self) -> String {
        match (&self.inbox_prefix, &self.service) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(service)) => format!("_INBOX_{service}"),
            (None, None) => "_INBOX".to_owned(),
        }
    }

    /// Returns the prefix of the subjects of JetStream's API.
    pub(crate) fn api_prefix(&self) -> String {
        self.domain.as_ref().map_or_else(
            || "$JS.API".to_owned(),
            |domain| format!("$JS.{domain}.API"),
        )
    }

    pub(crate) fn options(&self) -> Result<ConnectOptions, ConfigError> {
        let mut options = ConnectOptions::new()
            .connection_timeout(self.connect_timeout)
            .request_timeout(Some(self.request_timeout))
            // Servers are known by then, and a client that gives up would never come back.
            .max_reconnects(None);
        options = match &self.auth {
            Auth::None => options,
            Auth::Credentials(path) => {
                let text = readable("NATS_CREDS", path)?;
                let found = credentials::read(&text).map_err(|problem| {
                    wrong("NATS_CREDS", format!("{}: {problem}", path.display()))
                })?;
                let key = Arc::new(found.key);
                options.jwt(found.jwt.to_owned(), move |nonce| {
                    let signed = key.sign(&nonce).map_err(AuthError::new);
                    std::future::ready(signed)
                })
            }
            Auth::Nkey(seed) => {
                check_seed(seed)?;
                options.nkey(seed.clone())
            }
            Auth::Password { user, password } => {
                options.user_and_password(user.clone(), password.clone())
            }
            Auth::Token(token) => options.token(token.clone()),
        };
        if let Some(name) = self.name.as_ref().or(self.service.as_ref()) {
            options = options.name(name);
        }
        options = options.custom_inbox_prefix(self.inboxes());
        if let Some(path) = &self.tls_ca {
            has_block("NATS_TLS_CA", path, "CERTIFICATE-----")?;
            options = options
                .add_root_certificates(path.clone())
                .require_tls(true);
        }
        if let Some((certificate, key)) = &self.tls_client {
            has_block("NATS_TLS_CERT", certificate, "CERTIFICATE-----")?;
            has_block("NATS_TLS_KEY", key, "PRIVATE KEY-----")?;
            options = options
                .add_client_certificate(certificate.clone(), key.clone())
                .require_tls(true);
        }
        Ok(options)
    }
}

/// A server's URL without the credentials in it, and these.
fn without_login(server: &str) -> (String, Option<&str>) {
    let (scheme, rest) = match server.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, server),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (login, host) = match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => (rest.get(..at), rest.get(at + 1..).unwrap_or_default()),
        None => (None, rest),
    };
    let address = scheme.map_or(host.to_owned(), |scheme| format!("{scheme}://{host}"));
    (address, login.filter(|login| !login.is_empty()))
}

fn check_seed(seed: &str) -> Result<(), ConfigError> {
    // Its own error may quote the seed.
    match credentials::key_of_user(seed) {
        Some(_) => Ok(()),
        None => Err(wrong("NATS_NKEY_SEED", credentials::SEED)),
    }
}

/// A file without such a block would be taken for an empty one, and the handshake fail for a reason that nobody sees.
fn has_block(variable: &'static str, path: &Path, block: &str) -> Result<(), ConfigError> {
    let found = readable(variable, path)?
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(block));
    match found {
        true => Ok(()),
        false => Err(wrong(
            variable,
            format!(
                "the file has no PEM block `{}`",
                block.trim_end_matches('-')
            ),
        )),
    }
}

fn readable(variable: &'static str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        wrong(
            variable,
            format!("the file cannot be read: {}", error.kind()),
        )
    })
}

/// A path whose file can be opened now: better to say so here than in the middle of a TLS handshake.
fn file(variable: &'static str, path: String) -> Result<PathBuf, ConfigError> {
    match std::fs::File::open(&path) {
        Ok(_) => Ok(path.into()),
        Err(error) => Err(wrong(
            variable,
            format!("the file cannot be read: {}", error.kind()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup(|variable| {
            Ok(pairs
                .iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn credentials_are_percent_encoded() {
        assert_eq!(decoded("p%25%e2%82%AC").as_deref(), Some("p%\u{20ac}"));
        // Not two digits, and no UTF-8.
        for text in ["50%", "%4", "%zz", "%+1", "%\u{20ac}", "%C0%A0", "%ff"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn everything_is_read() {
        let config = read(&[
            ("NATS_URL", "nats://a:1, tls://b:2"),
            ("NATS_NAME", "n"),
            ("NATS_USER", "u"),
            ("NATS_PASSWORD", "hunter2"),
            ("NATS_JS_DOMAIN", "hub"),
            ("NATS_INBOX_PREFIX", "_INBOX_x"),
            ("NATS_TOKEN", ""),
        ])
        .unwrap();
        assert_eq!(config.servers_shown(), "a:1,b:2");
        assert_eq!(config.domain.as_deref(), Some("hub"));
        assert!(matches!(&config.auth, Auth::Password { user, .. } if user == "u"));
    }

    #[test]
    fn a_bad_value_names_its_variable_and_prints_no_secret() {
        let secret = "s3cr3t";
        let cases: &[(&'static str, &[(&str, &str)])] = &[
            ("NATS_URL", &[("NATS_URL", "http://u:s3cr3t@a")]),
            ("NATS_URL", &[("NATS_URL", "nats://u:s3cr3t@[bad")]),
            ("NATS_URL", &[("NATS_URL", " , ")]),
            ("NATS_CREDS", &[("NATS_CREDS", "/no/such/s3cr3t")]),
            ("NATS_NKEY_SEED", &[("NATS_NKEY_SEED", "s3cr3t")]),
            ("NATS_PASSWORD", &[("NATS_USER", "u")]),
            ("NATS_USER", &[("NATS_PASSWORD", "s3cr3t")]),
            (
                "NATS_TOKEN",
                &[
                    ("NATS_TOKEN", "s3cr3t"),
                    ("NATS_USER", "u"),
                    ("NATS_PASSWORD", "s3cr3t"),
                ],
            ),
            (
                "NATS_TOKEN",
                &[("NATS_URL", "nats://u:s3cr3t@a"), ("NATS_TOKEN", "s3cr3t")],
            ),
            ("NATS_TLS_CA", &[("NATS_TLS_CA", "/no/such/file")]),
            ("NATS_TLS_KEY", &[("NATS_TLS_CERT", "Cargo.toml")]),
            ("NATS_TLS_CERT", &[("NATS_TLS_KEY", "Cargo.toml")]),
            ("NATS_JS_DOMAIN", &[("NATS_JS_DOMAIN", "a.b")]),
            ("NATS_INBOX_PREFIX", &[("NATS_INBOX_PREFIX", "a.>")]),
        ];
        for (variable, pairs) in cases {
            let error = read(pairs).unwrap_err();
            assert_eq!(&error.variable, variable, "{error}");
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }

    #[test]
    fn debug_masks_secrets() {
        for pairs in [
            [("NATS_URL", "nats://u:s3cr3t@a:1"), ("NATS_NAME", "n")],
            [("NATS_URL", "nats://s3cr3t@a:1"), ("NATS_NAME", "n")],
            [("NATS_URL", "nats://a:1"), ("NATS_TOKEN", "s3cr3t")],
        ] {
            let config = read(&pairs).unwrap();
            let shown = format!("{config:?} {:?}", config.servers);
            assert!(!shown.contains("s3cr3t"), "{shown}");
            assert!(shown.contains("a:1"), "{shown}");
        }
    }

    #[test]
    fn credentials_of_a_url_are_taken_out_of_it() {
        let auth = |servers| Config::new(servers).map(|config| config.auth);
        assert!(matches!(
            auth("nats://u:p%40%3a%C3%A9@a:1,nats://b,nats://u:p%40%3a%C3%A9@c").unwrap(),
            Auth::Password { user, password } if user == "u" && password == "p@:\u{e9}"
        ));
        assert!(matches!(auth("t@a:1").unwrap(), Auth::Token(token) if token == "t"));
        assert!(matches!(auth("nats://@a:1").unwrap(), Auth::None));
        for bad in [
            "nats://u:p@a,nats://u:q@b",
            "nats://u:%4@a",
            "nats://u:%+1@a",
            "nats://%ff@a",
        ] {
            assert_eq!(auth(bad).unwrap_err().variable, "NATS_URL", "{bad}");
        }
    }
}
