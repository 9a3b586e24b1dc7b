#!/usr/bin/env bash
# Exports the schemas of the contracts; Maven generates the classes from them, compiles, and gathers the libraries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# EVENT_CONTRACTS: an installed `event-contracts`; else the one of this checkout.
contracts() { ${EVENT_CONTRACTS:-cargo run --quiet --locked --package event-contracts --} --contracts ../../contracts "$@"; }
contracts export json-schema --out schemas/events
# A file per type: jsonschema2pojo makes one class of each.
contracts export json-schema --layout refs --out schemas/types
mvn --quiet --batch-mode process-classes
