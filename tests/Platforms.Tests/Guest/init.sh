#!/bin/busybox sh
# The whole guest: it lives in its RAM disk; the disk holds what must survive, the guest agent and bytes to read.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
for m in @MODULES@; do [ -f /m/$m.ko ] && insmod /m/$m.ko 2>/dev/null; done
marker=none; boots=0
if [ -b /dev/vda ]; then
  mount -t ext4 /dev/vda3 /disk
  cat /disk/srv/part* >/dev/null
  marker=$(cat /disk/srv/marker)
  boots=$(( $(cat /disk/srv/boots) + 1 )); echo $boots >/disk/srv/boots; sync
  mkdir -p /www; cp /disk/srv/marker /www/marker
fi
if [ -e /sys/class/net/eth0 ]; then
  # The last byte of the card's address is the machine's number in its network.
  last=$(( 0x$(cut -d: -f6 /sys/class/net/eth0/address) ))
  ip link set lo up; ip link set eth0 up; ip addr add 10.77.0.$last/24 dev eth0; ip route add default via 10.77.0.1
  httpd -p 80 -h /www
  nc -ll -p 23 -e /bin/sh &
fi
port=$(ls /dev/vport*p1 2>/dev/null)
if [ -n "$port" ] && [ -x /disk/agent/qemu-ga ]; then
  mount --bind /dev /disk/dev; mount --bind /proc /disk/proc; mkdir -p /disk/run
  chroot /disk /agent/qemu-ga -m virtio-serial -p $port -t /run &
fi
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\nsync\necho GOES-OFF >/dev/ttyS0\nmount -o remount,ro /disk\npoweroff -f\n' >/etc/acpi/PWRF/00000080; chmod +x /etc/acpi/PWRF/00000080
acpid -d >/dev/null 2>&1 &
echo "READY boots=$boots marker=$marker" >/dev/ttyS0
echo "READY marker=$marker" >/dev/tty1
while :; do sleep 3600; done
