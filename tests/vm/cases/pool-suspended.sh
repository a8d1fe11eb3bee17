# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A pool that is suspended keeps its shares, whatever its failmode; what is gone from another is released meanwhile.

share=org.zfsonlinux:shareiscsi

sis() {
	"$BUILD/shareiscsi" "$@" --backend stgt
}

targets() {
	tgtadm --lld iscsi --op show --mode target | sed -n 's/^Target.*example://p' | sort | paste -sd' '
}

# On a device that can be taken from under it.
make_fragile_pool() {	# NAME FAILMODE
	truncate -s 128M "/tmp/$1.img"
	dmsetup create "$1" --table "0 262144 linear $(losetup -f --show "/tmp/$1.img") 0"
	zpool create -o failmode="$2" "$1" "/dev/mapper/$1"
	make_volume "$1/v" 16M -o $share=on
}

cannot_be_read() {	# POOL
	! zfs list -H "$1"
}

echo iqn.2010-09.org.example >/etc/iscsi_target_id
modprobe -a dm_mod loop
make_pool good 128M
make_volume good/v 16M -o $share=on
make_fragile_pool wait wait
make_fragile_pool continue continue
start_tgtd
sis sync
expect_eq "$(targets)" 'continue.v good.v wait.v'

say 'their disks break'
for pool in wait continue; do
	dmsetup suspend --nolockfs $pool
	dmsetup load $pool --table '0 262144 error'
	dmsetup resume $pool
	zfs set org.example:broken=yes $pool &	# never returns
	wait_for 120 cannot_be_read $pool
done
zpool list -o name,health
zfs list -t volume
zfs destroy good/v 2>/dev/null && fail 'destroyed while it is shared'
zfs set $share=off good/v
sis sync
expect_eq "$(targets)" 'continue.v wait.v'
status=0
sis status >/tmp/status || status=$?
cat /tmp/status
expect_eq "$status" 3
expect_eq "$(awk '$1 == "kept" { print $2 }' /tmp/status | paste -sd' ')" 'continue/v wait/v'
grep '^wait: it cannot be read' /tmp/status

say 'at shutdown they end all the same'
sis unshare -f -a
expect_eq "$(targets)" ''
