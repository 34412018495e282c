# Sourced by ./run --demo: builds what the demonstration needs and runs it. Needs $root, $place (what --home said) and scripts/build.sh.

# What the production host is made of and runs in.
need_demo_packages() {
    local missing=() package
    for package in busybox-static curl e2fsprogs fdisk openssl qemu-system-x86; do
        [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    [ "$(id -u)" = 0 ] || fail "Missing packages: sudo apt-get install ${missing[*]}, then start again."
    echo "Installing ${missing[*]} ..." >&2
    mkdir -p "$root/.build"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$root/.build/apt.log" 2>&1 ||
        fail "apt-get cannot install ${missing[*]}: see $root/.build/apt.log"
}

# run_demo NAME OPTION...
run_demo() {
    [ "$1" = protect ] || { echo "There is no demonstration '$1', only: protect." >&2; exit 64; }
    local home=()
    [ -z "$place" ] || home=(--home "$(realpath -m "$place")")
    need_dotnet
    need_sdk
    need_demo_packages
    build_if_stale demo demo/HyperBdr.Demo.csproj "$root"/{demo,engine,tests/Fixtures/Suite/Totp.cs,Directory.Build.props,Directory.Packages.props,global.json}
    "$root/scripts/hbdr.sh" >/dev/null
    # What the suite offers for download.
    "$root/scripts/agent-package.sh" >/dev/null
    "$root/scripts/gateway-package.sh" >/dev/null
    # Its suite has a home and ports of its own.
    unset HYPERBDR_HOME
    exec dotnet "$root/demo/bin/Release/net10.0/HyperBdr.Demo.dll" "$@" --root "$root" "${home[@]}"
}
