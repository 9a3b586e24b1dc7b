#!/usr/bin/env bash
# Installs what is pinned into .venv and generates the models from the contracts. Again and again: only what changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! cmp -s requirements.txt .venv/installed.txt; then
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements.txt
    cp requirements.txt .venv/installed.txt
fi

# EVENT_CONTRACTS: an installed `event-contracts`; else the one of this checkout.
schemas=$(mktemp -d)
trap 'rm -rf "$schemas"' EXIT
${EVENT_CONTRACTS:-cargo run --quiet --locked --package event-contracts --} \
    --contracts ../../contracts export json-schema --out "$schemas"
if ! diff -qr "$schemas" .venv/schemas >/dev/null 2>&1; then
    .venv/bin/datamodel-codegen --input "$schemas" --input-file-type jsonschema --output scheduling/events \
        --output-model-type pydantic_v2.BaseModel --snake-case-field --allow-population-by-field-name --use-annotated \
        --disable-timestamp --formatters builtin --target-python-version 3.11
    rm -rf .venv/schemas
    cp -r "$schemas" .venv/schemas
fi
