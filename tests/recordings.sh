#!/usr/bin/env bash
# Holds the pictures of the README to what the commands print; `--write` makes them anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=.build/recordings
if ! cmp -s docs/recordings/requirements.txt "$venv/installed.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r docs/recordings/requirements.txt
    cp docs/recordings/requirements.txt "$venv/installed.txt"
fi
cargo build --quiet --locked -p event-contracts
PATH=${CARGO_TARGET_DIR:-$PWD/target}/debug:$PATH
if [ "${1:-}" = --write ]; then "$venv/bin/python" docs/recordings/record.py; else "$venv/bin/python" docs/recordings/record.py --check; fi
