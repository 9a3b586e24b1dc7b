#!/usr/bin/env bash
# Follows docs/operate.md to the letter: writes its files, runs its commands against the server that it starts, starts its
# cluster of three, and makes sure that every command line in it is one that the commands know.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
if ! command -v openssl >/dev/null || ! command -v curl >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl openssl
fi
NATS_SERVER_BIN=$(tests/nats-server.sh)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
cargo build --locked --quiet -p event-contracts
scratch=$(mktemp -d "${TMPDIR:-/tmp}/operate.XXXXXX")
stop() {
    jobs -p | xargs -r kill 2>/dev/null || true
    # A server's file of its pid ends without a line break.
    for file in "$scratch"/pids "$scratch"/events-*/nats.pid; do
        [ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap stop EXIT
cp -r contracts "$scratch/contracts"
mkdir "$scratch/bin" "$scratch/home"
ln -s "$NATS_SERVER_BIN" "$scratch/bin/nats-server"
ln -s "$CARGO_TARGET_DIR/debug/event-contracts" "$scratch/bin/event-contracts"

# Blocks after `<!-- file: PATH -->` become files, those after `<!-- run -->` one script, on ports that are free here.
python3 - docs/operate.md "$scratch" <<'PYTHON'
import pathlib, re, socket, sys
text, scratch = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
files = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.S)
runs = re.findall(r"<!-- run -->\n```sh\n(.*?)```", text, re.S)
assert files and len(runs) >= 3, "the guide has lost its commands"
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
client, monitor = (str(s.getsockname()[1]) for s in sockets)
for s in sockets:
    s.close()
here = lambda text: text.replace("4222", client).replace("8222", monitor)
for path, content in files:
    (scratch / path).write_text(here(content))
script = "set -euo pipefail\n" + "".join(map(here, runs)).replace(" &\n", " &\necho $! > pids\n")
(scratch / "commands.sh").write_text(script + "kill $(cat pids)\n")
# A folder for each node of the cluster: its configuration is that of the guide, on one machine.
[cluster] = re.findall(r"<!-- cluster -->\n```conf\n(.*?)```", text, re.S)
nodes = ["events-1", "events-2", "events-3"]
sockets = {name: [socket.create_server(("127.0.0.1", 0)) for _ in range(3)] for name in nodes}
ports = {name: [str(s.getsockname()[1]) for s in three] for name, three in sockets.items()}
for s in sum(sockets.values(), []):
    s.close()
for name in nodes:
    client, monitor, route = ports[name]
    conf = dict(files)["nats.conf"].replace("events-1", name).replace("4222", client).replace("8222", monitor)
    block = cluster.replace("0.0.0.0:6222", f"127.0.0.1:{route}")
    for other in nodes:
        assert f"{other}:6222" in block, f"the guide's cluster has lost {other}"
        block = block.replace(f"{other}:6222", f"127.0.0.1:{ports[other][2]}")
    (scratch / name).mkdir()
    (scratch / name / "nats.conf").write_text(conf + block)
urls = ",".join(f"tls://127.0.0.1:{ports[name][0]}" for name in nodes)
(scratch / "cluster.env").write_text(f"urls={urls}\nmonitors=({' '.join(ports[name][1] for name in nodes)})\n")
# Lines that are only shown: the commands must at least take their options.
shown = re.findall(r"```sh\n(.*?)```", text, re.S)
lines = [l for block in shown for l in block.splitlines() if "event-contracts " in l]
(scratch / "shown.txt").write_text("\n".join(lines) + "\n")
PYTHON

cd "$scratch"
export PATH=$scratch/bin:$PATH HOME=$scratch/home XDG_CONFIG_HOME=$scratch/home
for variable in $(compgen -e NATS_); do unset "$variable"; done
timeout 120 bash commands.sh >out.txt 2>&1 || { cat out.txt; tail -n 5 server.log; exit 1; }
for text in 'as foobar in the account EVENTS' 'stored as message 1 of SCHEDULING' 'SCHEDULING#1' '0 dead letters'; do
    grep -qF "$text" out.txt || { echo "missing: $text"; cat out.txt; exit 1; }
done
# Before the backups and after each restore.
[ "$(grep -cF '1 messages read: 1 valid, 0 violate' out.txt)" -eq 3 ] || { echo 'not verified three times'; cat out.txt; exit 1; }

# The cluster, with the certificates and the permissions of before: a replicated stream, and one server less.
cat >cluster.sh <<'CLUSTER'
set -euo pipefail
. ./cluster.env
while IFS='=' read -r name password; do export "$name='$password'"; done <passwords.env
for node in events-1 events-2 events-3; do
    cp auth.conf server.pem server-key.pem "$node"
    (cd "$node" && exec nats-server -c nats.conf >server.log 2>&1) &
done
for monitor in "${monitors[@]}"; do
    until curl --silent --fail "http://127.0.0.1:$monitor/healthz" >healthy.txt; do sleep 0.2; done
done
export NATS_URL=$urls NATS_TLS_CA=ca.pem NATS_USER=operator NATS_PASSWORD=${OPERATOR_PASSWORD//\'/}
sed -i '/^\[streams\./a replicas = 3' contracts/*.toml
event-contracts streams apply
event-contracts streams plan
curl --silent "http://127.0.0.1:${monitors[0]}/jsz?streams=true&config=true" >jsz.json
kill "$(cat events-3/nats.pid)"
event-contracts publish scheduling.UserScheduleCreated --sample
CLUSTER
timeout 120 bash cluster.sh >cluster.txt 2>&1 || { cat cluster.txt; tail -n 5 events-*/server.log; exit 1; }
grep -q 'stored as message 1 of SCHEDULING' cluster.txt || { echo 'not stored in the cluster'; cat cluster.txt; exit 1; }
python3 - <<'PYTHON'
import json
accounts = json.load(open("jsz.json"))["account_details"]
streams = {s["name"]: s["config"]["num_replicas"] for a in accounts for s in a.get("stream_detail", [])}
assert streams.get("SCHEDULING") == streams.get("DEAD_LETTERS") == 3, streams
PYTHON

# `--help` after the words of a command answers only when its subcommand is there; options are looked up in that help.
count=0
while IFS= read -r line; do
    call=${line#*event-contracts }
    call=${call%%[|#<]*}
    words=() options=()
    for word in $call; do
        case $word in
            --*) options+=("${word%%=*}") ;;
            *) [ "${#options[@]}" -gt 0 ] || [ "${#words[@]}" -ge 2 ] || words+=("$word") ;;
        esac
    done
    help=$(event-contracts "${words[0]}" ${words[1]:+"${words[1]}"} --help 2>/dev/null || event-contracts "${words[0]}" --help) ||
        { echo "no such command: $line"; exit 1; }
    for option in "${options[@]}"; do
        grep -qF -- "$option" <<<"$help" || { echo "no option $option: $line"; exit 1; }
    done
    count=$((count + 1))
done <shown.txt
echo "operate: the guide's commands ran; $count lines are known"
