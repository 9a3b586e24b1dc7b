#!/usr/bin/env bash
# A cluster of three nats-servers on this machine, and the example organisation on it with three replicas of each
# stream. Ends like examples/demo.sh.
#
#   examples/cluster.sh [SCHEDULES [ORDERS]]    runs the demo on the cluster, then stops it
#   examples/cluster.sh --keep                  only starts the cluster, prints its NATS_URL, and stops it on Ctrl-C
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

NATS_SERVER_BIN=$(tests/nats-server.sh)
export NATS_SERVER_BIN
folder=$(mktemp -d "${TMPDIR:-/tmp}/nats-cluster.XXXXXX")
servers=()
stop() {
    [ "${#servers[@]}" -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
    wait
    rm -rf "$folder"
}
trap stop EXIT

clients=(14222 14223 14224) routes=(16222 16223 16224) monitors=(18222 18223 18224)
for node in 0 1 2; do
    # In production each node is a machine of its own, and `sync_interval: always` makes an acknowledged event survive
    # a power failure of all of them.
    cat >"$folder/$node.conf" <<END
server_name: node-$node
listen: "127.0.0.1:${clients[node]}"
http: "127.0.0.1:${monitors[node]}"
jetstream { store_dir: "$folder/store-$node" }
cluster {
    name: example
    listen: "127.0.0.1:${routes[node]}"
    routes: ["nats://127.0.0.1:${routes[0]}", "nats://127.0.0.1:${routes[1]}", "nats://127.0.0.1:${routes[2]}"]
}
END
    "$NATS_SERVER_BIN" -c "$folder/$node.conf" >"$folder/$node.log" 2>&1 &
    servers+=($!)
done

# A node is healthy when it has joined the cluster and has caught up with it.
healthy() { # PORT
    local status
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
    IFS= read -r status <&3
    exec 3>&-
    [[ $status == *" 200 "* ]]
}
for node in 0 1 2; do
    tries=0
    until healthy "${monitors[node]}" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ] || ! kill -0 "${servers[node]}" 2>/dev/null; then
            tail -n 5 "$folder/$node.log" >&2
            exit 1
        fi
        sleep 0.1
    done
done

NATS_URL=nats://127.0.0.1:${clients[0]},nats://127.0.0.1:${clients[1]},nats://127.0.0.1:${clients[2]}
export NATS_URL
if [ "${1:-}" = --keep ]; then
    printf 'NATS_URL=%s\n' "$NATS_URL"
    wait
    exit
fi
examples/demo.sh "$@"
