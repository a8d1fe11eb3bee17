# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A volume shared by hand in LIO's configfs is seen by libiscsi and holds what open-iscsi writes.

iqn=iqn.2010-09.org.example:tank.vol
make_pool tank
make_volume tank/vol 64M

load_lio
store=/sys/kernel/config/target/core/iblock_0/vol
tpg=/sys/kernel/config/target/iscsi/$iqn/tpgt_1
mkdir -p $store
echo udev_path=/dev/zvol/tank/vol >$store/control
echo 1 >$store/enable
mkdir /sys/kernel/config/target/iscsi
mkdir -p $tpg/lun/lun_0 $tpg/np/0.0.0.0:3260
ln -s $store $tpg/lun/lun_0/vol
echo 0 >$tpg/attrib/authentication
echo 0 >$tpg/attrib/demo_mode_write_protect
echo 1 >$tpg/attrib/generate_node_acls
echo 1 >$tpg/enable

say 'libiscsi sees the target and the disk'
iscsi-ls iscsi://127.0.0.1 | grep "$iqn"
iscsi-inq "iscsi://127.0.0.1/$iqn/0" | grep 'Vendor:LIO-ORG'

say 'open-iscsi reads what it wrote'
disk=$(iscsi_login $iqn)
same_data "$disk" /dev/zvol/tank/vol
iscsi_logout $iqn
