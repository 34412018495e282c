#!/bin/sh
# Prints what support needs to know of this machine. No secret is in it.
set -u
section() { printf '\n== %s\n' "$1"; }
section system
uname -a
cat /etc/os-release 2>/dev/null
section memory
cat /proc/meminfo
section "block devices"
cat /proc/partitions
section mounts
cat /proc/self/mountinfo
section network
for card in /sys/class/net/*; do printf '%s %s %s\n' "${card##*/}" "$(cat "$card/address" 2>/dev/null)" "$(cat "$card/operstate" 2>/dev/null)"; done
section agent
folder=$(cd "$(dirname "$0")" && pwd)
cat "$folder/egisplus_version" "$folder/hw_serial" "$folder/disk_uuid_map" 2>/dev/null
ls -l "$folder"
