#!/usr/bin/env bash
# Instructions and allocations per event, ours against by hand: the part `exact` of tests/bench.sh. Needs valgrind, and installs it.
#
#   tests/bench/exact.sh [MODE]      a list by function beside each: .build/bench/exact-MODE.txt
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v valgrind >/dev/null; then
    root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    if ! { "${root[@]}" apt-get update -qq && "${root[@]}" apt-get install -y -qq valgrind; } >/dev/null; then
        echo "exact: counting instructions needs valgrind, and apt-get could not install it: install it by hand" >&2
        exit 1
    fi
fi
NATS_SERVER_BIN=${NATS_SERVER_BIN:-$(tests/nats-server.sh)}
export NATS_SERVER_BIN
cargo run --quiet --release --locked --manifest-path tests/bench/Cargo.toml \
    --target-dir "${CARGO_TARGET_DIR:-.build/bench/target}" --bin cost -- "$@"
