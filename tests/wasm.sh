#!/usr/bin/env bash
# Builds the generated types of the example organisation for a browser: events as data need no runtime.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=wasm32-unknown-unknown
rustup target list --installed | grep --quiet --line-regexp "$target" || rustup target add "$target"
cargo build --locked --package event-types-tests --target "$target" --target-dir .build/wasm
