#!/usr/bin/env bash
# Follows docs/operate.md to the letter: writes its files, runs its commands against the server that it starts, and makes sure
# that every command line in it is one that the commands know.
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
    [ ! -s "$scratch/pids" ] || xargs -r kill <"$scratch/pids" 2>/dev/null || true
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
# Before the backup and after the restore.
[ "$(grep -cF '1 messages read: 1 fit, 0 break' out.txt)" -eq 2 ] || { echo 'not verified twice'; cat out.txt; exit 1; }

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
