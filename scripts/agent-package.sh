#!/usr/bin/env bash
# Builds what the console offers for protected Linux machines, .build/softwares/linux/{egisplus-agent.tar.gz,install.sh}, when a source
# is newer than it; prints the folder.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
. "$root/scripts/build.sh"
folder="$root/.build/softwares/linux"
stamp="$root/.build/agent-package.stamp"
sources=("$root"/agents/{shared,linux,sgateway/exporter} "$root"/{engine,contracts,deploy/units} "$root"/{Directory.Build.props,Directory.Packages.props,global.json})

pack() {
    need_dotnet
    need_sdk
    need_linker
    echo "Publishing egisplus-agent ..." >&2
    touch "$stamp.new"
    local out="$root/.build/agent.new" files="$root/.build/agent.files"
    rm -rf "$out" "$files"
    (cd "$root" && dotnet publish agents/linux/agent -c Release -o "$out" -p:RunAnalyzers=false -p:UseSharedCompilation=true -m:2 -v q --nologo) >"$root/.build/agent-package.log" 2>&1 9>&- || {
        grep -E 'error|warning' "$root/.build/agent-package.log" | sort -u | head -5 >&2
        fail "Publishing egisplus-agent failed: the whole output is in $root/.build/agent-package.log"
    }
    mkdir -p "$files" "$folder"
    cp "$out/egisplus-agent" "$out/libe_sqlite3.so" "$root"/agents/linux/package/*.sh "$root"/deploy/units/{egisplus-agent,hyper-exporter-agent}.service "$files/"
    cp "$("$root/scripts/exporter.sh" 9>&-)" "$files/hyper_exporter"
    chmod 0755 "$files"/*.sh "$files/egisplus-agent" "$files/hyper_exporter"
    local version
    version=$("$files/egisplus-agent" version)
    echo "${version#* }" >"$files/version"
    echo "$version" >"$files/egisplus_version"
    sed "s/@VERSION@/${version#* }/" "$root/agents/linux/package/config.ini" >"$files/config.ini"
    # The same sources give the same bytes: neither times nor owners of this machine.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='@0' -C "$files" -cf - . | gzip -n -9 >"$folder/egisplus-agent.tar.gz.new"
    mv -f "$folder/egisplus-agent.tar.gz.new" "$folder/egisplus-agent.tar.gz"
    cp "$root/agents/linux/install.sh" "$folder/install.sh"
    rm -rf "$out" "$files"
    built "$stamp" "${sources[@]}"
}

mkdir -p "$root/.build"
(
    flock 9
    if [ ! -f "$folder/egisplus-agent.tar.gz" ] || [ ! -f "$folder/install.sh" ] || is_stale "$stamp" "${sources[@]}"; then pack; fi
) 9>"$root/.build/agent-package.lock" || exit 1
echo "$folder"
