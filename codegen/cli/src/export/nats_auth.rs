//! `export nats-auth`: permissions of every service, as a configuration for nats-server.

use std::path::{Path, PathBuf};

use event_codegen::export::nats_auth::{self, Separation};

use super::output;
use crate::folder;
use crate::outcome::Failure;

/// Exports a nats-server configuration with least-privilege permissions: each service may do what its contract says,
/// and nothing else.
///
/// The server reads passwords from its environment (`$WAREHOUSE_PASSWORD`); the file contains none.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts export nats-auth --out nats/auth.conf
  event-contracts export nats-auth --accounts --out nats/auth.conf --check    # in CI: exit 1 when the file is stale")]
pub(crate) struct Args {
    /// Output file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Use one account per service instead of one user.
    #[arg(long)]
    accounts: bool,
    /// Write nothing; exit with 1 if the file is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let separation = if args.accounts {
        Separation::Accounts
    } else {
        Separation::Users
    };
    output::file(
        &args.out,
        &nats_auth::nats_auth(&checked, separation),
        args.check,
    )
}
