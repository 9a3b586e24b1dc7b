//! Where to connect and as whom: the variables of the environment, and behind them a context of the `nats` command line.
//!
//! `NATS_CONTEXT` names a context, and a variable of the environment wins over a field of it. Without that name the
//! selected context counts, but only where `NATS_URL` names no server: its credentials belong to its server, and must not
//! go to another one.

use std::collections::BTreeMap;
use std::env::{self, VarError};
use std::fs;
use std::path::{Path, PathBuf};

use event_runtime::{Config, ConfigError};
use serde_json::Value;

use crate::outcome::Failure;

/// The variables that say who connects. One of them in the environment, and none of the context's counts.
const LOGIN: [&str; 5] = [
    "NATS_CREDS",
    "NATS_NKEY_SEED",
    "NATS_USER",
    "NATS_PASSWORD",
    "NATS_TOKEN",
];
/// A client certificate and its key are one thing too.
const CERTIFICATE: [&str; 2] = ["NATS_TLS_CERT", "NATS_TLS_KEY"];

/// The fields of a context and the variables that say the same.
const FIELDS: [(&str, &str); 11] = [
    ("url", "NATS_URL"),
    ("user", "NATS_USER"),
    ("password", "NATS_PASSWORD"),
    ("creds", "NATS_CREDS"),
    ("nkey", "NATS_NKEY_SEED"),
    ("token", "NATS_TOKEN"),
    ("cert", "NATS_TLS_CERT"),
    ("key", "NATS_TLS_KEY"),
    ("ca", "NATS_TLS_CA"),
    ("jetstream_domain", "NATS_JS_DOMAIN"),
    ("inbox_prefix", "NATS_INBOX_PREFIX"),
];
/// Fields that hold a path.
const PATHS: [&str; 5] = ["creds", "nkey", "cert", "key", "ca"];
/// Fields that say nothing about the connection.
const IGNORED: [&str; 4] = [
    "description",
    "color_scheme",
    "jetstream_event_prefix",
    "name",
];

/// Servers to connect to, and the place that names them.
pub(super) struct Chosen {
    pub(super) config: Config,
    context: Option<Context>,
}

/// What the environment and the context say.
pub(super) fn chosen() -> Result<Chosen, Failure> {
    let context = match selected()? {
        Some((name, path)) => Some(Context::read(&name, &path)?),
        None => None,
    };
    let read = |variable: &'static str| match variable_of_env(variable)? {
        None if variable == "NATS_NAME" => Ok(Some("event-contracts".to_owned())),
        Some(value) => Ok(Some(value)),
        None => match &context {
            Some(context) if !replaced(variable)? => Ok(context.values.get(variable).cloned()),
            _ => Ok(None),
        },
    };
    match Config::from_lookup(read) {
        Ok(config) => Ok(Chosen { config, context }),
        Err(wrong) => Err(Failure::Usage(blame_one(context.as_ref(), &wrong))),
    }
}

impl Chosen {
    /// The words for a value that turned out wrong at the connection: a file that is none of its kind.
    pub(super) fn blame(&self, wrong: &ConfigError) -> String {
        blame_one(self.context.as_ref(), wrong)
    }
}

fn blame_one(context: Option<&Context>, wrong: &ConfigError) -> String {
    match context {
        Some(context) if variable_of_env(wrong.variable) == Ok(None) && context.concerns(wrong) => {
            context.blame(wrong)
        }
        _ => blame(wrong),
    }
}

/// The words for a wrong value of the environment.
pub(super) fn blame(wrong: &ConfigError) -> String {
    format!("the environment variable {wrong}")
}

fn variable_of_env(variable: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(variable) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError {
            variable,
            reason: "is not Unicode".to_owned(),
        }),
    }
}

/// Returns whether the environment says something in the place of a context's field.
fn replaced(variable: &str) -> Result<bool, ConfigError> {
    let group: &[&'static str] = match variable {
        _ if LOGIN.contains(&variable) => &LOGIN,
        _ if CERTIFICATE.contains(&variable) => &CERTIFICATE,
        _ => return Ok(false),
    };
    for variable in group {
        if variable_of_env(variable)?.is_some() {
            return Ok(true);
        }
    }
    // Credentials in the URL are credentials too.
    let url = variable_of_env("NATS_URL")?.unwrap_or_default();
    Ok(LOGIN.contains(&variable) && url.contains('@'))
}

/// The context that counts: its name and its file.
fn selected() -> Result<Option<(String, PathBuf)>, Failure> {
    let usage = |wrong: ConfigError| Failure::Usage(blame(&wrong));
    let Some(folder) = folder() else {
        return Ok(None);
    };
    let named = variable_of_env("NATS_CONTEXT").map_err(usage)?;
    let (name, from) = match named {
        Some(name) => (name, "NATS_CONTEXT"),
        None if variable_of_env("NATS_URL").map_err(usage)?.is_some() => return Ok(None),
        None => match fs::read_to_string(folder.join("context.txt")) {
            Ok(text) if !text.trim().is_empty() => {
                (text.trim().to_owned(), "`nats context select`")
            }
            // Nothing is selected.
            _ => return Ok(None),
        },
    };
    if name.contains("..") || name.contains(['/', '\\']) {
        return Err(Failure::Usage(format!(
            "{from}: the name of a context cannot contain `..`, `/` or `\\`"
        )));
    }
    let path = folder.join("context").join(format!("{name}.json"));
    if path.is_file() {
        return Ok(Some((name, path)));
    }
    let mut known: Vec<String> = fs::read_dir(folder.join("context"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .file_name()
                    .into_string()
                    .ok()?
                    .strip_suffix(".json")?
                    .to_owned(),
            )
        })
        .collect();
    known.sort();
    let known = match known.as_slice() {
        [] => "there is none".to_owned(),
        some => format!("there are: {}", some.join(", ")),
    };
    Err(Failure::Usage(format!(
        "{from} selects the context \"{name}\", which does not exist at {}; {known}",
        path.display()
    )))
}

/// Folder in which the `nats` command line keeps its contexts.
fn folder() -> Option<PathBuf> {
    let set = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty());
    let config = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".config")))?;
    Some(config.join("nats"))
}

/// A context of the `nats` command line.
struct Context {
    name: String,
    path: PathBuf,
    /// What it says, by the variable that says the same.
    values: BTreeMap<&'static str, String>,
}

impl Context {
    fn read(name: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::Usage(format!(
                "the context \"{name}\" ({}): {reason}",
                path.display()
            ))
        };
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::Outside(format!("cannot read {}: {error}", path.display()))
        })?;
        // The parser's own error names a place and no text, so that no secret is in it.
        let fields: BTreeMap<String, Value> = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("is not a JSON object: {error}")))?;
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for (field, value) in &fields {
            let known = FIELDS.iter().find(|(known, _)| known == field);
            match (known, value) {
                (_, Value::Null | Value::Bool(false)) => {}
                (_, Value::String(text)) if text.is_empty() => {}
                _ if IGNORED.contains(&field.as_str()) => {}
                (Some((known, _)), Value::String(text)) => {
                    said.insert(known, text);
                }
                (Some(_), _) => return Err(wrong(format!("`{field}` must be a string"))),
                (None, _) => {
                    return Err(wrong(format!(
                        "`{field}` is not supported; use NATS_… variables, or a context without it"
                    )));
                }
            }
        }
        one_login(&mut said);
        let mut values = BTreeMap::new();
        for (field, variable) in FIELDS {
            let Some(text) = said.get(field) else {
                continue;
            };
            let value = match field {
                "nkey" => {
                    seed(&expanded(text)).map_err(|reason| wrong(format!("`nkey`: {reason}")))?
                }
                _ if PATHS.contains(&field) => expanded(text),
                _ => (*text).to_owned(),
            };
            values.insert(variable, value);
        }
        Ok(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            values,
        })
    }

    /// Returns whether an error is about a value of this context: about one that it gives, or one that another of it demands.
    fn concerns(&self, wrong: &ConfigError) -> bool {
        let pair = |a: &str, b: &str| wrong.variable == a && self.values.contains_key(b);
        self.values.contains_key(wrong.variable)
            || pair("NATS_PASSWORD", "NATS_USER")
            || pair("NATS_USER", "NATS_PASSWORD")
            || pair("NATS_TLS_KEY", "NATS_TLS_CERT")
            || pair("NATS_TLS_CERT", "NATS_TLS_KEY")
    }

    /// The words for a wrong value of this context, in its own names.
    fn blame(&self, wrong: &ConfigError) -> String {
        let mut text = wrong.to_string();
        for (field, variable) in FIELDS {
            text = text.replace(variable, &format!("`{field}`"));
        }
        format!(
            "the context \"{}\" ({}): {text}",
            self.name,
            self.path.display()
        )
    }
}

/// Of several ways to log in, the `nats` command line takes the first of these; so is it here.
fn one_login(said: &mut BTreeMap<&str, &str>) {
    const ORDER: [&str; 4] = ["user", "creds", "nkey", "token"];
    let Some(taken) = ORDER.into_iter().find(|field| said.contains_key(field)) else {
        return;
    };
    said.retain(|field, _| *field == taken || !ORDER.contains(field));
    if taken != "user" {
        said.remove("password");
    }
}

/// A path with the home folder in the place of `~`.
fn expanded(path: &str) -> String {
    match (path.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}

/// The seed in a file: its first line that is no comment.
fn seed(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {path}: {}", error.kind()))?;
    text.lines()
        .map(str::trim)
        .find(|line| line.starts_with("SU"))
        .map(str::to_owned)
        .ok_or_else(|| format!("{path} contains no user seed (SU…)"))
}
