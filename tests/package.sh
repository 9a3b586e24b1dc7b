#!/usr/bin/env bash
# Packages the crates that are published as `cargo publish` would, and builds each from its package, against the packages of the
# others: so a version, a file or a dependency that only the workspace has is found here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readarray -t published < <(cargo metadata --locked --no-deps --format-version 1 |
    python3 -c 'import json, sys; [print(p["name"]) for p in json.load(sys.stdin)["packages"] if p["publish"] is None]')
[ "${#published[@]}" -ge 4 ]

# The workspace's default members are what is published: the plain command takes those, and a crate that is missing there has no
# package below. With the workspace's profile, so that what is compiled already is not compiled again.
rm -f target/package/*.crate
cargo package --locked --allow-dirty --quiet \
    --config 'profile.dev.debug="line-tables-only"' --config 'profile.dev.package."*".debug=false'

for crate in "${published[@]}"; do
    for file in README.md Cargo.toml; do
        tar -tzf "$(ls -t target/package/"$crate"-[0-9]*.crate | head -n 1)" | grep "/$file\$" >/dev/null ||
            { echo "$crate has no $file" >&2; exit 1; }
    done
done
