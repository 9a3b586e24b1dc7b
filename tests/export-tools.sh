#!/usr/bin/env bash
# What docs/export.md says of other languages' tools, done as it stands there, over every contracts folder of the repository:
# validators and decoders agree on every sample, and generated code in Java, TypeScript and Python keeps every good one, except
# for what tests/export-tools/exceptions.toml lists. Installs the tools, pinned, into .build/export-tools.
#
#   UPDATE_EXPECT=1 tests/export-tools.sh      writes exceptions.txt and the table in docs/export.md anew
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pins=tests/export-tools
work=$PWD/.build/export-tools
first=$work/contracts
mkdir -p "$first"
if ! cmp -s "$pins/package-lock.json" "$work/npm-installed.json"; then
    cp "$pins/package.json" "$pins/package-lock.json" "$first/"
    npm ci --prefix "$first" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp "$pins/package-lock.json" "$work/npm-installed.json"
fi &
npm=$!
if ! cmp -s "$pins/requirements.txt" "$work/pip-installed.txt"; then
    python3 -m venv --clear "$first/.venv"
    "$first/.venv/bin/python" -m pip install --quiet --require-hashes -r "$pins/requirements.txt"
    cp "$pins/requirements.txt" "$work/pip-installed.txt"
fi
wait "$npm"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --quiet -p event-contracts
SAMPLE_VERDICTS=$work/verdicts.jsonl cargo test --locked --quiet --workspace --test samples -- \
    rust_and_the_schemas_agree_on_every_sample
export PATH=$CARGO_TARGET_DIR/debug:$PATH PYTHONDONTWRITEBYTECODE=1
# The scripts need Python 3.11 (tomllib).
"$first/.venv/bin/python" "$pins/run.py" "$work/verdicts.jsonl" "$work"
