#!/usr/bin/env bash
# Installs what is pinned, generates the types from the contracts, and compiles. Again and again: only what changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! cmp -s package-lock.json node_modules/.installed.json; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed.json
fi
# EVENT_CONTRACTS: an installed `event-contracts`; else the one of this checkout.
${EVENT_CONTRACTS:-cargo run --quiet --locked --package event-contracts --} \
    --contracts ../../contracts export json-schema --out schemas
npm run --silent types
npm run --silent build
