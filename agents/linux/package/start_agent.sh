#!/bin/sh
# Starts the agent in the background, on machines without systemd.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
prefix=${folder%/var/lib/egisplus-agent}
OPTIONS=''
[ ! -f "$prefix/etc/sysconfig/egisplus-agent" ] || . "$prefix/etc/sysconfig/egisplus-agent"
if [ -f "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null; then exit 0; fi
# shellcheck disable=SC2086
nohup "$folder/egisplus-agent" run $OPTIONS >/dev/null 2>"$folder/start_error" </dev/null &
echo $! >"$folder/pid"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1
    kill -0 "$(cat "$folder/pid")" 2>/dev/null || {
        cat "$folder/start_error" >&2
        exit 1
    }
    [ ! -f "$folder/control_key" ] || exit 0
done
