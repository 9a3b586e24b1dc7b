//! Every way to prove who one is, on a real server that demands it; and that no secret is ever printed.
//!
//! Each attempt is a process of its own, with the settings in its environment as a service has them: everything that it
//! prints, and all that it and its libraries log at any level, is searched for the secrets.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use event_runtime::{Bus, Config, Json, serde_json::json};
use event_testing::TestServer;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};

/// Set for the processes that connect.
const CHILD: &str = "SECURITY_TEST_CONNECTS";
const ME: &str = "connects_as_the_environment_says";

/// What the other tests run as a process; does nothing among them.
#[test]
fn connects_as_the_environment_says() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    tracing::subscriber::set_global_default(Everything).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async {
        let config = Config::from_env()?.service("shop");
        println!("{config:?} {config:#?}");
        let bus = Bus::connect(config).await?;
        println!("{bus:?}");
        // An answer shows that the server has accepted us.
        let answer: Result<Json, _> = bus.jetstream().request("INFO", &()).await;
        println!(
            "answer: {}",
            answer.is_ok_and(|answer| answer["error"].is_null())
        );
        let _ = bus.close(std::time::Duration::from_secs(2)).await;
        Ok::<_, event_runtime::Error>(())
    });
    match outcome {
        Ok(()) => println!("outcome: connected"),
        Err(error) => println!("{error:?}\noutcome: {error}"),
    }
}

/// Prints every event and span of every level.
struct Everything;

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Printer);
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Printer);
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Printer);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Printer;

impl tracing::field::Visit for Printer {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        println!("log: {field} {value:?}");
    }
}

/// A server, and the secrets that nothing may print.
struct Place {
    server: TestServer,
    secrets: Vec<String>,
}

impl Place {
    async fn new(configuration: &str, secrets: &[&str]) -> Self {
        let server = TestServer::start_with(configuration).await.unwrap();
        let secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        Self { server, secrets }
    }

    /// What comes of connecting with these variables.
    fn connect(&self, variables: &[(&str, &str)]) -> String {
        let url = self.server.url();
        let output = Command::new(std::env::current_exe().unwrap())
            .args([ME, "--exact", "--nocapture"])
            .env_clear()
            .env(CHILD, "1")
            .env("NATS_URL", &url)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        text.push_str(&String::from_utf8(output.stderr).unwrap());
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{secret} is printed: {text}");
        }
        let outcome = text.lines().find_map(|line| line.split_once("outcome: "));
        let (_, outcome) = outcome.unwrap_or_else(|| panic!("no outcome: {text}"));
        if !outcome.starts_with("NATS_") {
            assert!(text.contains("log: "), "nothing was logged: {text}");
        }
        if outcome == "connected" {
            assert!(text.contains("answer: true"), "{text}");
        }
        println!(
            "{:?}: {outcome}",
            variables.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
        outcome.to_owned()
    }

    fn connects(&self, variables: &[(&str, &str)]) {
        assert_eq!(self.connect(variables), "connected");
    }

    /// The error has the server, and says what is wrong in these words.
    fn refuses(&self, variables: &[(&str, &str)], words: &str) {
        let outcome = self.connect(variables);
        let host = self.server.url().replace("nats://", "");
        assert!(outcome.contains(words), "{outcome}");
        assert!(
            outcome.contains(&host) || outcome.starts_with("NATS_"),
            "{outcome}"
        );
    }

    fn url_with(&self, login: &str) -> String {
        self.server.url().replace("//", &format!("//{login}@"))
    }
}

const RIGHT: &str = "correct-horse-battery";
const WRONG: &str = "wrong-staple-secret";

#[tokio::test]
async fn user_and_password() {
    let text = format!("authorization {{ user: shop, password: {RIGHT:?} }}");
    let place = Place::new(&text, &[RIGHT, WRONG]).await;
    place.connects(&[("NATS_USER", "shop"), ("NATS_PASSWORD", RIGHT)]);
    place.connects(&[("NATS_URL", &place.url_with(&format!("shop:{RIGHT}")))]);
    let violation = "authorization violation";
    place.refuses(
        &[("NATS_USER", "shop"), ("NATS_PASSWORD", WRONG)],
        violation,
    );
    place.refuses(
        &[("NATS_URL", &place.url_with(&format!("shop:{WRONG}")))],
        violation,
    );
    place.refuses(&[], violation);
    place.refuses(&[("NATS_PASSWORD", RIGHT)], "NATS_USER: is not set");
}

#[tokio::test]
async fn token() {
    let text = format!("authorization {{ token: {RIGHT:?} }}");
    let place = Place::new(&text, &[RIGHT, WRONG]).await;
    place.connects(&[("NATS_TOKEN", RIGHT)]);
    place.connects(&[("NATS_URL", &place.url_with(RIGHT))]);
    place.refuses(&[("NATS_TOKEN", WRONG)], "authorization violation");
    place.refuses(&[], "authorization violation");
}

#[tokio::test]
async fn nkey() {
    let (user, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let (seed, other) = (user.seed().unwrap(), stranger.seed().unwrap());
    let text = format!(
        "authorization {{ users: [ {{ nkey: {} }} ] }}",
        user.public_key()
    );
    let place = Place::new(&text, &[&seed, &other]).await;
    place.connects(&[("NATS_NKEY_SEED", &seed)]);
    place.refuses(&[("NATS_NKEY_SEED", &other)], "authorization violation");
    // The form of a seed, and no seed: its checksum is wrong.
    let broken = format!(
        "{}{}",
        &seed[..57],
        if seed.ends_with('A') { 'B' } else { 'A' }
    );
    place.refuses(&[("NATS_NKEY_SEED", &broken)], "NATS_NKEY_SEED");
    place.refuses(&[], "authorization violation");
}

/// A token of the operator mode, signed by `issuer`.
fn jwt(issuer: &KeyPair, subject: &str, nats: &Json) -> String {
    let part = |value: &Json| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let claims = part(&json!({
        "jti": "1", "iat": 1_700_000_000, "iss": issuer.public_key(), "sub": subject, "name": "test", "nats": nats,
    }));
    let signed = format!("{header}.{claims}");
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn credentials(jwt: &str, seed: &str) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

#[tokio::test]
async fn credentials_file() {
    let (operator, account, system) = (
        KeyPair::new_operator(),
        KeyPair::new_account(),
        KeyPair::new_account(),
    );
    let (user, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1, "leaf": -1, "wildcards": true,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let of_account = |key: &KeyPair, limits: &Json| {
        jwt(
            &operator,
            &key.public_key(),
            &json!({ "limits": limits, "type": "account", "version": 2 }),
        )
    };
    let no_jetstream =
        json!({ "subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "wildcards": true });
    let text = format!(
        "operator: {}\nsystem_account: {sys}\nresolver: MEMORY\nresolver_preload {{ {sys}: {}, {}: {} }}",
        jwt(
            &operator,
            &operator.public_key(),
            &json!({ "type": "operator", "version": 2 })
        ),
        of_account(&system, &no_jetstream),
        account.public_key(),
        of_account(&account, &limits),
        sys = system.public_key(),
    );
    let of_user = json!({ "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2 });
    let (seed, other) = (user.seed().unwrap(), stranger.seed().unwrap());
    let account_seed = account.seed().unwrap();
    let place = Place::new(&text, &[&seed, &other, &account_seed]).await;
    let file = |name: &str, text: String| {
        let path = place.server.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let known = jwt(&account, &user.public_key(), &of_user);
    place.connects(&[(
        "NATS_CREDS",
        &file("good.creds", credentials(&known, &seed)),
    )]);
    // Signed by an account that the server does not know; with a key that is not the token's; no credentials at all.
    let unknown = jwt(&KeyPair::new_account(), &user.public_key(), &of_user);
    let violation = "authorization violation";
    place.refuses(
        &[("NATS_CREDS", &file("a.creds", credentials(&unknown, &seed)))],
        violation,
    );
    place.refuses(
        &[("NATS_CREDS", &file("b.creds", credentials(&known, &other)))],
        violation,
    );
    // No credentials file, each for its own reason, and said before anybody is asked.
    let right = credentials(&known, &seed);
    for (name, text, words) in [
        (
            "c.creds",
            seed.clone(),
            "c.creds: has no block `-----BEGIN NATS USER JWT-----`",
        ),
        (
            "d.creds",
            right.replace(&known, ""),
            "d.creds: the block that begins in line 1",
        ),
        (
            "e.creds",
            credentials(&seed, &known),
            "e.creds: line 2 is no JWT",
        ),
        (
            "f.creds",
            right.replace("-----BEGIN USER", "BEGIN USER"),
            "f.creds: the block that begins in line 7",
        ),
        (
            "g.creds",
            credentials(&known, &seed[..57]),
            "g.creds: line 6 is not a user seed",
        ),
        (
            "h.creds",
            credentials(&known, &account_seed),
            "h.creds: line 6 is not a user seed",
        ),
    ] {
        place.refuses(&[("NATS_CREDS", &file(name, text))], words);
    }
    std::fs::write(place.server.folder().join("i.creds"), [0xff, 0xfe]).unwrap();
    let path = place.server.folder().join("i.creds");
    place.refuses(
        &[("NATS_CREDS", path.to_str().unwrap())],
        "NATS_CREDS: the file cannot be read",
    );
    // As tools on Windows write it.
    place.connects(&[("NATS_CREDS", &file("j.creds", right.replace('\n', "\r\n")))]);
    place.refuses(
        &[("NATS_CREDS", "/no/such/file")],
        "NATS_CREDS: the file cannot be read",
    );
    place.refuses(&[], violation);
}

type Authority = CertifiedIssuer<'static, rcgen::KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, signed by the authority, in files.
fn certificate(
    folder: &Path,
    name: &str,
    host: &str,
    authority: &Authority,
) -> (String, String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let secret = key.serialize_pem();
    let certificate = file(folder, &format!("{name}.pem"), &certificate.pem());
    (
        certificate,
        file(folder, &format!("{name}.key"), &secret),
        secret,
    )
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A folder that is gone with its value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nats-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn tls() {
    let folder = Folder::new("one-sided");
    let folder = &folder.0;
    let (ours, theirs) = (authority(), authority());
    let (certificate, key, _) = certificate(folder, "server", "127.0.0.1", &ours);
    let ca = file(folder, "ca.pem", &ours.pem());
    let other = file(folder, "other.pem", &theirs.pem());
    let junk = file(folder, "junk.pem", "no certificate");
    let text = format!(
        "tls {{ cert_file: {certificate:?}, key_file: {key:?} }}\nauthorization {{ token: {RIGHT:?} }}"
    );
    let place = Place::new(&text, &[RIGHT]).await;
    let token = ("NATS_TOKEN", RIGHT);
    place.connects(&[token, ("NATS_TLS_CA", &ca)]);
    place.connects(&[
        token,
        ("NATS_TLS_CA", &ca),
        ("NATS_URL", &place.server.url().replace("nats:", "tls:")),
    ]);
    place.refuses(&[token], "certificate");
    place.refuses(&[token, ("NATS_TLS_CA", &other)], "certificate");
    place.refuses(&[token, ("NATS_TLS_CA", &junk)], "NATS_TLS_CA");
    // The certificate is not for this name.
    let localhost = place.server.url().replace("127.0.0.1", "localhost");
    let outcome = place.connect(&[token, ("NATS_TLS_CA", &ca), ("NATS_URL", &localhost)]);
    assert!(outcome.contains("certificate"), "{outcome}");

    // TLS is asked for, and the server has none: nothing is sent in the clear.
    let plain = Place::new(&format!("authorization {{ token: {RIGHT:?} }}"), &[RIGHT]).await;
    plain.refuses(&[token, ("NATS_TLS_CA", &ca)], "TLS");
}

#[tokio::test]
async fn mutual_tls() {
    let folder = Folder::new("mutual");
    let folder = &folder.0;
    let (ours, theirs) = (authority(), authority());
    let (server, server_key, _) = certificate(folder, "server", "127.0.0.1", &ours);
    let (client, client_key, secret) = certificate(folder, "client", "shop.example", &ours);
    let (stranger, stranger_key, _) = certificate(folder, "stranger", "shop.example", &theirs);
    let ca = file(folder, "ca.pem", &ours.pem());
    let junk = file(folder, "junk.pem", "no key");
    let text = format!(
        "tls {{ cert_file: {server:?}, key_file: {server_key:?}, ca_file: {ca:?}, verify: true }}"
    );
    let line = secret.lines().nth(1).unwrap();
    let place = Place::new(&text, &[line]).await;
    let ca = ("NATS_TLS_CA", ca.as_str());
    place.connects(&[
        ca,
        ("NATS_TLS_CERT", &client),
        ("NATS_TLS_KEY", &client_key),
    ]);
    place.refuses(&[ca], "certificate");
    place.refuses(
        &[
            ca,
            ("NATS_TLS_CERT", &stranger),
            ("NATS_TLS_KEY", &stranger_key),
        ],
        "certificate",
    );
    place.refuses(
        &[ca, ("NATS_TLS_CERT", &client), ("NATS_TLS_KEY", &junk)],
        "NATS_TLS_KEY",
    );
    place.refuses(
        &[ca, ("NATS_TLS_CERT", &client)],
        "NATS_TLS_KEY: is not set",
    );
    // The key of another certificate.
    place.refuses(
        &[
            ca,
            ("NATS_TLS_CERT", &client),
            ("NATS_TLS_KEY", &stranger_key),
        ],
        "the key is not that of the certificate",
    );
}
