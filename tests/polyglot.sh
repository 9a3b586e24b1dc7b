#!/usr/bin/env bash
# The organisation with services in four languages: installed as their READMEs say, run on one server, and checked for
# loss, for what each language heard of each other one, and for a table of partitions that must not depend on the
# language that computes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
examples/demo.sh --polyglot 500 200 | tee "$output"
grep -qE '^demo: published [0-9]+, handled [0-9]+, dead-lettered 43, lost 0$' "$output"

# A language that computes another partition must be found out: each refuses a table with a wrong row.
wrong=$(mktemp)
trap 'rm -f "$output" "$wrong"' EXIT
echo '[{"key": "foobar", "partitions": 1000, "partition": 1}]' >"$wrong"
export PARTITION_VECTORS=$wrong NATS_URL=nats://127.0.0.1:1
refuses() { # COMMAND...
    local said
    if said=$("$@" 2>&1) || ! grep -q 'computed' <<<"$said"; then
        printf 'a wrong table was accepted by %s:\n%s\n' "$*" "$said"
        exit 1
    fi
}
refuses examples/django-scheduler/.venv/bin/python examples/django-scheduler/manage.py exchange
refuses node examples/js-notifier/dist/exchange.js
refuses java -cp 'examples/java-billing/target/classes:examples/java-billing/target/dependency/*' \
    org.example.billing.Exchange
