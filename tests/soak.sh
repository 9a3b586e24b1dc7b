#!/usr/bin/env bash
# Keeps load on one server or a cluster of three for some minutes, while servers and listeners are killed, frozen, cut
# off and restarted at random. Ends with
#   soak: published P, handled H, duplicates-in-stream D, dead-lettered X, lost L
# and exits with 0 only when nothing was lost and nothing is in the stream twice.
#
#   tests/soak.sh [MINUTES [NODES]]        default 20 and 1; NODES is 1 or 3
#   SOAK_SEED=N tests/soak.sh …            the same faults in the same order as the run that printed N
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

NATS_SERVER_BIN=$(tests/nats-server.sh)
export NATS_SERVER_BIN
cargo build --quiet --locked --package event-tests --example soak
exec "${CARGO_TARGET_DIR:-target}/debug/examples/soak" "${1:-20}" "${2:-1}"
