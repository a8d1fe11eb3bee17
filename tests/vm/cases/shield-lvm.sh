# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# limit: 900
# what: The host leaves alone what its guests keep on shared volumes, status names what it uses all the same; the LIO example.

share=org.zfsonlinux:shareiscsi

udev_of() {	# VOLUME
	udevadm info --query=property --name="/dev/zvol/$1"
}

# A partition table with one partition, of 8 MiB from 1 MiB on.
mbr() {
	head -c 446 /dev/zero
	printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\x40\0\0'
	head -c 48 /dev/zero
	printf '\x55\xaa'
}

say 'two disks with an LVM group each, and two with partitions; one of each is to be shared'
load_lio
modprobe dm_mod
make_pool tank
zfs create tank/shared
zfs create tank/own
for where in shared own; do
	for what in lvm part; do
		zfs create -s -V 64M "tank/$where/$what"
		wait_for 120 test -b "/dev/zvol/tank/$where/$what"
	done
done
# The guest's own doing: with a configuration that knows no shield.
for where in shared own; do
	mbr | dd of="/dev/zvol/tank/$where/part" conv=fsync status=none
	pvcreate -q --devices "/dev/zvol/tank/$where/lvm" "/dev/zvol/tank/$where/lvm"
	vgcreate -q --devices "/dev/zvol/tank/$where/lvm" "guest_$where" "/dev/zvol/tank/$where/lvm"
	lvcreate -q -y -W n --devices "/dev/zvol/tank/$where/lvm" -l 4 -n root "guest_$where"
done
say 'the guests shut down'
vgchange -q -an guest_own guest_shared
udevadm settle --timeout=300
zfs set $share=on tank/shared

say 'after an import the group of the host comes up, the one of the guest does not'
wait_for 60 zpool export tank
udevadm settle --timeout=300
zpool import -d /tmp tank
wait_for 120 test -b /dev/zvol/tank/own/lvm
wait_for 120 test -b /dev/zvol/tank/shared/lvm
wait_for 120 test -e /dev/mapper/guest_own-root
udevadm settle --timeout=300
[ ! -e /dev/mapper/guest_shared-root ] || fail 'the group of the guest was activated'
udev_of tank/own/lvm | grep -x ID_FS_TYPE=LVM2_member
udev_of tank/shared/lvm | grep -x -e SHAREISCSI=1 -e UDISKS_IGNORE=1 | grep -c . | grep -x 2
udev_of tank/shared/lvm | grep ^ID_FS_ && fail 'blkid looked into a shared volume'
udev_of tank/shared/part | grep -x SHAREISCSI=1
udev_of tank/shared/part | grep ^ID_PART_TABLE && fail 'blkid looked into a shared volume'
udev_of tank/own/part | grep -x ID_PART_TABLE_TYPE=dos
find /dev/disk -lname '*/zd*' | while read -r link; do
	[ "$(udevadm info --query=property --property=SHAREISCSI --value "$link")" != 1 ] || fail "$link leads to a shared volume"
done

say 'all that is to be shared is, and the example of the hook did its work'
wait_for 60 sh -c '! [ -e /run/shareiscsi/queue ]'
shareiscsi sync --backend lio
shareiscsi status --backend lio
group=/sys/kernel/config/target/iscsi/iqn.2010-09.org.example:tank.shared.lvm/tpgt_1
wait_for 30 grep -x 128 $group/attrib/default_cmdsn_depth
wait_for 30 grep -x 15 $group/attrib/login_timeout
wait_for 30 grep CRC32C $group/param/HeaderDigest

say 'started by hand, LVM finds what is in the volume; with the example of lvmlocal.conf it does not'
shareiscsi unshare --backend lio -a
pvs --noheadings -o pv_name | tee /tmp/pvs
grep -q zd /tmp/pvs
cp examples/lvmlocal.conf /etc/lvm/lvmlocal.conf
pvs --noheadings -o pv_name | tee /tmp/pvs
grep zd /tmp/pvs && fail 'the filter lets volumes pass'
rm /etc/lvm/lvmlocal.conf

say 'when the host uses the volume, the share fails and status names who has it'
vgchange -ay guest_shared
status=0
shareiscsi sync --backend lio || status=$?
expect_eq "$status" 1
status=0
shareiscsi status --backend lio >/tmp/status || status=$?
cat /tmp/status
expect_eq "$status" 3
grep "tank/shared/lvm: this host itself uses it: .*held by device-mapper guest_shared-root" /tmp/status
vgchange -an guest_shared
shareiscsi sync --backend lio
shareiscsi status --backend lio
