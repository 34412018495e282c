#!/usr/bin/env bash
# Publishes s3block, watchman and hyper_exporter and packs them as .build/softwares/gateway/sgateway.tar.gz beside their install.sh, when a source is newer; prints its path.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
. "$root/scripts/build.sh"
out="$root/.build/softwares/gateway"
log="$root/.build/gateway-package.log"
stamp="$root/.build/gateway-package.stamp"
sources=("$root/agents/sgateway" "$root/agents/shared" "$root/contracts" "$root/engine" "$root/deploy/units" "$root"/{Directory.Build.props,Directory.Packages.props,global.json})

# One program, native.
publish() { # project, program
    local to="$root/.build/gateway/$2"
    (cd "$root" && dotnet publish "$1" -c Release -p:RunAnalyzers=false -p:UseSharedCompilation=true -p:DebugType=none -o "$to" -m:2 -v q --nologo) >>"$log" 2>&1 9>&- || {
        grep -E 'error' "$log" | sort -u | head -5 >&2
        fail "Publishing $2 failed: the whole output is in $log"
    }
}

pack() {
    need_dotnet
    need_sdk
    need_linker
    local stage="$root/.build/gateway/stage" version
    version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
    rm -rf "$stage" && mkdir -p "$stage/units" "$out"
    : >"$log"
    touch "$stamp.new"
    local project program
    while read -r project program; do
        # A source tree may hold the gateway without its data service.
        [ -e "$root/$project" ] || { echo "No $project: the package has no $program" >&2; continue; }
        echo "Publishing $program ..." >&2
        publish "$project" "$program"
        cp "$root/.build/gateway/$program/$program" "$stage/$program"
        find "$root/.build/gateway/$program" -maxdepth 1 -name '*.so' -exec cp {} "$stage/" \;
    done <<'LIST'
agents/sgateway/s3block/HyperBdr.S3Block.csproj s3block
agents/sgateway/watchman/HyperBdr.Watchman.csproj watchman
LIST
    cp "$("$root/scripts/exporter.sh" 9>&-)" "$stage/hyper_exporter"
    echo "$version" >"$stage/version"
    echo "$version" >"$stage/s3block_version"
    cp "$root"/deploy/units/{s3block,watchman,hyper_exporter}.service "$stage/units/"
    cp "$root/agents/sgateway/uninstall.sh" "$stage/"
    chmod 755 "$stage"/uninstall.sh
    # The same sources give the same bytes: names sorted, no times, nobody's files.
    tar -C "$stage" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | gzip -n >"$out/sgateway.tar.gz.new"
    cp "$root/agents/sgateway/install.sh" "$out/install.sh"
    mv -f "$out/sgateway.tar.gz.new" "$out/sgateway.tar.gz"
    built "$stamp" "${sources[@]}"
}

mkdir -p "$root/.build"
(
    flock 9
    if [ ! -e "$out/sgateway.tar.gz" ] || is_stale "$stamp" "${sources[@]}"; then pack; fi
) 9>"$root/.build/gateway-package.lock" || exit 1
echo "$out/sgateway.tar.gz"
