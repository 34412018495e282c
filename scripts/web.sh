# Sourced by ./run: builds the web client to web/dist when its sources are newer. Needs $root and scripts/build.sh.

node_is_new_enough() {
    "${1:-node}" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# Node.js 20.19 or newer: what is installed, else the distribution's, else the package "node" of npm, kept under .build.
need_node() {
    local own="$root/.build/node/node_modules/.bin"
    node_is_new_enough node && command -v npm >/dev/null && return 0
    node_is_new_enough "$own/node" && command -v npm >/dev/null && PATH="$own:$PATH" && return 0
    if ! command -v npm >/dev/null; then
        [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
            fail "Node.js and npm are missing: sudo apt-get install nodejs npm, then start again."
        echo "Installing Node.js from the distribution ..." >&2
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends nodejs npm; } >"$root/.build/node.log" 2>&1 ||
            fail "apt-get cannot install nodejs and npm: see $root/.build/node.log"
    fi
    node_is_new_enough node && return 0
    echo "Getting a newer Node.js from npm ..." >&2
    npm install --silent --no-audit --no-fund --prefix "$root/.build/node" node@22 >"$root/.build/node.log" 2>&1 ||
        fail "Node.js 20.19 or newer is needed, and npm cannot get it: see $root/.build/node.log"
    PATH="$own:$PATH"
    node_is_new_enough node || fail "Node.js 20.19 or newer is needed: install it, then start again."
}

build_web_if_stale() {
    local web="$root/web" stamp="$root/.build/web.stamp"
    [ -f "$web/package.json" ] || return 0
    [ -d "$web/dist" ] && ! is_stale "$stamp" "$web" && return 0
    mkdir -p "$root/.build"
    (
        flock 9
        [ -d "$web/dist" ] && ! is_stale "$stamp" "$web" && exit 0
        need_node
        echo "Building web ..." >&2
        touch "$stamp.new"
        cd "$web"
        {
            [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] || npm ci --no-audit --no-fund
            npm run build
        } >"$root/.build/web.log" 2>&1 || fail "The build of web failed: see $root/.build/web.log"
        built "$stamp" "$web"
    ) 9>"$root/.build/web.lock" || exit 1
}
