//! A credentials file: the JWT of a user and the seed of its key, each in a block between two lines of dashes.
//!
//! The client reads such files too, with `regex`, which nothing else of most services needs: a tenth of their program. A problem
//! says in which line it is, and quotes none.

use std::fmt;

use nkeys::KeyPair;

/// Description of a seed, for error messages.
pub(crate) const SEED: &str =
    "is not a user seed (58 characters of base32 that start with SU, the last ones a checksum)";

/// Contents of a credentials file.
pub(crate) struct Credentials<'a> {
    pub(crate) jwt: &'a str,
    pub(crate) key: KeyPair,
}

/// Reason for which a text is no credentials file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CredentialsProblem {
    /// That block of the two is not there.
    Missing(&'static str),
    /// It begins in that line, and is not one line and a line of dashes.
    Unfinished(usize),
    /// That line is no JWT.
    Jwt(usize),
    /// That line is no seed.
    Seed(usize),
}

impl fmt::Display for CredentialsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(block) => write!(
                f,
                "has no block `-----BEGIN {block}-----`; a credentials file has one with a JWT and one with a seed, in this order"
            ),
            Self::Unfinished(line) => write!(
                f,
                "the block that begins in line {line} is not one line, and after it `------END …------`"
            ),
            Self::Jwt(line) => write!(
                f,
                "line {line} is no JWT (three parts of base64url with dots between them)"
            ),
            Self::Seed(line) => write!(f, "line {line} {SEED}"),
        }
    }
}

/// Reads the text of a file. The first block is the JWT and the second the seed, whatever they are called: so all clients read them.
pub(crate) fn read(text: &str) -> Result<Credentials<'_>, CredentialsProblem> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = (1..).zip(text.lines().map(str::trim));
    let mut block = |name| {
        let (begin, _) = lines
            .find(|(_, line)| is_fence(line))
            .ok_or(CredentialsProblem::Missing(name))?;
        let mut inside = lines.by_ref().filter(|(_, line)| !line.is_empty());
        match (inside.next(), inside.next()) {
            (Some((at, body)), Some((_, end))) if !is_fence(body) && is_fence(end) => {
                Ok((at, body))
            }
            _ => Err(CredentialsProblem::Unfinished(begin)),
        }
    };
    let (at, jwt) = block("NATS USER JWT")?;
    if !is_jwt(jwt) {
        return Err(CredentialsProblem::Jwt(at));
    }
    let (at, seed) = block("USER NKEY SEED")?;
    let key = key_of_user(seed).ok_or(CredentialsProblem::Seed(at))?;
    Ok(Credentials { jwt, key })
}

/// The key of a user, by its seed. The error of the library may quote the seed, so there is none.
pub(crate) fn key_of_user(seed: &str) -> Option<KeyPair> {
    let of_user = seed.starts_with("SU");
    KeyPair::from_seed(seed).ok().filter(|_| of_user)
}

fn is_fence(line: &str) -> bool {
    line.len() > 6 && line.starts_with("---") && line.ends_with("---")
}

fn is_jwt(text: &str) -> bool {
    let is_base64url = |part: &str| {
        let mut bytes = part.trim_end_matches('=').bytes();
        !part.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.split('.').count() == 3 && text.split('.').all(is_base64url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJ0eXAi.eyJzdWIi.c2lnbmVk-_";
    // Of no account anywhere: from the documentation of the nkeys crate.
    const USER: &str = "SUAIO3FHUX5PNV2LQIIP7TZ3N4L7TX3W53MQGEIVYFIGA635OZCKEYHFLM";

    fn file(jwt: &str, seed: &str) -> String {
        format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             ************************* IMPORTANT *************************\n\
             NKEY Seed printed below can be used to sign and prove identity.\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n\n\
             *************************************************************\n"
        )
    }

    fn jwt_and_key(text: &str) -> (&str, String) {
        let read = read(text).unwrap();
        (read.jwt, read.key.public_key())
    }

    #[test]
    fn a_file_is_read_in_every_form_that_tools_write() {
        let right = file(JWT, USER);
        let expected = (JWT, KeyPair::from_seed(USER).unwrap().public_key());
        let forms = [
            right.clone(),
            right.replace('\n', "\r\n"),
            format!("\u{feff}{right}"),
            right.replace("-----\n", "-----\n\n  "),
            right.replace("NATS USER JWT", "ANYTHING"),
            format!("a word before\n{right}"),
            // Without a last line, and so without its end.
            right.split("\n\n***********").next().unwrap().to_owned()
                + right
                    .split_once("identity.\n")
                    .unwrap()
                    .1
                    .split("\n\n*")
                    .next()
                    .unwrap(),
        ];
        for form in &forms {
            assert_eq!(jwt_and_key(form), expected, "{form}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_text() {
        let right = file(JWT, USER);
        let of_account = KeyPair::new_account().seed().unwrap();
        let broken = USER.replace("5PNV", "5PNW");
        let (jwt_only, _) = right.split_once("\n\n***").unwrap();
        let cases = [
            (String::new(), CredentialsProblem::Missing("NATS USER JWT")),
            (
                USER.to_owned(),
                CredentialsProblem::Missing("NATS USER JWT"),
            ),
            (
                format!("{jwt_only}\n"),
                CredentialsProblem::Missing("USER NKEY SEED"),
            ),
            (
                "------\n".repeat(9),
                CredentialsProblem::Missing("NATS USER JWT"),
            ),
            ("-------\n".repeat(9), CredentialsProblem::Unfinished(1)),
            (
                "-----BEGIN JWT-----".to_owned(),
                CredentialsProblem::Unfinished(1),
            ),
            (
                format!("-----BEGIN-----\n{JWT}\n"),
                CredentialsProblem::Unfinished(1),
            ),
            (right.replace(JWT, ""), CredentialsProblem::Unfinished(1)),
            (
                file(&format!("{JWT}\n{JWT}"), USER),
                CredentialsProblem::Unfinished(1),
            ),
            (file(USER, JWT), CredentialsProblem::Jwt(2)),
            (file("a.b", USER), CredentialsProblem::Jwt(2)),
            (file("a..c", USER), CredentialsProblem::Jwt(2)),
            (file("a.b.c.d", USER), CredentialsProblem::Jwt(2)),
            (file("a.b.ü", USER), CredentialsProblem::Jwt(2)),
            (file(JWT, &broken), CredentialsProblem::Seed(9)),
            (file(JWT, &of_account), CredentialsProblem::Seed(9)),
            (file(JWT, &USER[..57]), CredentialsProblem::Seed(9)),
            (file(JWT, &"ü".repeat(29)), CredentialsProblem::Seed(9)),
        ];
        for (text, problem) in cases {
            let found = read(&text).map(|read| read.jwt).unwrap_err();
            assert_eq!(found, problem, "{text}");
            let said = found.to_string();
            assert!(!said.contains(JWT) && !said.contains("SUAIO"), "{said}");
        }
    }
}
