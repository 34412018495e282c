#!/usr/bin/env bash
# The repository engine beside restic and borg, all set-up included: data sets, hbdr, then the table.
#   tests/Bench/peers.sh DIR [ROUNDS]      DIR takes 25 GiB; as root
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
dir=${1:?a folder for the data sets} rounds=${2:-5}
"$here/engine/datasets.sh" "$dir"
exec "$here/engine/peers.sh" "$dir" "$rounds" "$("$here/../../scripts/hbdr.sh")"
