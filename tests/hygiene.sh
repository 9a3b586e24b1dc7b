#!/usr/bin/env bash
# What no compiler checks: machine paths and secrets in the repository, `unsafe`, scripts that do not parse.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 3
status=0

complain() { # WHAT; lines on stdin
    local lines
    lines=$(cat)
    [ -z "$lines" ] && return
    printf '%s:\n%s\n' "$1" "$lines"
    status=1
}

git grep -nE '(/home/|/root/|/Users/|/work/)' -- ':!tests/hygiene.sh' ':!*.svg' | complain 'a path of one machine'
git grep -nE '\bunsafe[[:space:]]*(\{|fn|impl)' -- '*.rs' | complain 'unsafe is forbidden'
git grep -nE 'BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY' -- ':!tests/hygiene.sh' | complain 'a private key'
git grep -lE '^(<<<<<<<|>>>>>>>) ' | complain 'a merge conflict'
# tests/run.sh asks for the ignored test of large.rs by name; those of import_property.rs are started by another test, or shrink
# and search what a developer names.
git grep -nE '#\[ignore' -- '*.rs' ':!tests/tests/large.rs' ':!*/import_property.rs' | complain 'a test that does not run'
while read -r script; do bash -n "$script" 2>&1 || echo "$script"; done < <(git ls-files '*.sh' .ci/run) |
    complain 'a script that does not parse'

# One name of a thing in every place: the workspace's version and the change log agree.
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
grep -qE "^## (\[?$version\]?|\[?Unreleased\]?)" CHANGELOG.md || echo "CHANGELOG.md has no section for $version" |
    complain 'the change log'

exit $status
