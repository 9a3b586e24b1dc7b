#!/usr/bin/env bash
# What editors make of the editor schema: the two TOML tools that they use take every good contract, and complain about
# exactly the lines of the bad one that are marked. Installs the tools, pinned, into .build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=.build/editor-schema
pins=tests/editor-schema.txt
if ! cmp -s "$pins" "$tools/pins.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r "$pins"
    cp "$pins" "$tools/pins.txt"
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --quiet -p event-contracts
commands=$CARGO_TARGET_DIR/debug/event-contracts

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r tests/editor-schema/. "$scratch/"
cp -r contracts "$scratch/ours"
"$commands" new "$scratch/new" >/dev/null 2>&1
for folder in good bad; do
    "$commands" export editor-schema --out "$scratch/$folder/.contract.schema.json" 2>/dev/null
done

python3 - "$tools/bin" "$scratch" <<'PYTHON'
import pathlib, re, subprocess, sys

tools, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
status = 0

def lint(tool, file):
    """The exit code, the lines complained about, and everything said."""
    command = {"tombi": ["tombi", "lint", "--offline"], "taplo": ["taplo", "lint", "--colors", "never"]}[tool]
    done = subprocess.run([tools / command[0], *command[1:], str(file)], cwd=scratch, capture_output=True, text=True,
                          env={"NO_COLOR": "1", "HOME": str(scratch)})
    said = done.stdout + done.stderr
    errors = "\n".join(part for part in re.split(r"(?=^ *(?:Error|Warning|error):?)", said, flags=re.M)
                       if not part.lstrip().startswith("Warning"))
    return done.returncode, {int(n) for n in re.findall(re.escape(file.name) + r":(\d+):", errors)}, said

def complain(text):
    global status
    status = 1
    print(text)

good = sorted(path for folder in ["good", "ours", "new"] for path in (scratch / folder).rglob("*.toml"))
assert len(good) >= 8, good
for tool in ["tombi", "taplo"]:
    for file in good:
        code, lines, said = lint(tool, file)
        if code or lines:
            complain(f"{tool} refuses {file.relative_to(scratch)}:\n{said}")

bad = scratch / "bad" / "bad.toml"
marked = {n for n, line in enumerate(bad.read_text().splitlines(), 1) if line.endswith("#!")}
assert len(marked) > 40
code, lines, said = lint("tombi", bad)
if code == 0 or lines != marked:
    complain(f"tombi: not seen {sorted(marked - lines)}, seen for nothing {sorted(lines - marked)}")
# taplo marks everything below a table that has an unknown key, so of its lines only the missing ones say something.
code, lines, said = lint("taplo", bad)
if code == 0 or not marked <= lines:
    complain(f"taplo: not seen {sorted(marked - lines)}")
print(f"{len(good)} good files, {len(marked)} bad lines, 2 tools")
sys.exit(status)
PYTHON
