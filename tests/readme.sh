#!/usr/bin/env bash
# Follows the README and the documents with files in them to the letter: writes their files into scratch projects, runs their
# commands, and builds them. Then makes the mistakes that a new user makes, and looks for what the compiler says to each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
scratch=$root/target/readme
rm -rf "$scratch"
mkdir -p "$scratch"

# Blocks that follow `<!-- file: PATH -->` become files; those after `<!-- run -->` become a script.
extract() { # DOCUMENT FOLDER FEWEST
    python3 - "$@" <<'PYTHON'
import pathlib, re, sys
text, scratch = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
files = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.S)
runs = re.findall(r"<!-- run -->\n```sh\n(.*?)```", text, re.S)
assert len(files) >= int(sys.argv[3]), f"{sys.argv[1]} has lost its examples"
for path, content in files:
    target = scratch / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
(scratch / "commands.sh").write_text("set -euo pipefail\n" + "".join(runs))
PYTHON
}
extract README.md "$scratch" 6
grep -q event-contracts "$scratch/commands.sh"

# The crates come from this checkout, built as the workspace builds them, so that what is compiled is shared.
cat >>"$scratch/Cargo.toml" <<TOML

[workspace]

[patch.crates-io]
event-codegen = { path = "$root/codegen" }
event-runtime = { path = "$root/event-runtime" }

[profile.dev]
debug = "line-tables-only"
[profile.dev.package."*"]
debug = false
TOML
cp Cargo.lock "$scratch/Cargo.lock"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target} CARGO_TERM_COLOR=never
cargo build --locked --quiet -p event-contracts
cd "$scratch"
PATH=$CARGO_TARGET_DIR/debug:$PATH bash commands.sh
test -s schemas/scheduling.UserScheduleCreated.json
cargo check --quiet --bins

# Another document's project, with the README's manifest and both of its services.
mkdir -p "$scratch/cloudevents"
extract "$root/docs/cloudevents.md" "$scratch/cloudevents" 2
sed 's/^name = "foobar"/name = "cloudevents"/' Cargo.toml >"$scratch/cloudevents/Cargo.toml"
sed 's/^name = "foobar"/name = "cloudevents"/' Cargo.lock >"$scratch/cloudevents/Cargo.lock"
sed 's/.service("foobar")//' build.rs >"$scratch/cloudevents/build.rs"
(cd "$scratch/cloudevents" && cargo check --quiet --bins)

# A mistake, and every sentence that must be in what the compiler says to it.
refused() { # WHAT SENTENCE...
    local what=$1 said
    shift
    if said=$(cargo check --quiet --bin foobar 2>&1); then
        echo "it compiles with $what" >&2
        return 1
    fi
    for sentence in "$@"; do
        if ! grep -qF -- "$sentence" <<<"$said"; then
            printf 'the compiler does not say "%s" of %s, but:\n%s\n' "$sentence" "$what" "$said" >&2
            return 1
        fi
    done
}
keep() { cp "$1" kept; }
back() { cp kept "$1"; }

keep src/main.rs
sed -i '0,/Ok(())$/s//delivery.event.publish(\&self.bus).await?; Ok(())/' src/main.rs
refused "an event that the service may not publish" \
    'the contract does not let `foobar` publish `scheduling.UserScheduleCreated`' \
    'add "scheduling.UserScheduleCreated" to `publishes`'
back src/main.rs

keep contracts/scheduling.toml
sed -i 's/^user_id     = "uuid"$/user_id     = "uuid"\ntotal       = "decimal"/' contracts/scheduling.toml
refused "a decimal without the feature" \
    'the contracts use `decimal` (scheduling.UserScheduleCreated.total)' 'features = ["decimal"]'
back contracts/scheduling.toml

# An optional field more, and nothing else is changed.
keep contracts/scheduling.toml
sed -i 's/^name        = "string"$/name        = "string"\ntitle       = "string?"/' contracts/scheduling.toml
grep -q title contracts/scheduling.toml
cargo check --quiet --bin foobar
back contracts/scheduling.toml

keep build.rs
echo 'fn main() {}' >build.rs
refused "a build script that generates nothing" 'no build script has generated code' 'event_codegen::Codegen::new("contracts")'
rm build.rs
refused "no build script" 'no build script has generated code' '[build-dependencies]'
back build.rs
cargo check --quiet --bin foobar
