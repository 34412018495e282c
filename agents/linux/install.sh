#!/bin/sh
# Installs the agent on this machine and registers it. Served by the console, which fills in the values between the signs.
# Plain POSIX sh: bash, dash and busybox run it.
set -eu

CONSOLE='@CONSOLE@'
TOKEN='@TOKEN@'
SHA256='@SHA256@'
AUTHORITY='@AUTHORITY@'

home='' devices='' systemd=auto package='' started=''

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

usage() {
    say "usage: install.sh [--home DIR] [--devices LIST] [--no-systemd] [--package FILE] [--enable-dkms] [-s]"
    say "  --home DIR      prefix of all paths"
    say "  --devices LIST  these block devices in place of all disks, by commas"
    say "  --no-systemd    start the agent in the background"
    say "  --package FILE  a package that is here already, in place of the console's"
}

while [ $# -gt 0 ]; do
    case $1 in
        --home) home=${2%/} && shift ;;
        --devices) devices=$2 && shift ;;
        --package) package=$2 && shift ;;
        --no-systemd) systemd=no ;;
        # Changes are followed by the kernel's own tracing: there is no module to build.
        --enable-dkms | -s) say "No kernel module is needed; $1 does nothing." ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 64 ;;
    esac
    shift
done

folder=$home/var/lib/egisplus-agent
logs=$home/var/log/egisplus-agent
exporter=$home/usr/local/hyper_exporter
work=''

check_machine() {
    [ "$(id -u)" = 0 ] || fail "The agent is installed by root: log in as root, or put sudo before bash."
    [ "$(uname -s)" = Linux ] || fail "operating system $(uname -s) is not supported"
    [ "$(uname -m)" = x86_64 ] || fail "architecture $(uname -m) is not supported: x86_64 is"
    kernel=$(uname -r)
    major=${kernel%%.*}
    rest=${kernel#*.}
    minor=${rest%%[!0-9]*}
    if [ "$major" -lt 4 ] || { [ "$major" -eq 4 ] && [ "$minor" -lt 18 ]; }; then
        fail "kernel version $kernel is not supported: 4.18 and later are"
    fi
    [ ! -e "$folder" ] || fail "agent directory already exists: $folder. Uninstall first: sh $folder/uninstall_agent.sh"
    for tool in tar sha256sum sed; do
        command -v "$tool" >/dev/null 2>&1 || fail "The program $tool is missing on this machine."
    done
}

# get URL FILE. The certificate is not looked at here: what comes is checked by its SHA-256.
get() {
    if command -v curl >/dev/null 2>&1; then
        curl -k -s -S -f --connect-timeout 20 --max-time 600 -o "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget -q --no-check-certificate -T 20 -O "$2" "$1"
    else
        fail "Neither curl nor wget is on this machine."
    fi
}

fetch() {
    if [ -n "$package" ]; then
        cp "$package" "$work/package.tar.gz" || fail "$package cannot be read"
        is_whole || fail "$package is not the package of this console: its SHA-256 differs"
        return
    fi
    for try in 1 2 3; do
        if get "https://$CONSOLE/hypermotion/v1/sources/packages/linux/egisplus-agent.tar.gz" "$work/package.tar.gz" && is_whole; then return; fi
        say "The package did not arrive whole (try $try of 3)."
        sleep 2
    done
    fail "The package cannot be fetched from $CONSOLE: check that port and name are reached from this machine."
}

is_whole() {
    sum=$(sha256sum "$work/package.tar.gz")
    [ "${sum%% *}" = "$SHA256" ]
}

put_files() {
    started=files
    (umask 077 && mkdir -p "$folder" "$logs" && tar -xzf "$work/package.tar.gz" -C "$folder")
    "$folder/egisplus-agent" version >/dev/null 2>"$work/error" || fail "The agent does not start on this machine ($(head -n 1 "$work/error")): it needs glibc 2.34 and OpenSSL 1.1 or 3, or later."
    chmod 0600 "$folder/config.ini"
    chmod 0700 "$folder" "$folder"/*.sh "$folder/egisplus-agent"
    if [ -n "$home" ]; then
        # The control port of an agent beside another one must be its own.
        [ -z "${EGISPLUS_CONTROL_PORT:-}" ] || sed -i "s/^ServerAddress = .*/ServerAddress = 127.0.0.1:$EGISPLUS_CONTROL_PORT/" "$folder/config.ini"
    fi
    mkdir -p "$home/usr/local/bin" "$home/etc/sysconfig"
    ln -sf "$folder/egisplus-agent" "$home/usr/local/bin/egisplus-cli"
    printf '%s\n' "$AUTHORITY" >"$work/authority.pem"
    put_exporter
    (umask 077 && printf 'OPTIONS="%s"\n' "$(options)" >"$home/etc/sysconfig/egisplus-agent")
}

# Metrics of this machine, in a folder of their own.
put_exporter() {
    (umask 077 && mkdir -p "$exporter")
    mv -f "$folder/hyper_exporter" "$exporter/hyper_exporter"
    cp "$folder/version" "$exporter/exporter_version"
    (umask 077 && printf '[DEFAULT]\nServerAddress = https://%s\nServiceType = linux_agent\n' "$CONSOLE" >"$exporter/config.ini")
}

options() {
    out=''
    [ -z "$home" ] || out="--home $home"
    [ -z "$devices" ] || out="$out${out:+ }--devices $devices"
    printf '%s' "$out"
}

register() {
    say "Registering at $CONSOLE ..."
    # shellcheck disable=SC2046
    "$folder/egisplus-agent" enroll $(options) --console "$CONSOLE" --token "$TOKEN" --authority "$work/authority.pem" 2>"$work/error" && return
    cat "$work/error" >&2
    if grep -q -e not_usable -e Unauthenticated "$work/error"; then
        fail "The console refused the token (401): it has expired after 24 hours or was used up. Copy the install command from the console again."
    fi
    fail "This machine could not be registered at $CONSOLE."
}

start() {
    if [ "$systemd" = auto ] && [ -z "$home" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
        cp "$folder/egisplus-agent.service" "$folder/hyper-exporter-agent.service" /etc/systemd/system/
        systemctl daemon-reload
        # Without metrics the machine is protected all the same.
        systemctl enable --now hyper-exporter-agent.service >/dev/null 2>&1 || say "hyper-exporter-agent.service does not start: systemctl status hyper-exporter-agent.service"
        systemctl enable --now egisplus-agent.service >/dev/null 2>&1 || fail "egisplus-agent.service does not start: systemctl status egisplus-agent.service"
    else
        sh "$folder/start_agent.sh" || fail "The agent does not start: see $logs/linux_agent.log"
    fi
}

# What a failed installation put there goes again, so that it can be repeated.
clean_up() {
    code=$?
    [ -z "$work" ] || rm -rf "$work"
    if [ "$code" != 0 ] && [ "$started" = files ]; then
        rm -rf "$folder" "$exporter" "$home/usr/local/bin/egisplus-cli" "$home/etc/sysconfig/egisplus-agent"
        # Logs of an earlier installation stay.
        rmdir "$logs" 2>/dev/null || true
    fi
    exit "$code"
}

trap clean_up EXIT
check_machine
work=$(mktemp -d)
say "Fetching the agent from $CONSOLE ..."
fetch
put_files
register
started=registered
start
say "Install successful"
