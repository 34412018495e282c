#!/usr/bin/env bash
# A machine that systemd runs, without a hypervisor: this machine's programs (read-only) in namespaces of their own, with an empty
# /etc/systemd, /var, /opt and network, and limits that act.
#   systemd-machine.sh ROOT [PATH...]   ROOT: an empty folder; each PATH (a device or a folder) is the same inside.
# It becomes the machine's first process; the machine ends with it. Needs root.
set -euo pipefail
controllers=(systemd cpu cpuacct memory pids blkio devices unified)

# Groups of its own in each hierarchy: what systemd makes lies below them, and goes when they go.
join_groups() {
    local controller folder path
    for controller in "${controllers[@]}"; do
        folder=/sys/fs/cgroup/$controller
        [ -d "$folder" ] || continue
        case $controller in
            systemd) path=$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup) ;;
            unified) path=$(sed -n 's/^0:://p' /proc/self/cgroup) ;;
            *) path=$(sed -nE "s/^[0-9]+:([^:]+,)?$controller(,[^:]+)?:(.*)/\3/p" /proc/self/cgroup) ;;
        esac
        folder=$folder${path%/}/$1
        mkdir -p "$folder"
        echo $$ >"$folder/cgroup.procs"
        echo "$folder"
    done
}

mount_groups() {
    local controller
    if [ ! -d /sys/fs/cgroup/systemd ]; then
        mount -t cgroup2 cgroup sys/fs/cgroup
        return
    fi
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
    for controller in "${controllers[@]}"; do
        [ -d "/sys/fs/cgroup/$controller" ] || continue
        mkdir "sys/fs/cgroup/$controller"
        case $controller in
            systemd) mount -t cgroup -o none,name=systemd cgroup "sys/fs/cgroup/$controller" ;;
            unified) mount -t cgroup2 cgroup "sys/fs/cgroup/$controller" ;;
            *) mount -t cgroup -o "$controller" cgroup "sys/fs/cgroup/$controller" ;;
        esac
    done
}

mount_root() {
    mount -t tmpfs -o mode=755 tmpfs "$1"
    cd "$1"
    mkdir -p usr etc/systemd/system var/log var/lib var/tmp run tmp proc sys dev/pts dev/shm root home opt mnt empty .old
    local name
    for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
    mount --bind /usr usr && mount -o remount,bind,ro usr
    # /usr/local is the machine's own, and none of this machine's services starts there.
    mount -t tmpfs -o mode=755 tmpfs usr/local && mkdir usr/local/bin
    for name in usr/lib/systemd/system/{sysinit,multi-user,sockets,timers,local-fs}.target.wants; do [ ! -d "$name" ] || mount --bind empty "$name"; done
    cp -a /etc/{passwd,group,nsswitch.conf,ld.so.cache,ssl,alternatives} etc/
    cp -L /etc/os-release etc/
    echo machine >etc/hostname
    echo 0123456789abcdef0123456789abcdef >etc/machine-id
    : >etc/fstab
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs -o mode=755 tmpfs dev
    for name in null zero full random urandom tty; do : >dev/$name && mount --bind /dev/$name dev/$name; done
    ln -s /proc/self/fd dev/fd
    ln -s pts/ptmx dev/ptmx
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
    mount -t tmpfs tmpfs dev/shm
    mount_groups
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs tmpfs tmp
}

if [ "$1" != inside ]; then
    join_groups "machine-$$" >"$1.groups"
    exec unshare --mount --pid --fork --kill-child=KILL --uts --ipc --cgroup --net --propagation private "$0" inside "$@"
fi
root=$2
shift 2
mount_root "$root"
for path in "$@"; do
    if [ -d "$path" ]; then mkdir -p ".$path"; else : >".$path"; fi
    mount --bind "$path" ".$path"
done
ip link set lo up
pivot_root . .old
umount -l /.old
exec env -i container=hyperbdr PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --log-target=console --show-status=no systemd.unit=multi-user.target
