#!/usr/bin/env bash
# Prints the figures of the house (see tests/house.py); `--limits` fails when one is beyond its limit.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/house.py" "$@"
