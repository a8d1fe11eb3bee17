# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A volume shared with tgtadm by hand is seen by libiscsi and holds what open-iscsi writes.

iqn=iqn.2010-09.org.example:tank.vol
make_pool tank
make_volume tank/vol 64M

start_tgtd
tgt() {
	tgtadm --lld iscsi "$@"
}
tgt --op new --mode target --tid 1 -T $iqn
tgt --op new --mode logicalunit --tid 1 --lun 1 -b /dev/zvol/tank/vol
tgt --op bind --mode target --tid 1 --initiator-address ALL

say 'libiscsi sees the target and the disk'
iscsi-ls iscsi://127.0.0.1 | grep "$iqn"
iscsi-inq "iscsi://127.0.0.1/$iqn/1" | grep 'Vendor:IET'

say 'open-iscsi reads what it wrote'
disk=$(iscsi_login $iqn 1)
same_data "$disk" /dev/zvol/tank/vol
iscsi_logout $iqn
