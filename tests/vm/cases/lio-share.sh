# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: LIO starts by itself; share, restrict, change, resize, rename and unshare with an initiator logged in.
# limit: 500

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
iqn=iqn.2010-09.org.example:tank.a
me=$(sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi)
lio=/sys/kernel/config/target
tpg=$lio/iscsi/$iqn/tpgt_1
sis() {
	shareiscsi --backend lio "$@"
}
sessions() {
	cat $lio/iscsi/$iqn/fabric_statistics/iscsi_instance/sessions
}
prop() {
	command -p zfs set "org.zfsonlinux:shareiscsi=$1" "${2:-tank/a}"
}
in_sync() {
	sis sync "$@" >/tmp/steps
	[ ! -s /tmp/steps ] || fail "a second sync did: $(cat /tmp/steps)"
}

make_pool tank
make_volume tank/a 64M
guid=$(printf %016x "$(command -p zfs get -Hpo value guid tank/a)")

say 'modules and configfs come with the first share'
[ ! -d $lio ] || fail 'LIO runs already'
prop on
sis share tank/a
[ "$(cat $tpg/enable)" = 1 ]
in_sync tank/a

say 'serial number and NAA follow from the guid'
disk=$(iscsi_login $iqn)
name=$(basename "$(readlink -f "$disk")")
expect_eq "$(cat "/sys/block/$name/device/wwid")" "naa.6001405${guid}000000000" NAA
same_data "$disk" /dev/zvol/tank/a
blkdiscard "$disk"

say 'restricting to who is logged in ends no session'
prop "initiator=$me"
sis sync tank/a
expect_eq "$(sessions)" 1 sessions
expect_eq "$(cat $tpg/attrib/generate_node_acls)" 0
same_data "$disk" /dev/zvol/tank/a
in_sync tank/a

say 'read-only for one initiator'
prop "initiator=$me=ro;iqn.2010-09.org.example:other"
sis sync tank/a
if dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct status=none; then
	fail 'it can write'
fi
expect_eq "$(sessions)" 1 sessions
in_sync tank/a

say 'who is not allowed any more is shut out, though LIO remembers it from when the target was open'
prop on
sis sync tank/a
expect_eq "$(sessions)" 1 sessions
iscsi_logout $iqn
prop initiator=iqn.2010-09.org.example:other
sis sync tank/a
if iscsiadm -m node -T $iqn -p 127.0.0.1:3260 --login; then
	fail 'it can log in'
fi
expect_eq "$(sessions)" 0 sessions
prop on
sis sync tank/a
disk=$(iscsi_login $iqn)

say 'a resize reaches the LUN'
command -p zfs set volsize=96M tank/a
sis sync tank/a
iscsiadm -m session --rescan
wait_for 30 test "$(blockdev --getsize64 "$disk")" = 100663296
expect_eq "$(sessions)" 1 sessions

say 'a rename is no reason to end a session'
command -p zfs rename tank/a tank/b
udevadm settle
sis sync tank/b
expect_eq "$(sessions)" 1 sessions
in_sync tank/b

say 'in use: refused, and everything stays'
status=0
sis unshare tank/b 2>/tmp/err || status=$?
expect_eq "$status" 4 "$(cat /tmp/err)"
grep -q "$me" /tmp/err
expect_eq "$(sessions)" 1 sessions

say 'forced: gone, and the volume is free'
sis unshare -f tank/b
[ ! -e $lio/iscsi/$iqn ]
expect_eq "$(ls $lio/core)" alua
command -p zfs destroy tank/b
