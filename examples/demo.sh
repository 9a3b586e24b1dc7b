#!/usr/bin/env bash
# The main job: a real nats-server, every example service as a process of its own, a few thousand events through the
# whole chain. Ends with `demo: published P, handled H, dead-lettered D, lost L`; exit 0 only when L is 0.
#
#   examples/demo.sh [--polyglot] [SCHEDULES [ORDERS]]       default 2000 and 1000
#
# --polyglot: with the services in Python, JavaScript and Java beside the Rust ones (needs python3 3.11, node 20, Java 17
# and Maven); their setup scripts install what is pinned into their own folders.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

NATS_SERVER_BIN=$(tests/nats-server.sh)
export NATS_SERVER_BIN
target=${CARGO_TARGET_DIR:-target}
services=(scheduler foobar billing notifier gateway shop demo)
cargo build --quiet --locked "${services[@]/#/--package=}"
if [ "${1:-}" = --polyglot ]; then
    for tool in python3 node npm java mvn; do
        command -v "$tool" >/dev/null || { echo "demo: --polyglot needs $tool" >&2; exit 3; }
    done
    cargo build --quiet --locked --package=event-contracts
    EVENT_CONTRACTS=$(realpath "$target")/debug/event-contracts
    export EVENT_CONTRACTS
    for peer in django-scheduler js-notifier java-billing; do
        "examples/$peer/setup.sh" >&2
    done
fi
exec "$target/debug/demo" "$@"
