#!/usr/bin/env bash
# Completions in the real fish and zsh, with the scripts that the command prints: commands, options, and names of the contracts.
# Bash has its test among those of the commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v fish >/dev/null || ! command -v zsh >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fish zsh
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --quiet -p event-contracts
scratch=$(mktemp -d "${TMPDIR:-/tmp}/completions.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cp -r contracts "$scratch"
cd "$scratch"
export PATH=$CARGO_TARGET_DIR/debug:$PATH HOME=$scratch ZDOTDIR=$scratch TERM=xterm

# What zsh's editor makes of a line when Tab is pressed: it writes its buffer into a file.
cat >tab.zsh <<'ZSH'
zmodload zsh/zpty
rm -f line
zpty shell zsh -f -i
zpty -w shell 'autoload -Uz compinit; compinit -u -D; source <(event-contracts completions zsh)'
zpty -w shell 'dump() { print -r -- "$BUFFER" >line.tmp; mv line.tmp line }; zle -N dump; bindkey "^X" dump; print -n >ready'
for _ in {1..100}; do [[ -e ready ]] && break; sleep 0.1; done
zpty -w -n shell "$1"$'\t'$'\x18'
for _ in {1..100}; do [[ -e line ]] && break; sleep 0.1; done
zpty -d shell
cat line
ZSH

count=0
completes() { # LINE WORD: the last word of the line is completed to this one, and to no other
    local line=$1 word=$2 found
    found=$(fish --no-config -c 'event-contracts completions fish | source; complete -C "$argv[1]"' "$line" | cut -f 1)
    [ "$found" = "$word" ] || { echo "fish: $line: $found"; exit 1; }
    rm -f ready
    found=$(zsh -f tab.zsh "$line")
    [ "$found" = "${line% *} $word " ] || { echo "zsh: $line: $found"; exit 1; }
    count=$((count + 1))
}
completes 'event-contracts dead-l' dead-letters
completes 'event-contracts streams pl' plan
completes 'event-contracts tail --ev' --event
completes 'event-contracts publish scheduling.' scheduling.UserScheduleCreated
completes 'event-contracts services reset noti' notifier
completes 'event-contracts streams plan --service foo' foobar
completes 'event-contracts streams backup SCH' SCHEDULING
completes 'event-contracts explain unknown-fi' unknown-field
echo "completions: $count lines in fish and in zsh"
