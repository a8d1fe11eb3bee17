# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: LIO is shared with targetcli: neither touches the other's; what is in the way is named; what it made is taken over.
# limit: 800

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
org=iqn.2010-09.org.example
core=/sys/kernel/config/target/core
iscsi=/sys/kernel/config/target/iscsi
sis() {
	shareiscsi --backend lio "$@"
}

# refused TEXT VERB...: exit status 1 and one line with this text.
refused() {
	local status=0
	sis "${@:2}" 2>/tmp/err || status=$?
	expect_eq "$status" 1 "$(cat /tmp/err)"
	grep -qF -- "$1" /tmp/err || fail "'$(cat /tmp/err)' says nothing of '$1'"
}

share() { # VOLUME VALUE
	command -p zfs set "org.zfsonlinux:shareiscsi=$2" "$1"
	sis share "$1"
}

make_pool tank
for name in a b c theirs; do
	make_volume tank/$name 64M
done
load_lio
mkdir -p /run/dbus
dbus-daemon --system --fork

say "targetcli's target is left alone"
targetcli /backstores/block create name=theirs dev=/dev/zvol/tank/theirs
targetcli /iscsi create $org:theirs
targetcli /iscsi/$org:theirs/tpg1/luns create /backstores/block/theirs
before=$(find $iscsi/$org:theirs $core/iblock_0 | sort)
share tank/a on
sis status | grep -F $org:theirs
expect_eq "$(find $iscsi/$org:theirs $core/iblock_0 | sort)" "$before"

say 'ours are seen and named there'
targetcli ls / | grep 'o- tank:a .*/dev/zvol/tank/a'
targetcli ls / | grep -F "o- $org:tank.a"

say 'both on the portal of all addresses'
iscsi-ls iscsi://127.0.0.1 | grep -F $org:theirs
iscsi-ls iscsi://127.0.0.1 | grep -F $org:tank.a

say 'a name that is taken'
command -p zfs set "org.zfsonlinux:shareiscsi=name=$org:theirs" tank/b
refused "$org:theirs" share tank/b
expect_eq "$(find $iscsi/$org:theirs $core/iblock_0 | sort)" "$before"

say 'an address that all addresses exclude'
command -p zfs set org.zfsonlinux:shareiscsi=portal=127.0.0.1 tank/b
refused 'listens on' share tank/b
share tank/b portal=127.0.0.1:3261
iscsi-ls iscsi://127.0.0.1:3261 | grep -F $org:tank.b

say 'who has the volume'
command -p zfs set org.zfsonlinux:shareiscsi=on tank/c
dmsetup create other --table '0 131072 linear /dev/zvol/tank/c 0'
refused 'device-mapper other' share tank/c
dmsetup remove other
mkfs.ext4 -q /dev/zvol/tank/c
mkdir '/tmp/a b'
mount /dev/zvol/tank/c '/tmp/a b'
refused "mounted on '/tmp/a b'" share tank/c
umount '/tmp/a b'
targetcli /backstores/block create name=c dev=/dev/zvol/tank/c
refused 'iblock_1/c' share tank/c
targetcli /backstores/block delete c
sis share tank/c

say 'all of ours go, theirs stay'
sis unshare -a
expect_eq "$(echo $core/*)" "$core/alua $core/iblock_0"
expect_eq "$(find $iscsi/$org:theirs $core/iblock_0 | sort)" "$before"

say 'a queue depth, a closed door: what no property can say'
refused 'it is unfinished' adopt $org:theirs
targetcli /iscsi/$org:theirs/tpg1 set attribute generate_node_acls=1 demo_mode_write_protect=0 default_cmdsn_depth=32
refused "attrib/default_cmdsn_depth '32'" adopt $org:theirs
targetcli /iscsi/$org:theirs/tpg1 set attribute default_cmdsn_depth=64

say 'what targetcli made is taken over while it is in use'
disk=$(iscsi_login $org:theirs)
name=$(basename "$(readlink -f "$disk")")
seen() {
	cat "/sys/block/$name/device/"{wwid,vendor,model,rev}
	xxd "/sys/block/$name/device/vpd_pg80"
	xxd "/sys/block/$name/device/vpd_pg83"
}
theirs=$(seen)
before=$(find $iscsi/$org:theirs $core/iblock_0 | sort)
status=0
sis adopt -n tank/theirs || status=$?
expect_eq $status 3 'dry run'
expect_eq "$(command -p zfs get -Ho value org.zfsonlinux:shareiscsi tank/theirs)" - 'dry run'
targetcli saveconfig
sis adopt tank/theirs 2>/tmp/err
grep -F "'$org:theirs' also stands in /etc/" /tmp/err
expect_eq "$(find $iscsi/$org:theirs $core/iblock_0 | sort)" "$before"
sis plan tank/theirs
sis status tank/theirs
command -p zfs get -Ho value org.zfsonlinux:shareiscsi,org.zfsonlinux:shareiscsi:identity tank/theirs
expect_eq "$(cat $iscsi/$org:theirs/fabric_statistics/iscsi_instance/sessions)" 1 sessions
same_data "$disk" /dev/zvol/tank/theirs
command -p zfs rename tank/theirs tank/renamed
sis plan tank/renamed
command -p zfs rename tank/renamed tank/theirs
iscsi_logout $org:theirs

say 'as after a reboot: made anew, it is the same disk'
targetcli clearconfig confirm=True
rm -rf /run/shareiscsi
sis sync tank/theirs
disk=$(iscsi_login $org:theirs)
name=$(basename "$(readlink -f "$disk")")
expect_eq "$(seen)" "$theirs" 'what the initiator sees'
iscsi_logout $org:theirs
sis unshare -a
expect_eq "$(echo $core/*)" "$core/alua"
