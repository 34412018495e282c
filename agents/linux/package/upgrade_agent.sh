#!/bin/sh
# Puts another version of the agent in place of this one: upgrade_agent.sh PACKAGE.tar.gz SHA256. Configuration and identity stay.
set -eu
fail() {
    echo "$*" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail "The agent is upgraded by root."
[ $# = 2 ] || fail "usage: upgrade_agent.sh PACKAGE.tar.gz SHA256"
folder=$(cd "$(dirname "$0")" && pwd)
prefix=${folder%/var/lib/egisplus-agent}
sum=$(sha256sum "$1")
[ "${sum%% *}" = "$2" ] || fail "The package is not whole: its SHA-256 is ${sum%% *}."
new=$folder/upgrade.new
rm -rf "$new"
(umask 077 && mkdir "$new" && tar -xzf "$1" -C "$new")
chmod 0700 "$new/egisplus-agent" "$new"/*.sh
"$new/egisplus-agent" version || fail "The new version does not start on this machine; the present one stays."
# Renames: the running program keeps its own file until it is restarted.
for file in egisplus-agent libe_sqlite3.so start_agent.sh uninstall_agent.sh collect_system_info.sh egisplus-agent.service version egisplus_version upgrade_agent.sh; do
    mv -f "$new/$file" "$folder/$file"
done
rm -rf "$new"
if [ -z "$prefix" ] && [ -f /etc/systemd/system/egisplus-agent.service ]; then
    cp "$folder/egisplus-agent.service" /etc/systemd/system/egisplus-agent.service
    systemctl daemon-reload
    systemctl restart egisplus-agent.service
elif [ -f "$folder/pid" ]; then
    pid=$(cat "$folder/pid")
    kill "$pid" 2>/dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 1
    done
    sh "$folder/start_agent.sh"
fi
echo "Upgrade successful"
