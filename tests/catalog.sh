#!/usr/bin/env bash
# The catalog in headless Chromium: search, graph, deep links, keyboard, accessibility in both themes, hostile contracts,
# and the time that a thousand events take. Installs the browser and the pinned modules when they are not there.
#
#   SHOTS=DIR tests/catalog.sh    leaves screenshots in DIR as well
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=.build/catalog
mkdir -p "$folder/pages/schemas"

export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
if ! [ -x "$CHROMIUM" ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
fi
if ! cmp -s tests/catalog/package-lock.json "$folder/installed.json"; then
    cp tests/catalog/package.json tests/catalog/package-lock.json "$folder/"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp tests/catalog/package-lock.json "$folder/installed.json"
fi

cargo build --quiet --locked -p event-contracts
contracts=${CARGO_TARGET_DIR:-target}/debug/event-contracts
rm -rf "$folder/large"
node tests/catalog/large.mjs "$folder/large"
page() { # NAME CONTRACTS
    "$contracts" catalog --contracts "$2" --out "$folder/pages/$1.html" 2>"$folder/$1.log" ||
        { cat "$folder/$1.log" >&2; exit 1; }
}
page example contracts
page awkward tests/catalog/awkward
page large "$folder/large"
"$contracts" export json-schema --contracts contracts --out "$folder/pages/schemas" 2>/dev/null

MODULES=$PWD/$folder PAGES=$PWD/$folder/pages node --test --test-reporter=spec tests/catalog/page.test.mjs
