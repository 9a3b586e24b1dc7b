#!/usr/bin/env bash
# Installs the peers that the chain is measured against, and measures: the part `peers` of tests/bench.sh. Needs node with npm, and
# Python 3.11 or newer. A peer's command is a word a line.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
target=${CARGO_TARGET_DIR:-$PWD/.build/bench/target}
installed=$PWD/.build/bench/peers
log=$installed/log
mkdir -p "$installed"

fail() { # WHAT [LOG]
    [ $# -lt 2 ] || tail -n 20 "$2" >&2
    printf 'peers: %s\n' "$1" >&2
    exit 3
}

for tool in node npm; do
    command -v "$tool" >/dev/null || fail "$tool is not on PATH: nats.js needs node 20 or newer with npm"
done
python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "python3 is missing, older than 3.11, or without venv: FastStream needs it"

# Each is installed once, and anew when what it is pinned to has changed.
unchanged() { # NAME FILE
    cmp -s "$2" "$installed/$1.pinned"
}
python=$installed/faststream/bin/python
if ! { [ -x "$python" ] && unchanged faststream "$here/peers/faststream/requirements.txt"; }; then
    { python3 -m venv --clear "$installed/faststream" &&
        "$python" -m pip install --quiet --no-deps --only-binary :all: -r "$here/peers/faststream/requirements.txt"; } \
        >"$log" 2>&1 || fail "FastStream could not be installed with pip" "$log"
    cp "$here/peers/faststream/requirements.txt" "$installed/faststream.pinned"
fi
if ! { [ -d "$here/peers/nats-js/node_modules" ] && unchanged nats-js "$here/peers/nats-js/package-lock.json"; }; then
    (cd "$here/peers/nats-js" && npm ci --silent --no-audit --no-fund) >"$log" 2>&1 ||
        fail "nats.js could not be installed with npm" "$log"
    cp "$here/peers/nats-js/package-lock.json" "$installed/nats-js.pinned"
fi
cargo build --quiet --release --locked --manifest-path "$here/peers/ruststream/Cargo.toml" --target-dir "$target"

NATS_SERVER_BIN=${NATS_SERVER_BIN:-$(tests/nats-server.sh)}
PEER_RUSTSTREAM=$target/release/peer-ruststream
PEER_FASTSTREAM=$python$'\n'$here/peers/faststream/peer.py
PEER_NATS_JS=node$'\n'$here/peers/nats-js/peer.mjs
export NATS_SERVER_BIN PEER_RUSTSTREAM PEER_FASTSTREAM PEER_NATS_JS
cargo bench --quiet --locked --manifest-path "$here/Cargo.toml" --target-dir "$target" --bench peers
