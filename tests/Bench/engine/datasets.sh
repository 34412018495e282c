#!/usr/bin/env bash
# Makes the data sets of the engine benchmark in DIR: datasets.sh DIR
# What exists is kept, so a run that was interrupted goes on where it stopped. README.md beside this file says what each
# set stands for. Needs root, for the loop mounts: only the kernel's own ext4 lays files out as a living system does.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1

DIR=${1:?usage: datasets.sh DIR}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
IMAGE_SIZE=4G
PARTITION_START=$((1024 * 1024))

SYSTEM="linux-image-amd64 systemd-sysv openssh-server apt locales man-db manpages manpages-dev vim git gcc g++ make
  python3 python3-pip python3-numpy perl perl-doc postgresql nginx mariadb-server openjdk-17-jre-headless nodejs
  ghostscript fonts-dejavu fonts-liberation imagemagick samba bind9 rsyslog logrotate sqlite3 rsync tcpdump gdb"
CLONE="apache2 php-cli emacs-nox redis-server postfix"
SECOND="linux-image-amd64 systemd-sysv openssh-server apt locales man-db manpages manpages-dev vim git gcc g++ make
  python3 python3-pip perl perl-doc postgresql mariadb-server openjdk-17-jre-headless nodejs ghostscript fonts-dejavu
  fonts-liberation imagemagick samba rsyslog logrotate sqlite3 rsync tcpdump apache2 php-cli redis-server postfix"

say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

need_tools() {
  [ "$(id -u)" = 0 ] || die "datasets.sh needs root: it mounts the images through loop devices"
  local missing=() pair
  for pair in sfdisk:fdisk mkfs.ext4:e2fsprogs python3:python3-minimal losetup:mount restic:restic borg:borgbackup; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} = 0 ] && return
  apt-get -q update
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}"
}

# fetch NAME PACKAGE...: the closure of the packages as on an empty machine (an empty dpkg status), into DIR/packages,
# with the archives' names, one a line, in DIR/packages/NAME.list.
fetch() {
  local name=$1 list=$DIR/packages/$1.list
  shift
  [ -s "$list" ] && return
  mkdir -p "$DIR/packages/partial"
  : > "$DIR/packages/status"
  local apt=(apt-get -q -y --no-install-recommends -o "Dir::State::status=$DIR/packages/status"
    -o "Dir::Cache::archives=$DIR/packages" -o APT::Sandbox::User=root -o Debug::NoLocking=1)
  apt-cache show systemd-sysv >/dev/null 2>&1 || apt-get -q update >/dev/null
  say "fetching the packages of $name"
  # --print-uris leaves out what the cache already has, so the names come from a simulated, empty cache.
  "${apt[@]}" -o "Dir::Cache::archives=$DIR/packages/none" --print-uris install "$@" |
    awk '/^'\''/ { print $2 }' > "$list.part"
  "${apt[@]}" -d install "$@" > "$DIR/packages/$name.log" 2>&1 || die "fetching failed, see $DIR/packages/$name.log"
  mv "$list.part" "$list"
}

# empty_image FILE UUID: a sparse disk with a GPT and one ext4 partition, its identifiers fixed by UUID.
empty_image() {
  truncate -s "$IMAGE_SIZE" "$1"
  printf 'label: gpt\nlabel-id: %s\nfirst-lba: 2048\nstart=2048, type=linux, uuid=%s, name=root\n' "$2" "$2" |
    sfdisk -q "$1"
  local blocks=$(( ($(stat -c %s "$1") - 2 * PARTITION_START) / 4096 ))
  mkfs.ext4 -q -F -b 4096 -U "$2" -L root \
    -E "offset=$PARTITION_START,hash_seed=$2,lazy_itable_init=0,lazy_journal_init=0,nodiscard" "$1" "$blocks"
}

# in_image FILE COMMAND...: runs the command with $ROOT set to where the image's file system is mounted.
in_image() (
  image=$1
  shift
  ROOT=$(mktemp -d "$DIR/mount.XXXXXX")
  export ROOT
  mount -o "loop,offset=$PARTITION_START,noatime" "$image" "$ROOT"
  trap 'umount "$ROOT" && rmdir "$ROOT"' EXIT
  "$@"
)

# unpack LIST [SEED]: unpacks the archives of the list into $ROOT; with a seed, in another order. Written back every few
# packages, so that where the files lie depends on their order and little on the machine's memory.
unpack() {
  python3 "$HERE/order.py" "$1" ${2:+"$2"} | {
    local deb count=0
    while read -r deb; do
      dpkg-deb --fsys-tarfile "$DIR/packages/$deb" | tar -x -p --keep-directory-symlink -C "$ROOT"
      dpkg-deb -e "$DIR/packages/$deb" "$ROOT/var/lib/dpkg/info/${deb%%_*}.control"
      count=$((count + 1))
      [ $((count % 16)) != 0 ] || sync -f "$ROOT"
    done
  }
}

# system LIST HOST SEED [ORDER-SEED]: a whole machine in $ROOT.
system() {
  local sub
  for sub in bin sbin lib lib64; do
    mkdir -p "$ROOT/usr/$sub"
    ln -s "usr/$sub" "$ROOT/$sub"
  done
  mkdir -p "$ROOT/var/lib/dpkg/info"
  unpack "$1" ${4:+"$4"}
  python3 "$HERE/host.py" fresh "$ROOT" "$2" "$3"
  archives "$1" 40
}

# archives LIST MIB: leaves that much of the list's own archives in the machine's apt cache, as upgrades do.
archives() {
  local deb left=$(($2 * 1024 * 1024)) size
  mkdir -p "$ROOT/var/cache/apt/archives"
  while read -r deb; do
    size=$(stat -c %s "$DIR/packages/$deb")
    [ "$size" -le "$left" ] && [ "$size" -lt $((8 * 1024 * 1024)) ] || continue
    cp "$DIR/packages/$deb" "$ROOT/var/cache/apt/archives/"
    left=$((left - size))
  done < "$1"
}

day() {
  python3 "$HERE/host.py" day "$ROOT" backup-one 2
  archives "$DIR/packages/clone.new" 10
}

clone() {
  python3 "$HERE/host.py" identity "$ROOT" backup-two 3
  unpack "$DIR/packages/clone.new"
  python3 "$HERE/host.py" clone "$ROOT" backup-two 3
}

# image NAME FUNCTION ARGUMENT...: DIR/NAME.img by running the function on NAME.img.part, mounted.
image() {
  local name=$1
  shift
  say "making $name.img"
  in_image "$DIR/$name.img.part" "$@"
  fallocate -d "$DIR/$name.img.part"
  sync "$DIR/$name.img.part"
  mv "$DIR/$name.img.part" "$DIR/$name.img"
}

fresh_image() {
  local name=$1 uuid=$2
  shift 2
  [ -e "$DIR/$name.img" ] && return
  rm -f "$DIR/$name.img.part"
  empty_image "$DIR/$name.img.part" "$uuid"
  image "$name" "$@"
}

changed_image() {
  [ -e "$DIR/$1.img" ] && return
  cp --sparse=always --reflink=auto "$DIR/debian.img" "$DIR/$1.img.part"
  image "$@"
}

databases() {
  [ -e "$DIR/db0.img" ] && [ -e "$DIR/db1.img" ] && return
  say "making db0.img and db1.img"
  python3 "$HERE/database.py" "$DIR/db0.img.part" "$DIR/db1.img.part"
  mv "$DIR/db0.img.part" "$DIR/db0.img"
  mv "$DIR/db1.img.part" "$DIR/db1.img"
}

change_map() {
  [ -e "$3" ] && return
  python3 "$HERE/changes.py" "$1" "$2" > "$3.part"
  mv "$3.part" "$3"
}

need_tools
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd)
# shellcheck disable=SC2086 # the lists are words on purpose
{ fetch system $SYSTEM; fetch clone $SYSTEM $CLONE; fetch second $SECOND; }
grep -vxFf "$DIR/packages/system.list" "$DIR/packages/clone.list" > "$DIR/packages/clone.new"

fresh_image second 5ec0d000-0000-4000-8000-000000000002 system "$DIR/packages/second.list" mail-one 4 4 &
SECOND_PID=$!
fresh_image debian deb1a000-0000-4000-8000-000000000001 system "$DIR/packages/system.list" backup-one 1
wait "$SECOND_PID"
databases &
DATABASES_PID=$!
changed_image day day
changed_image clone clone
wait "$DATABASES_PID"
change_map "$DIR/debian.img" "$DIR/day.img" "$DIR/day.changed"
change_map "$DIR/db0.img" "$DIR/db1.img" "$DIR/db.changed"
sync -f "$DIR"

printf '%-12s %10s %10s\n' file MiB 'MiB held'
for file in debian.img day.img clone.img second.img db0.img db1.img; do
  printf '%-12s %10d %10d\n' "$file" $(($(stat -c %s "$DIR/$file") >> 20)) $(($(du -k "$DIR/$file" | cut -f1) >> 10))
done
for file in day.changed db.changed; do
  awk -v f="$file" '{ n++; s += $2 } END { printf "%-12s %10d ranges, %.1f MiB\n", f, n, s / 1048576 }' "$DIR/$file"
done
