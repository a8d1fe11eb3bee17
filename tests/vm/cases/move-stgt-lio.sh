# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Shares move from tgtd to LIO; open-iscsi finds the same disk with the same data, whatever stops the move.
# limit: 1200

PATH=$BUILD:$PATH
iqn=iqn.2010-09.org.zfsonlinux:tank.vol
other=iqn.2010-09.org.zfsonlinux:tank.other
echo iqn.2010-09.org.zfsonlinux >/etc/iscsi_target_id
prop=org.zfsonlinux:shareiscsi
old=127.0.0.1:3261
configfs=/sys/kernel/config/target/iscsi

tgtd -f --iscsi portal=$old >/run/tgtd.log 2>&1 &
wait_for 30 tgtadm --lld iscsi --op show --mode sys
load_lio
make_pool tank
make_volume tank/vol 64M
make_volume tank/other 64M
/usr/sbin/zfs set $prop=on tank/vol tank/other

stgt() {
	tgtadm --lld iscsi --op show --mode target | sed -n 's/^Target [0-9]*: //p' | sort | xargs
}

lio() {
	find $configfs -maxdepth 1 -name 'iqn.*' -printf '%f\n' 2>/dev/null | sort | xargs
}

move() {
	shareiscsi sync --backend lio --from stgt "$@"
}

# ends_with STATUS COMMAND...
ends_with() {
	local status=0
	"${@:2}" >/tmp/out 2>/tmp/err || status=$?
	cat /tmp/out /tmp/err
	expect_eq "$status" "$1" "${*:2}"
}

# As the bytes of page 0x80 say it; tgtd fills them up with spaces.
serial_of() {
	/lib/udev/scsi_id --whitelisted --export --device="$1" | sed -n 's/^ID_SCSI_SERIAL=//p' | xargs
}

# What an initiator knows a disk by: the target, the LUN, and what udev and the kernel make of its pages.
identity() {
	local disk=$1 name
	name=$(basename "$(readlink -f "$disk")")
	echo "wwid $(/lib/udev/scsi_id --whitelisted --device="$disk")"
	echo "naa $(grep -ao '^naa\..*' "/sys/block/$name/device/wwid")"
	echo "blocks $(blockdev --getss "$disk") $(blockdev --getsz "$disk")"
	echo "lun $(basename "$(readlink -f "/sys/block/$name/device")" | sed 's/.*://')"
	find /dev/disk/by-id -name 'wwn-*' -lname "*/$name" -printf '%f\n'
}

say 'shared by tgtd, written by open-iscsi'
ends_with 0 shareiscsi sync --backend stgt
expect_eq "$(stgt)" "$other $iqn"
disk=$(iscsi_login $iqn 1 $old)
udevadm settle
was=$(identity "$disk")
serial=$(serial_of "$disk")
identity "$disk"
grep '^wwn-' <<<"$was"
dd if=/dev/urandom of=/tmp/data bs=1M count=8 status=none
dd if=/tmp/data of="$disk" bs=1M oflag=direct conv=fsync status=none

say 'in use it stays; the other one moves'
ends_with 4 move
grep "1 initiator is logged in to '$iqn'" /tmp/err
expect_eq "$(stgt), $(lio)" "$iqn, $other"
ends_with 4 shareiscsi sync --backend lio
expect_eq "$(stgt), $(lio)" "$iqn, $other"
iscsi_logout $iqn

say 'the plan names both sides and changes nothing'
ends_with 3 shareiscsi plan --backend lio --from stgt
grep '^mkdir ' /tmp/out
grep -- '--op delete --mode target' /tmp/out
expect_eq "$(stgt), $(lio)" "$iqn, $other"

say 'moved'
ends_with 0 move
expect_eq "$(stgt), $(lio)" ", $other $iqn"
ends_with 0 move -v
ends_with 0 shareiscsi sync --backend lio -v
ends_with 0 shareiscsi status --backend lio
expect_eq "$(cd /run/shareiscsi && find lio stgt -name 'iqn.*' | sort | xargs)" "lio/$other lio/$iqn" 'records'

say 'the same disk, the same data'
iscsiadm -m node -o delete -T $iqn -p $old
disk=$(iscsi_login $iqn 1)
udevadm settle
identity "$disk"
expect_eq "$(identity "$disk")" "$was"
expect_eq "$(serial_of "$disk")" "$serial"
dd if="$disk" bs=1M count=8 iflag=direct status=none | cmp - /tmp/data
same_data "$disk" /dev/zvol/tank/vol
iscsi_logout $iqn

say 'back again: only one side can hold it'
ends_with 0 shareiscsi sync --backend stgt --from lio
expect_eq "$(stgt), $(lio)" "$other $iqn, "

say 'a volume that somebody else holds is given back'
mkfs.ext4 -q /dev/zvol/tank/other
mkdir -p /tmp/mnt
mount /dev/zvol/tank/other /tmp/mnt
ends_with 1 move
grep "cannot move 'tank/other': LIO: add LUN: .* is mounted on '/tmp/mnt'; it is shared through STGT as before" /tmp/err
expect_eq "$(stgt), $(lio)" "$other, $iqn"
umount /tmp/mnt
ends_with 0 shareiscsi sync --backend lio
expect_eq "$(stgt), $(lio)" ", $other $iqn"

say 'shared by hand through one, a volume is not shared through the other'
make_volume tank/third 64M
/usr/sbin/zfs set $prop=on tank/third
ends_with 0 tgtadm --lld iscsi --op new --mode target --tid 9 -T iqn.2001-04.com.example:hand
ends_with 0 tgtadm --lld iscsi --op new --mode logicalunit --tid 9 --lun 1 -b "$(readlink -f /dev/zvol/tank/third)"
ends_with 1 shareiscsi share --backend lio tank/third
grep "'tank/third' is LUN 1 of target 'iqn.2001-04.com.example:hand' of STGT" /tmp/err
expect_eq "$(lio)" "$other $iqn"
ends_with 0 tgtadm --lld iscsi --op delete --mode target --force --tid 9
core=/sys/kernel/config/target/core/iblock_99/hand
hand=$configfs/iqn.2001-04.com.example:hand/tpgt_1/lun/lun_7
mkdir -p $core
echo udev_path=/dev/zvol/tank/third >$core/control
echo 1 >$core/enable
mkdir -p "$hand"
ln -s $core "$hand/hand"
ends_with 1 shareiscsi share --backend stgt tank/third
grep "'tank/third' is LUN 7 of target 'iqn.2001-04.com.example:hand' of LIO" /tmp/err
expect_eq "$(stgt)" ""
rm "$hand/hand"
rmdir "$hand" "${hand%/lun/*}" "${hand%/tpgt_1/*}" $core ${core%/*}
/usr/sbin/zfs set $prop=off tank/third

# killed_at N: the move, after its Nth change of LIO.
killed_at() {
	ends_with 0 shareiscsi sync --backend stgt --from lio
	rm -rf /tmp/outside
	mkdir /tmp/outside
	echo "kill $1" >/tmp/outside/fault
	OUTSIDE=/tmp/outside LD_PRELOAD=$PROGRAMS/outside.so shareiscsi sync --backend lio --from stgt || true
	echo "after change $1: $(stgt), $(lio)"
	[ -e /tmp/outside/fault.done ] || fail "there is no change $1"
	ends_with 0 shareiscsi sync --backend lio
	expect_eq "$(stgt), $(lio)" ", $other $iqn"
	ends_with 0 shareiscsi status --backend lio
}

say 'killed, a plain sync makes it whole'
for n in 1 6 12 16 17 24; do
	killed_at $n
done
