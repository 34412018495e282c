#!/usr/bin/env bash
# Publishes cli/hbdr as one native program, .build/hbdr/hbdr, when a source is newer than it; prints its path.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
. "$root/scripts/build.sh"
folder="$root/.build/hbdr"
sources=("$root/cli/hbdr" "$root/agents/platforms" "$root/engine" "$root"/{Directory.Build.props,Directory.Packages.props,global.json})

publish() {
    need_dotnet
    need_sdk
    need_linker
    echo "Publishing hbdr ..." >&2
    touch "$root/.build/hbdr.stamp.new"
    (cd "$root" && dotnet publish cli/hbdr -c Release -o "$folder.new" -p:RunAnalyzers=false -m:2 -v q --nologo) >"$root/.build/hbdr.log" 2>&1 9>&- || {
        grep -E 'error|warning' "$root/.build/hbdr.log" | sort -u | head -5 >&2
        fail "Publishing hbdr failed: the whole output is in $root/.build/hbdr.log"
    }
    mkdir -p "$folder"
    # A rename: a hbdr that runs keeps its own.
    mv -f "$folder.new/hbdr" "$folder/hbdr"
    rm -rf "$folder.new"
    built "$root/.build/hbdr.stamp" "${sources[@]}"
}

mkdir -p "$root/.build"
(
    flock 9
    if [ ! -x "$folder/hbdr" ] || is_stale "$root/.build/hbdr.stamp" "${sources[@]}"; then publish; fi
) 9>"$root/.build/hbdr.lock" || exit 1
echo "$folder/hbdr"
