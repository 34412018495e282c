# Sourced by ./run and ./hmctl: builds what is stale, and says in one line what is missing. Needs $root.

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Finds the .NET SDK, also where its install script puts it.
need_dotnet() {
    if ! command -v dotnet >/dev/null; then
        for folder in "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
            [ -x "$folder/dotnet" ] && PATH="$folder:$PATH" && break
        done
    fi
    command -v dotnet >/dev/null ||
        fail "The .NET SDK is missing: install the package dotnet-sdk-10.0, or run Microsoft's dotnet-install.sh --channel 10.0, then start again."
    export PATH DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
}

# is_stale STAMP PATH...: something below the paths is newer than the stamp (folders too: a deleted file changes its folder).
is_stale() {
    local stamp=$1
    shift
    [ -e "$stamp" ] || return 0
    [ -n "$(find "$@" \( -name bin -o -name obj -o -name node_modules -o -name dist \) -prune -o \
        -newer "$stamp" ! -name packages.lock.json -print -quit)" ]
}

# built STAMP PATH...: the stamp gets the time after the build, since building itself changes folders (bin, dist); but when
# a source file changed meanwhile, it keeps the time before, so that the next start builds again.
built() {
    local stamp=$1
    shift
    [ -n "$(find "$@" \( -name bin -o -name obj -o -name node_modules -o -name dist -o -name generated \) -prune -o \
        -type f -newer "$stamp.new" ! -name packages.lock.json -print -quit)" ] || touch "$stamp.new"
    mv "$stamp.new" "$stamp"
}

# build_if_stale NAME TARGET PATH...: one build at a time. A compiler server that a build leaves behind must not keep the lock: 9>&-.
build_if_stale() {
    local name=$1 target=$2 stamp="$root/.build/$1.stamp"
    shift 2
    is_stale "$stamp" "$@" || return 0
    need_sdk
    mkdir -p "$root/.build"
    (
        flock 9
        is_stale "$stamp" "$@" || exit 0
        echo "Building $name ..." >&2
        touch "$stamp.new"
        (cd "$root" && dotnet build "$target" -c Release -m:2 -v q --nologo -clp:NoSummary -p:UseSharedCompilation=true) >"$root/.build/$name.log" 2>&1 9>&- || {
            grep -E 'error|Error' "$root/.build/$name.log" | sort -u | head -5 >&2
            fail "The build of $name failed: the whole output is in $root/.build/$name.log"
        }
        built "$stamp" "$@"
    ) 9>"$root/.build/lock" || exit 1
}

# An SDK that fits global.json.
need_sdk() {
    (cd "$root" && dotnet --version) >/dev/null 2>&1 ||
        fail "No .NET SDK 10 is installed, only: $(dotnet --list-sdks | tr '\n' ' '). Install the package dotnet-sdk-10.0, then start again."
}

# What is built for running the suite.
suite_sources() {
    printf '%s\n' "$root"/{AppHost,ServiceDefaults,contracts,services,gateway,cli/hmctl} \
        "$root"/{Directory.Build.props,Directory.Packages.props,global.json,BannedSymbols.txt,.editorconfig}
}

# What the native compiler links with.
need_linker() {
    local missing=() package
    for package in clang zlib1g-dev; do
        [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    [ "$(id -u)" = 0 ] || fail "Missing packages: sudo apt-get install ${missing[*]}, then start again."
    echo "Installing ${missing[*]} ..." >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$root/.build/apt.log" 2>&1 ||
        fail "apt-get cannot install ${missing[*]}: see $root/.build/apt.log"
}
