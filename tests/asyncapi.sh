#!/usr/bin/env bash
# Validates the AsyncAPI document of every contracts folder in the repository, and that of each of its services, with
# @asyncapi/parser, which is installed, pinned, into .build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=.build/asyncapi
mkdir -p "$tools"
if ! cmp -s tests/asyncapi/package-lock.json "$tools/installed.json"; then
    cp tests/asyncapi/package.json tests/asyncapi/package-lock.json "$tools/"
    npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp tests/asyncapi/package-lock.json "$tools/installed.json"
fi
cp tests/asyncapi/validate.mjs "$tools/"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --quiet -p event-contracts
commands=$CARGO_TARGET_DIR/debug/event-contracts

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for folder in contracts codegen/tests/export/contracts codegen/tests/schema/*/contracts codegen/tests/golden/*/contracts; do
    name=${folder//\//-}
    "$commands" --contracts "$folder" export asyncapi --out "$scratch/$name.json" 2>"$scratch/log" ||
        { cat "$scratch/log"; exit 1; }
    services=$(node -p 'const { tags } = JSON.parse(fs.readFileSync(process.argv[1])).info;
        (tags ?? []).map((tag) => tag.name).join(" ")' "$scratch/$name.json")
    for service in $services; do
        "$commands" --contracts "$folder" export asyncapi --service "$service" --out "$scratch/$name.$service.json" \
            2>"$scratch/log" || { cat "$scratch/log"; exit 1; }
    done
done
node "$tools/validate.mjs" "$scratch"/*.json
