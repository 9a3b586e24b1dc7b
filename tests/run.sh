#!/usr/bin/env bash
# Installs what the tests need and runs every one of them. The last line is `N passed, N failed`.
#
#   tests/run.sh            everything
#   tests/run.sh --quick    the Rust tests only
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 3

passed=0 failed=0
logs=.build/test-logs
mkdir -p "$logs"

# One check: its output is shown only when it fails.
check() { # NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    if "$@" >"$logs/$name.log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok      %-24s %4d s\n' "$name" $((SECONDS - started))
    else
        failed=$((failed + 1))
        printf 'FAILED  %-24s %4d s\n' "$name" $((SECONDS - started))
        tail -n 60 "$logs/$name.log" | sed 's/^/        /'
    fi
}

# Tests that count for themselves: cargo says `test result: ok. 12 passed; 0 failed; …` per binary.
cargo_tests() { # NAME CARGO-ARGUMENTS...
    local name=$1 started=$SECONDS status good bad
    shift
    cargo test --no-fail-fast "$@" >"$logs/$name.log" 2>&1
    status=$?
    good=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$logs/$name.log")
    bad=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$logs/$name.log")
    # It did not even build, or a binary died: that is a failure that no line counts.
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$status" -eq 0 ] && [ "$good" -eq 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    printf '%-7s %-24s %4d s   %d passed, %d failed\n' \
        "$([ "$bad" -eq 0 ] && echo ok || echo FAILED)" "$name" $((SECONDS - started)) "$good" "$bad"
    if [ "$bad" -ne 0 ]; then
        grep -nE '^(test .* FAILED|error|---- .* stdout ----)' "$logs/$name.log" | head -n 40 | sed 's/^/        /'
        tail -n 80 "$logs/$name.log" | sed 's/^/        /'
    fi
}

# The clients of other languages get caches of this checkout: empty in a fresh one, so that a step which only a used machine
# can do fails for whoever adds it. Their settings (registries, certificates) stay those of the machine.
caches=$PWD/.build/caches
export npm_config_cache=$caches/npm PIP_CACHE_DIR=$caches/pip
export MAVEN_OPTS="${MAVEN_OPTS:+$MAVEN_OPTS }-Dmaven.repo.local=$caches/maven"
# What a user's commands keep in a home folder (a nats-server that `dev` fetched, say) is no part of the tests either.
export XDG_CACHE_HOME=$caches/xdg

NATS_SERVER_BIN=$(tests/nats-server.sh) || exit 3
export NATS_SERVER_BIN
export CARGO_TERM_COLOR=never

cargo_tests rust --locked --workspace
cargo_tests runtime-features --locked -p event-wire -p event-runtime -p event-operate -p event-testing --all-features
# As most build scripts have it: without the feature `import`, which the workspace turns on.
cargo_tests codegen-alone --locked -p event-codegen --lib --test diagnostics --test explain
if [ "${1:-}" != --quick ]; then
    # A thousand events through rustc: too long for every `cargo test`, so asked for by name.
    cargo_tests large --locked --workspace --test large -- --ignored
    cargo_tests second-opinion --manifest-path tests/second-opinion/Cargo.toml --target-dir .build/second-opinion
    check format cargo fmt --all --check
    check clippy cargo clippy --locked --workspace --all-targets -- -D warnings
    # What measures keeps compiling; measuring is tests/bench.sh.
    check bench cargo clippy --locked --manifest-path tests/bench/Cargo.toml --target-dir .build/bench/check --all-targets -- -D warnings
    check docs env RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps
    check contracts cargo contracts check
    check hygiene tests/hygiene.sh
    check house tests/house.sh --limits
    check readme tests/readme.sh
    check recordings tests/recordings.sh
    check wasm tests/wasm.sh
    check package tests/package.sh
    check operate tests/operate.sh
    check old-servers tests/old-servers.sh
    check completions tests/completions.sh
    check editor-schema tests/editor-schema.sh
    check sarif-schema tests/sarif-schema.sh
    check asyncapi tests/asyncapi.sh
    check cloudevents tests/cloudevents.sh
    check export-tools tests/export-tools.sh
    check catalog tests/catalog.sh
    check demo examples/demo.sh
    check cluster examples/cluster.sh 300 200
    check polyglot tests/polyglot.sh
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
