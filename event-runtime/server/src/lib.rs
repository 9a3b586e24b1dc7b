//! The nats-server of a machine: finds one, or installs one for this user.
//!
//! For development and tests: `event-contracts dev` and the test kit `event-testing` run the server that this crate finds. Nothing
//! that is deployed needs it.
//!
//! # Examples
//!
//! ```no_run
//! let server = event_server::find_or_install(|line| eprintln!("{line}"))?;
//! println!("{}", server.display());
//! # Ok::<(), std::io::Error>(())
//! ```

mod find;
mod install;

pub use find::{VERSION, find, installed_at};
pub use install::find_or_install;
