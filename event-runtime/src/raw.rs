//! Messages without a Rust type, for tools that know events at run time only: what a stream has stored, events that are published from
//! JSON, and the permissions of a connection. A service has no use for it.

mod permissions;
mod send;
mod stored;

pub use permissions::{ConnectedUser, Permitted, USER_INFO};
pub use send::AnyEvent;
pub use stored::{StoredMessage, StreamReader, cloud_event_type, without_envelope};
