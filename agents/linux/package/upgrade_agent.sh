#!/bin/sh
# Puts another version of the agent in place of this one: upgrade_agent.sh PACKAGE.tar.gz SHA256. Configuration, identity, scripts and state
# stay; a sync that runs goes on from what it has stored. A version that does not come up is taken back.
set -eu
fail() {
    echo "$*" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail "The agent is upgraded by root."
[ $# = 2 ] || fail "usage: upgrade_agent.sh PACKAGE.tar.gz SHA256"
folder=$(cd "$(dirname "$0")" && pwd)
prefix=${folder%/var/lib/egisplus-agent}
exporter=$prefix/usr/local/hyper_exporter
sum=$(sha256sum "$1")
[ "${sum%% *}" = "$2" ] || fail "The package is not whole: its SHA-256 is ${sum%% *}."
new=$folder/upgrade.new
old=$folder/upgrade.old
rm -rf "$new" "$old"
(umask 077 && mkdir "$new" "$old" && tar -xzf "$1" -C "$new")
chmod 0700 "$new/egisplus-agent" "$new"/*.sh
"$new/egisplus-agent" version || fail "The new version does not start on this machine; the present one stays."

files="egisplus-agent libe_sqlite3.so start_agent.sh uninstall_agent.sh collect_system_info.sh egisplus-agent.service hyper-exporter-agent.service version egisplus_version upgrade_agent.sh"

# put FROM KEPT: renames, so that a running program keeps its own file until it is started again.
put() {
    for file in $files; do
        [ -e "$1/$file" ] || continue
        if [ -n "$2" ] && [ -e "$folder/$file" ]; then cp -p "$folder/$file" "$2/$file"; fi
        mv -f "$1/$file" "$folder/$file"
    done
    [ -e "$1/hyper_exporter" ] || return 0
    (umask 077 && mkdir -p "$exporter")
    if [ -n "$2" ] && [ -e "$exporter/hyper_exporter" ]; then cp -p "$exporter/hyper_exporter" "$2/hyper_exporter"; fi
    mv -f "$1/hyper_exporter" "$exporter/hyper_exporter"
    cp "$folder/version" "$exporter/exporter_version"
}

begin() {
    if [ -z "$prefix" ] && [ -f /etc/systemd/system/egisplus-agent.service ]; then
        for unit in egisplus-agent.service hyper-exporter-agent.service; do [ ! -e "$folder/$unit" ] || cp "$folder/$unit" /etc/systemd/system/; done
        systemctl daemon-reload
        systemctl restart egisplus-agent.service || return 1
        [ ! -e "$exporter/config.ini" ] || systemctl restart hyper-exporter-agent.service || true
    elif [ -f "$folder/pid" ]; then
        pid=$(cat "$folder/pid")
        kill "$pid" 2>/dev/null || true
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 1
        done
        sh "$folder/start_agent.sh" || return 1
    else
        return 0
    fi
    home=''
    [ -z "$prefix" ] || home="--home $prefix"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        # 0 is good and 2 is not registered; all else comes from an agent, or a command line, that does not do.
        code=0
        # shellcheck disable=SC2086
        "$prefix/usr/local/bin/egisplus-cli" agent check $home >/dev/null 2>&1 || code=$?
        if [ "$code" = 0 ] || [ "$code" = 2 ]; then return 0; fi
        [ -n "$prefix" ] || ! systemctl is-failed --quiet egisplus-agent.service || return 1
        sleep 1
    done
    return 1
}

put "$new" "$old"
if begin; then
    rm -rf "$new" "$old"
    echo "Upgrade successful"
else
    put "$old" ''
    begin || true
    rm -rf "$new" "$old"
    fail "The new version does not come up on this machine; the version before was put back."
fi
