#!/bin/sh
# Takes the agent off this machine with its configuration, identity, scripts and logs. The console keeps the record and its recovery points.
set -eu
[ "$(id -u)" = 0 ] || {
    echo "The agent is uninstalled by root." >&2
    exit 1
}
folder=$(cd "$(dirname "$0")" && pwd)
case $folder in
    */var/lib/egisplus-agent) ;;
    *)
        echo "This is not an installed agent: $folder" >&2
        exit 1
        ;;
esac
prefix=${folder%/var/lib/egisplus-agent}
if [ -z "$prefix" ] && [ -f /etc/systemd/system/egisplus-agent.service ]; then
    systemctl disable --now egisplus-agent.service hyper-exporter-agent.service >/dev/null 2>&1 || true
    rm -f /etc/systemd/system/egisplus-agent.service /etc/systemd/system/hyper-exporter-agent.service
    systemctl daemon-reload || true
    systemctl reset-failed egisplus-agent.service hyper-exporter-agent.service >/dev/null 2>&1 || true
fi
if [ -f "$folder/pid" ]; then
    pid=$(cat "$folder/pid")
    # Only what was started from here: the number may be another's by now.
    if [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$folder/egisplus-agent" ]; then
        kill "$pid" 2>/dev/null || true
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 1
        done
        kill -9 "$pid" 2>/dev/null || true
    fi
fi
rm -f "$prefix/usr/local/bin/egisplus-cli" "$prefix/etc/sysconfig/egisplus-agent"
cd /
rm -rf "$folder" "$prefix/var/log/egisplus-agent" "$prefix/usr/local/hyper_exporter"
[ -n "$prefix" ] || rm -rf /var/log/hyper_exporter
echo "Uninstall successful"
