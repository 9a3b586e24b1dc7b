#!/usr/bin/env bash
# Follows the README to the letter: writes its files into a scratch project, runs its commands, and builds it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
scratch=$root/target/readme
rm -rf "$scratch"
mkdir -p "$scratch"

# Blocks that follow `<!-- file: PATH -->` become files; those after `<!-- run -->` become a script.
python3 - README.md "$scratch" <<'PYTHON'
import pathlib, re, sys
text, scratch = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
files = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.S)
runs = re.findall(r"<!-- run -->\n```sh\n(.*?)```", text, re.S)
assert len(files) >= 5 and runs, "the README has lost its examples"
for path, content in files:
    target = scratch / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
(scratch / "commands.sh").write_text("set -euo pipefail\n" + "".join(runs))
PYTHON

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

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
cargo build --locked --quiet -p event-contracts
cd "$scratch"
PATH=$CARGO_TARGET_DIR/debug:$PATH bash commands.sh
test -s schemas/scheduling.UserScheduleCreated.json
cargo check --quiet --bins
