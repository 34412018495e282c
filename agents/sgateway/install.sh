#!/usr/bin/env bash
# Installs a cloud sync gateway and enrols it. The console serves this script with its own values filled in.
#   --no-systemd       start watchman directly instead of as a unit
#   --home DIR         install there instead of /var/lib/sgateway (implies --no-systemd)
#   --package FILE     take this package instead of downloading it; its checksum is still checked
#   --public-ip ADDR   address that sources reach this gateway by
set -euo pipefail
console='@CONSOLE@' token='@TOKEN@' sha256='@SHA256@'
authority=$(cat <<'PEM'
@AUTHORITY@
PEM
)
home=/var/lib/sgateway systemd=yes package='' public=()
fail() { echo "install: $*" >&2; exit 1; }
while [ $# -gt 0 ]; do
    case $1 in
        --no-systemd) systemd=no ;;
        --home) home=$(readlink -m "${2:?}") systemd=no; shift ;;
        --package) package=${2:?}; shift ;;
        --public-ip) public=(--public-ip "${2:?}"); shift ;;
        *) fail "unknown option $1" ;;
    esac
    shift
done
[ "$(uname -m)" = x86_64 ] || fail "this package is for x86_64 machines, this is $(uname -m)"
[ "$home" != /var/lib/sgateway ] || [ "$(id -u)" = 0 ] || fail "must run as root"
[ "$systemd" = no ] || [ -d /run/systemd/system ] || fail "this machine is not run by systemd: pass --no-systemd (bash -s -- --no-systemd)"
for tool in tar sha256sum setsid; do command -v $tool >/dev/null || fail "$tool is missing"; done
if [ "$home" = /var/lib/sgateway ]; then
    [ "$(nproc)" -ge 2 ] || fail "a gateway needs 2 processors, this machine has $(nproc)"
    [ "$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)" -ge 3700 ] || fail "a gateway needs 4 GiB of memory"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$package" ]; then
    package=$work/sgateway.tar.gz
    # What is fetched is checked against the checksum below: who served it is not what makes it right.
    curl -fsSk --retry 5 --retry-connrefused -o "$package" "https://$console/hypermotion/v1/sources/packages/gateway/sgateway.tar.gz" || fail "the package cannot be fetched from $console"
fi
echo "$sha256  $package" | sha256sum -c --status || fail "the package's checksum is not $sha256: fetch the install command anew"

umask 077
mkdir -p "$work/new" "$home"
tar -xzf "$package" -C "$work/new" --no-same-owner
stop() {
    # Watchman first: it would revive s3block.
    if [ "$systemd" = yes ]; then
        systemctl stop watchman.service 2>/dev/null || true
        systemctl stop s3block.service hyper_exporter.service 2>/dev/null || true
    elif [ -x "$home/watchman" ]; then "$home/watchman" stop --home "$home" >/dev/null || true
    fi
}
stop
# Renames, one file after another: a program that still runs keeps its own.
for file in watchman s3block s3block_version version uninstall.sh $(cd "$work/new" && ls -- *.so 2>/dev/null); do
    if [ -e "$work/new/$file" ]; then cp -p "$work/new/$file" "$home/.$file.new" && mv -f "$home/.$file.new" "$home/$file"; fi
done
mkdir -p "$home"/{config,confmgmt,certs,diskdir,dr,logs,run}
chmod 700 "$home" "$home"/{config,confmgmt,certs,diskdir,dr,logs,run}
printf '%s\n' "$authority" >"$home/certs/console_authority.pem"

exporter=/opt/hyper_exporter
[ "$home" = /var/lib/sgateway ] || exporter=$home/hyper_exporter
mkdir -p "$exporter"
cp -p "$work/new/hyper_exporter" "$exporter/.new" && mv -f "$exporter/.new" "$exporter/hyper_exporter"
cp -p "$work/new/version" "$exporter/exporter_version"
[ -e "$exporter/config.ini" ] || printf '[DEFAULT]\nServerAddress = https://%s\nServiceType = s3block\nLogPath = %s\n' "$console" "$([ "$home" = /var/lib/sgateway ] && echo /var/log/hyper_exporter || echo "$home/logs")" >"$exporter/config.ini"

# A machine that has enrolled keeps its identity unless its record was removed: the token then makes a new one, or takes the old one over.
"$home/watchman" enroll --home "$home" --console "$console" --token "$token" --authority "$home/certs/console_authority.pem" "${public[@]}"

if [ "$systemd" = yes ]; then
    ln -sfn "$home/config" /etc/sgateway
    ln -sfn "$home/logs" /var/log/sgateway
    cp "$work"/new/units/{s3block,watchman,hyper_exporter}.service /etc/systemd/system/
    cp "$work"/new/units/{s3block,watchman}.service "$home/"
    systemctl daemon-reload
    systemctl enable --quiet watchman.service s3block.service hyper_exporter.service
    systemctl start watchman.service hyper_exporter.service
else
    setsid "$home/watchman" run --home "$home" --supervise direct >/dev/null 2>&1 </dev/null &
    setsid "$exporter/hyper_exporter" --config "$exporter/config.ini" >/dev/null 2>&1 </dev/null &
fi
echo "Install successful"
