#!/usr/bin/env bash
# Events with the envelope `cloudevents` between Rust and the official CloudEvents SDKs of Python and JavaScript, over a real
# server, in both directions. Installs the SDKs, pinned, into .build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=.build/cloudevents
pins=tests/cloudevents
if ! cmp -s "$pins/requirements.txt" "$tools/python/installed.txt"; then
    rm -rf "$tools/python"
    python3 -m venv "$tools/python"
    "$tools/python/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: \
        -r "$pins/requirements.txt"
    cp "$pins/requirements.txt" "$tools/python/installed.txt"
fi
mkdir -p "$tools/js"
if ! cmp -s "$pins/package-lock.json" "$tools/js/installed.json"; then
    cp "$pins/package.json" "$pins/package-lock.json" "$tools/js/"
    npm ci --prefix "$tools/js" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp "$pins/package-lock.json" "$tools/js/installed.json"
fi
cp "$pins/peer.mjs" "$tools/js/"

: "${NATS_SERVER_BIN:=$(tests/nats-server.sh)}"
export NATS_SERVER_BIN
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --quiet -p event-tests --example cloudevents
meets() { # COMMAND...
    local said
    said=$("$CARGO_TARGET_DIR/debug/examples/cloudevents" "$@") || { printf '%s: %s\n' "$1" "$said"; exit 1; }
    printf '%s\n' "$said"
    # A run that compared less than everything has shown nothing.
    [ "$(grep -c '^read ' <<<"$said")" -eq 3 ] && [ "$(grep -c '^handled ' <<<"$said")" -eq 3 ]
}
meets "$tools/python/bin/python" "$pins/peer.py"
meets node "$tools/js/peer.mjs"
