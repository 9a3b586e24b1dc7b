#!/usr/bin/env bash
# Measures everything that docs/performance.md says, and writes that page anew. Installs what it is measured against.
#
#   tests/bench.sh              every part, then the page; about an hour on two cores, most of it building what `builds` compares: let it have them alone
#   tests/bench.sh PART...      some parts only: publish exact deliver peers growth latency codegen builds; or `report`, the page alone
#   BENCH_PAIRS=4 tests/bench.sh publish      fewer pairs than 16: quicker, and the intervals are wider
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(publish exact deliver peers growth latency codegen builds report)

NATS_SERVER_BIN=$(tests/nats-server.sh)
export NATS_SERVER_BIN
export CARGO_TERM_COLOR=never
out=${BENCH_OUT:-.build/bench}
target=${CARGO_TARGET_DIR:-.build/bench/target}
mkdir -p "$out"

# A word that is no part would be found out after half an hour.
for part in "${parts[@]}"; do
    [ "$part" = report ] || [ -x "tests/bench/$part.sh" ] || [ -f "tests/bench/benches/$part.rs" ] || {
        printf 'bench: no part %s; the parts are those of the first lines of tests/bench.sh\n' "$part" >&2
        exit 2
    }
done

bench() {
    cargo "$1" --quiet --locked --manifest-path tests/bench/Cargo.toml --target-dir "$target" "${@:2}"
}

# What judges and draws is judged first.
bench test --release --lib

for part in "${parts[@]}"; do
    printf '== %s\n' "$part"
    # A part's lines of an earlier run are no part of this one.
    [ "$part" = report ] || rm -f "$out/$part.jsonl"
    if [ -x "tests/bench/$part.sh" ]; then
        "tests/bench/$part.sh"
    elif [ "$part" = report ]; then
        bench run --release --bin report
    else
        bench bench --bench "$part"
    fi
done
