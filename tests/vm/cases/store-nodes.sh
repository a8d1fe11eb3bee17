# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The zfs store tells which volumes have a node of their own, waits for those to come, and says why others never will.

share=org.zfsonlinux:shareiscsi
list=$BUILD/tests/vm/store-list

# expect_state VOLUME WAIT_MS STATE [WHY]
expect_state() {
	local line
	line=$("$list" "$2" "$1")
	echo "$line"
	case $line in
	"$1 | $3 | "*"| why=${4-}"*) ;;
	*) fail "$1 is not $3${4:+: $4}" ;;
	esac
}

make_pool tank
zfs set $share=on tank
make_volume tank/vol 64M

say 'encrypted: only with its key'
zfs create -o encryption=on -o keyformat=passphrase tank/safe <<<12345678
zfs create -s -V 64M tank/safe/vol
expect_state tank/safe/vol 20000 ready
zfs unload-key tank/safe 2>/dev/null || { zfs unmount tank/safe; wait_for 20 zfs unload-key tank/safe; }
expect_state tank/safe/vol 60000 never 'its key is not loaded'
zfs load-key tank/safe <<<12345678
expect_state tank/safe/vol 20000 ready

say 'volmode=none, a container, half a receive'
zfs create -s -V 64M -o volmode=none tank/none
expect_state tank/none 60000 never 'volmode=none leaves it without a device node'
zfs create -o zoned=on tank/zone
zfs create -s -V 64M tank/zone/vol
expect_state tank/zone/vol 60000 never 'it belongs to a container'
zfs create -s -V 64M tank/src
wait_for 20 test -b /dev/zvol/tank/src
dd if=/dev/urandom of=/dev/zvol/tank/src bs=1M count=4 conv=fsync status=none
zfs snapshot tank/src@a
zfs send tank/src@a | head -c 1000000 | zfs receive -s tank/part && fail 'received a part as a whole'
expect_state tank/part 60000 never 'it was received in part only'

say 'a module that makes no nodes; what it had made stays'
echo 1 >/sys/module/zfs/parameters/zvol_inhibit_dev
zfs create -s -V 64M tank/hidden
expect_state tank/hidden 60000 never 'the zfs module makes no device nodes'
expect_state tank/vol 0 ready
echo 0 >/sys/module/zfs/parameters/zvol_inhibit_dev
echo 3 >/sys/module/zfs/parameters/zvol_volmode
expect_state tank/hidden 60000 never 'volmode=default leaves it without a device node here'
echo 1 >/sys/module/zfs/parameters/zvol_volmode

say 'a link that is still that of another volume, or gone, is waited for'
udevadm settle
udevadm control --stop-exec-queue
zfs rename tank/vol tank/old
zfs create -s -V 64M tank/vol
expect_state tank/vol 0 pending "its device node '/dev/zvol/tank/vol' still is that of 'tank/old'"
expect_state tank/old 0 pending "its device node '/dev/zvol/tank/old' has not appeared yet"
start=$SECONDS
expect_state tank/old 1000 pending
[ $((SECONDS - start)) -ge 1 ] || fail 'did not wait'
"$list" 60000 tank/vol tank/old >/tmp/list &
waiting=$!
udevadm control --start-exec-queue
wait $waiting
cat /tmp/list
expect_eq "$(grep -c '| ready |' /tmp/list)" 2 ready

say 'nobody waits for what is not to be shared, nor opens it'
udevadm settle
udevadm control --stop-exec-queue
zfs create -s -V 64M -o $share=off tank/off
expect_state tank/off 60000 pending "its device node '/dev/zvol/tank/off' has not appeared yet"
udevadm control --start-exec-queue
wait_for 20 test -b /dev/zvol/tank/off

say 'read-only: the volume, the pool'
zfs set readonly=on tank/vol
"$list" 20000 tank/vol | grep '| ready |.*| readonly |'
"$list" 20000 tank/vol | grep pool-readonly && fail 'the pool can be written'
udevadm settle
wait_for 20 zpool export tank
zpool import -d /tmp -o readonly=on tank
"$list" 60000 tank/old tank/vol >/tmp/list
cat /tmp/list
expect_eq "$(grep -c '| ready |.*| readonly | pool-readonly |' /tmp/list)" 2 read-only
"$list" set tank/old x 2>/tmp/said && fail 'set on a read-only pool'
grep "30: cannot set property for 'tank/old': pool is read-only" /tmp/said
