# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Whatever piece of a share is missing in LIO, sync makes it whole and unshare leaves nothing.
# limit: 600

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
iqn=iqn.2010-09.org.example:tank.a
core=/sys/kernel/config/target/core
iscsi=/sys/kernel/config/target/iscsi
tpg=$iscsi/$iqn/tpgt_1
sis() {
	shareiscsi --backend lio "$@"
}

# All that was made, and its settings.
picture() {
	local file
	find /sys/kernel/config/target -path '*/statistics*' -prune -o ! -path '*alua*' -printf '%p %l\n' | sort
	for file in "$tpg/enable" "$tpg"/attrib/* "$core"/*/*/wwn/vpd_unit_serial "$core"/*/*/attrib/emulate_tpu \
		"$tpg"/acls/*/lun_*/write_protect "$tpg"/acls/*/attrib/authentication; do
		echo "$file: $(cat "$file")"
	done
}

empty() {
	[ ! -e $iscsi/$iqn ]
	expect_eq "$(ls $core)" alua "left of the volume"
}

# What a run that was cut off, or another tool, leaves out.
no_portal() { rmdir "$tpg/np/"*:*; }
not_enabled() { echo 0 >$tpg/enable; }
unmapped() { rm $tpg/acls/*/lun_0/lun; }
no_mapping() { unmapped && rmdir $tpg/acls/*/lun_0; }
no_entry() { no_mapping && rmdir $tpg/acls/*; }
not_linked() { no_mapping && rm $tpg/lun/lun_0/r?; }
no_device() { not_linked && rmdir $core/*_*/*:*; }
no_hba() { no_device && rmdir $core/*_*; }
no_lun() { not_linked && rmdir $tpg/lun/lun_0; }
no_group() { no_lun && no_portal && rmdir $tpg/acls/* && rmdir $tpg; }
bare() { no_hba && rmdir $tpg/lun/lun_0 && no_portal && rmdir $tpg/acls/* && rmdir $tpg; }
too_open() { echo 1 >$tpg/attrib/generate_node_acls; }
protected() { echo 1 | tee $tpg/acls/*/lun_0/write_protect; }
unmap_off() { echo 0 >"$(echo $core/*_*/*:*)/attrib/emulate_tpu"; }

make_pool tank
make_volume tank/a 64M
command -p zfs set "org.zfsonlinux:shareiscsi=initiator=iqn.2010-09.org.example:one" tank/a
sis share tank/a
picture >/tmp/whole

for piece in no_portal not_enabled unmapped no_mapping no_entry not_linked no_device no_hba no_lun no_group bare \
	too_open protected unmap_off; do
	say "$piece: repaired"
	$piece
	sis sync tank/a
	picture >/tmp/now
	diff /tmp/whole /tmp/now
	sis sync tank/a >/tmp/steps
	[ ! -s /tmp/steps ] || fail "a second sync did: $(cat /tmp/steps)"
done

for piece in no_portal unmapped no_entry not_linked no_device no_hba bare; do
	say "$piece: taken away"
	$piece
	sis unshare tank/a
	empty
	sis share tank/a
done

say 'the same after the other tools cleared everything'
mkdir -p /run/dbus
dbus-daemon --system --fork
targetcli clearconfig confirm=true
sis sync tank/a
picture >/tmp/now
diff /tmp/whole /tmp/now
