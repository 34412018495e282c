#!/usr/bin/env bash
# Publishes hyper_exporter, which the packages of agent and gateway both carry, when a source is newer; prints its path.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
. "$root/scripts/build.sh"
out="$root/.build/exporter"
stamp="$root/.build/exporter.stamp"
sources=("$root"/agents/{shared,sgateway/exporter} "$root"/{contracts,engine} "$root"/{Directory.Build.props,Directory.Packages.props,global.json})

publish() {
    need_dotnet
    need_sdk
    need_linker
    echo "Publishing hyper_exporter ..." >&2
    touch "$stamp.new"
    (cd "$root" && dotnet publish agents/sgateway/exporter -c Release -p:RunAnalyzers=false -p:UseSharedCompilation=true -p:DebugType=none -o "$out" -m:2 -v q --nologo) >"$root/.build/exporter.log" 2>&1 9>&- || {
        grep -E 'error' "$root/.build/exporter.log" | sort -u | head -5 >&2
        fail "Publishing hyper_exporter failed: the whole output is in $root/.build/exporter.log"
    }
    built "$stamp" "${sources[@]}"
}

mkdir -p "$root/.build"
(
    flock 9
    if [ ! -x "$out/hyper_exporter" ] || is_stale "$stamp" "${sources[@]}"; then publish; fi
) 9>"$root/.build/exporter.lock" || exit 1
echo "$out/hyper_exporter"
