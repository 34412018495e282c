#!/usr/bin/env bash
# Measures restic, borg and, with a third argument, hbdr on the data sets in DIR: peers.sh DIR [ROUNDS] [HBDR]
# CASES and TOOLS choose some of them; README.md beside this file says what each case is.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
[ $# -ge 1 ] || { echo "usage: peers.sh DIR [ROUNDS] [HBDR]" >&2; exit 2; }
exec python3 "$(dirname "${BASH_SOURCE[0]}")/peers.py" "$1" "${2:-5}" ${3:+"$3"}
