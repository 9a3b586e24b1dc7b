#!/usr/bin/env bash
# The main job: a real nats-server, every example service as a process of its own, a few thousand events through the
# whole chain. Ends with `demo: published P, handled H, dead-lettered D, lost L`; exit 0 only when L is 0.
#
#   examples/demo.sh [SCHEDULES [ORDERS]]       default 2000 and 1000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

NATS_SERVER_BIN=$(tests/nats-server.sh)
export NATS_SERVER_BIN
services=(scheduler foobar billing notifier gateway shop demo)
cargo build --quiet --locked "${services[@]/#/--package=}"
exec "${CARGO_TARGET_DIR:-target}/debug/demo" "$@"
