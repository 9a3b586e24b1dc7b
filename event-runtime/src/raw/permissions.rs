//! Who is connected, and what it may do, as the server tells it.

use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::bus::Bus;
use crate::error::Error;
use crate::store::is_publish_to;

/// Subject at which a server tells each user its own permissions, and nobody else's.
pub const USER_INFO: &str = "$SYS.REQ.USER.INFO";

/// The user of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedUser {
    /// Its name, or its public key; nothing where the server has no users, or knows them by a token.
    pub name: Option<String>,
    /// Its account.
    pub account: String,
    /// Permissions to publish.
    pub publish: Permitted,
    /// Permissions to subscribe. `a.b group` is about a queue group; before 2.15 (seen on 2.10.25, 2.11.0 and 2.12.0) a
    /// server leaves the group out.
    pub subscribe: Permitted,
}

/// Patterns of subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Permitted {
    /// Allowed subjects; none means that everything is.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Subjects that are denied among them.
    #[serde(default)]
    pub deny: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    user: String,
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    account_name: String,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Default, Deserialize)]
struct Permissions {
    #[serde(default)]
    publish: Permitted,
    #[serde(default)]
    subscribe: Permitted,
}

impl Bus {
    /// Asks who this connection is, and what it may do. A user with a list of allowed subjects is answered only when
    /// [`USER_INFO`] is on it.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::NoAnswer`], [`Error::Server`] for an answer that cannot be read, and with the code 503
    /// when nobody answers: in the mode of operators, a server without a system account.
    pub async fn connected_user(&self) -> Result<ConnectedUser, Error> {
        self.has_server(USER_INFO)?;
        let mark = self.inner.events.mark();
        let within = self.inner.config.request_timeout;
        let answer = timeout(within, self.client().request(USER_INFO, "".into()));
        let refused = self
            .inner
            .events
            .refused(mark, |operation| is_publish_to(operation, USER_INFO));
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            operation = refused => return Err(Error::Refused { operation }),
        };
        let failed = |code: u64, description: &str| Error::Server {
            what: USER_INFO.to_owned(),
            code,
            description: description.to_owned(),
        };
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == async_nats::RequestErrorKind::NoResponders => {
                return Err(failed(503, "nobody answers"));
            }
            Ok(Err(error)) if error.kind() != async_nats::RequestErrorKind::TimedOut => {
                return Err(Error::Closed);
            }
            Ok(Err(_)) | Err(_) => {
                return Err(Error::NoAnswer {
                    what: USER_INFO.to_owned(),
                    after: within,
                });
            }
        };
        let with_token = self.inner.config.has_token();
        read(&answer.payload, with_token).ok_or_else(|| failed(0, "an answer that cannot be read"))
    }

    /// Returns the prefix of requests to JetStream's API on this connection: `$JS.API`, or `$JS.<domain>.API`.
    #[must_use]
    pub fn api_prefix(&self) -> String {
        self.inner.config.api_prefix()
    }
}

/// `with_token`: the name is the token then, on servers that do not hide it.
fn read(answer: &[u8], with_token: bool) -> Option<ConnectedUser> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Answer { data } = Answer::deserialize(answer).ok()?;
    let first = |texts: [String; 2]| texts.into_iter().find(|text| !text.is_empty());
    let name = first([data.user_name, data.user]);
    Some(ConnectedUser {
        name: name.filter(|_| !with_token),
        account: first([data.account_name, data.account]).unwrap_or_default(),
        publish: data.permissions.publish,
        subscribe: data.permissions.subscribe,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nats-server 2.15.1 and 2.10.25 answered: with a key, with lists, without permissions, with a token.
    #[test]
    fn answers() {
        let jwt = br#"{"server":{"name":"N"},"data":{"user":"UD2V4","account":"ADP6","account_name":"ACC","user_name":"joe",
            "permissions":{"publish":{"allow":["a.\u003e"],"deny":["a.x"]},"subscribe":{"allow":["q g"]},
            "responses":{"max":1,"ttl":120000000000}}}}"#;
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let user = read(jwt, false).unwrap();
        assert_eq!((user.name.as_deref(), &*user.account), (Some("joe"), "ACC"));
        assert_eq!(
            user.publish,
            Permitted {
                allow: texts(&["a.>"]),
                deny: texts(&["a.x"]),
            }
        );
        assert_eq!(user.subscribe.allow, ["q g"]);
        let free = read(br#"{"data":{"user":"","account":"$G"}}"#, false).unwrap();
        assert_eq!((free.name, &*free.account), (None, "$G"));
        assert_eq!((free.publish, free.subscribe), Default::default());
        let token = read(br#"{"data":{"user":"s3cr3t","account":"$G"}}"#, true).unwrap();
        assert_eq!(token.name, None);
        assert_eq!(read(br#"{"error":{"code":503}}"#, false), None);
        assert_eq!(read(b"", false), None);
    }
}
