# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Every change made with stock zfs is live by itself, also after a restart of the target and a reboot; shutdown goes in order.
# init: systemd
# disk: 1G
# reboot: 1
# limit: 1200

share=org.zfsonlinux:shareiscsi

show() {
	tgtadm --lld iscsi --op show --mode target
}

is_shared() {	# NAME as in the IQN
	show | grep -q "^Target [0-9]*: iqn.2010-09.org.example:$1\$"
}

not_shared() {
	! is_shared "$1"
}

live() {	# NAME as in the IQN: within how long?
	local start=$SECONDS
	wait_for 200 is_shared "$1"
	echo "$1 is shared after $((SECONDS - start)) s"
}

gone() {
	wait_for 200 not_shared "$1"
	echo "$1 is gone"
}

# The disks as initiators see them; the LUN 0 of each target is the controller, not a disk.
disks() {
	show | sed '/LUN: 0$/,/LUN: [1-9]/ { /LUN: [1-9]/! d }' | grep -e '^Target' -e '^ *LUN:' -e 'SCSI SN:' -e 'SCSI ID:' -e 'Backing store path:' |
		sed 's/^Target [0-9]*/Target/' | tr '\n' ' ' | sed 's/Target:/\nTarget:/g' | tr -s ' ' | sort
}

all_well() {
	shareiscsi status
}

no_queue() {
	! [ -e /run/shareiscsi/queue ] && ! systemctl is-active -q shareiscsi-queue.service
}

if [ "$BOOT" = 1 ]; then
	say 'at shutdown the shares ended before the target did, and the pool could be exported'
	cat /run/vm/shutdown.0
	expect_eq "$(cat /run/vm/shutdown.0)" exported
	say 'after a reboot all is as it was, without a command'
	systemctl is-active shareiscsi shareiscsi-queue.path shareiscsi-sync.timer
	wait_for 200 all_well
	disks >/tmp/disks
	mkdir /tmp/fs
	mount -t zfs tank/notes /tmp/fs
	diff /tmp/fs/disks /tmp/disks
	wc -l /tmp/disks
	exit
fi

say 'the units are what the boot left'
systemctl is-active tgt shareiscsi shareiscsi-queue.path shareiscsi-sync.timer zfs-zed
make_pool tank
zfs create -o mountpoint=legacy tank/notes

say 'set, set to off, inherit'
zfs create -s -V 64M tank/set
zfs set $share=on tank/set
live tank.set
zfs set $share=off tank/set
gone tank.set
zfs set $share=on tank/set
live tank.set
zfs inherit $share tank/set
gone tank.set
zfs set $share=on tank/set

say 'the hook got TID and volume'
live tank.set
tid=$(show | sed -n 's/^Target \([0-9]*\): .*:tank.set$/\1/p')
wait_for 200 grep -x "$tid tank/set iqn.2010-09.org.example:tank.set 1 stgt" /run/hook

say 'create under a parent that shares, also with a blank in the name, and with a slow hook'
zfs create -o $share=on tank/fs
zfs create -s -V 64M tank/fs/slow
live tank.fs.slow
zfs create -s -V 64M 'tank/fs/a b'
live tank.fs.a-b
pgrep -f 'sleep 1000'

say 'clone, receive; what was received with its property is held'
zfs snapshot 'tank/fs/a b@s'
zfs clone 'tank/fs/a b@s' tank/fs/clone
zfs send 'tank/fs/a b@s' | zfs receive tank/fs/copy
zfs snapshot tank/set@s
zfs send -p tank/set@s | zfs receive tank/held
live tank.fs.clone
live tank.fs.copy
wait_for 200 no_queue
expect_eq "$(shareiscsi status | awk '$1 == "held" { print $2 }')" tank/held
not_shared tank.held

say 'a tree that was received with the property above its volumes is held, too'
zfs create -o $share=on tank/tree
zfs create -s -V 64M tank/tree/v
live tank.tree.v
zfs snapshot -r tank/tree@r
zfs send -R tank/tree@r | zfs receive tank/back
wait_for 200 no_queue
expect_eq "$(zfs get -H -o source $share tank/back/v)" 'inherited from tank/back'
expect_eq "$(zfs get -H -o source $share tank/back)" received
expect_eq "$(shareiscsi status | awk '$1 == "held" { print $2 }' | paste -sd' ')" 'tank/back/v tank/held'
not_shared tank.back.v
zfs set $share=on tank/back
live tank.back.v
zfs set $share=off tank/back
zfs set $share=off tank/tree
gone tank.back.v
gone tank.tree.v
zfs destroy -r tank/back
zfs destroy -r tank/tree

say 'rename, out of the parent that shares and in again, and of the parent: the same disk'
zfs rename tank/fs/clone tank/moved
expect_eq "$(zfs get -H -o value $share tank/moved)" - 'it left the parent that shares'
gone tank.fs.clone
zfs rename tank/moved tank/fs/moved
live tank.fs.clone
zfs rename tank/fs tank/dir
wait_for 200 sh -c 'shareiscsi status | grep -q tank/dir/moved'
wait_for 200 all_well
zfs rename tank/dir tank/fs
wait_for 200 sh -c 'shareiscsi status | grep -q tank/fs/moved'
wait_for 200 all_well

say 'rollback'
zfs rollback 'tank/fs/a b@s'
wait_for 200 no_queue
all_well

say 'destroy of a volume that was released'
zfs set $share=off tank/fs/copy
gone tank.fs.copy
wait_for 200 zfs destroy -r tank/fs/copy
wait_for 200 no_queue
all_well

say 'a key that is loaded: told by udev'
zfs create -o encryption=on -o keyformat=passphrase -o $share=off tank/safe <<<12345678
zfs create -s -V 64M tank/safe/vol
wait_for 200 test -b /dev/zvol/tank/safe/vol
zfs unmount tank/safe
wait_for 200 zfs unload-key tank/safe
zfs set $share=on tank/safe
wait_for 200 no_queue
not_shared tank.safe.vol
zfs load-key tank/safe <<<12345678
live tank.safe.vol
zfs set $share=off tank/safe
gone tank.safe.vol

say 'a new size of a sparse volume: nobody tells, the timer starts what looks at everything'
zfs set volsize=128M tank/set
systemctl start shareiscsi-sync
show | grep 'Size: 134 MB'

say 'import of a pool'
make_pool other 256M
zfs create -s -V 64M -o $share=on other/vol
live other.vol
released() {
	shareiscsi unshare other && zpool export other
}
wait_for 200 released
not_shared other.vol
zpool import -d /tmp other
live other.vol
wait_for 200 no_queue
wait_for 200 released

say 'the target is restarted, and dies: the shares come back'
systemctl restart tgt
live tank.set
wait_for 200 all_well
systemctl kill --signal=KILL tgt
wait_for 200 systemctl is-active tgt
live tank.set
wait_for 200 all_well

say 'stop ends all shares, and so would a shutdown; start and reload bring them back'
systemctl stop shareiscsi
expect_eq "$(show)" ''
zfs set $share=on tank/set
systemctl restart tgt
systemctl is-active shareiscsi-sync.service && fail 'shared though the unit is stopped'
expect_eq "$(show)" ''
systemctl start shareiscsi
is_shared tank.set
zfs set volsize=192M tank/set
systemctl reload shareiscsi
show | grep 'Size: 201 MB'

say 'to be compared after the reboot'
wait_for 200 no_queue
all_well
mkdir /tmp/fs
mount -t zfs tank/notes /tmp/fs
disks | tee /tmp/fs/disks
umount /tmp/fs
