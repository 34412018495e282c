#!/usr/bin/env bash
# Removes the sync gateway's programs. What it stores (diskdir), its keys and its configuration stay unless --purge is given.
set -euo pipefail
home=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")") purge=no
[ "${1:-}" != --purge ] || purge=yes
[ -x "$home/watchman" ] || { echo "uninstall: no gateway in $home" >&2; exit 1; }
# Watchman first: it would revive s3block.
if [ -e /etc/systemd/system/watchman.service ] && [ "$home" = /var/lib/sgateway ]; then
    systemctl disable --now watchman.service
    systemctl disable --now s3block.service hyper_exporter.service
    rm -f /etc/systemd/system/{watchman,s3block,hyper_exporter}.service
    systemctl daemon-reload
    systemctl reset-failed watchman.service s3block.service hyper_exporter.service 2>/dev/null || true
    rm -rf /opt/hyper_exporter /var/log/hyper_exporter
    rm -f /etc/sgateway /var/log/sgateway
else
    "$home/watchman" stop --home "$home" >/dev/null
fi
rm -f "$home"/{watchman,s3block,s3block_version,version,s3block.service,watchman.service,uninstall.sh} "$home"/*.so
if [ "$purge" = yes ]; then
    cd /
    rm -rf "$home"
else
    echo "Kept in $home: stored objects (diskdir), keys, certificates, configuration and logs. --purge removes them."
fi
echo "Uninstall successful"
