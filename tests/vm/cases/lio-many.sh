# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A hundred volumes are shared on LIO in one run, inherited from their filesystem, and taken away again.
# limit: 1200

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
lio=/sys/kernel/config/target
n=100
sis() {
	shareiscsi --backend lio "$@"
}

make_pool tank 2G
zfs create -o mountpoint=none -o volmode=dev tank/vm
for ((i = 0; i < n; i++)); do
	command -p zfs create -s -V 16M tank/vm/v$i
done
command -p zfs set org.zfsonlinux:shareiscsi=on tank/vm

say 'all are shared, each with its own disk'
time sis share -a
expect_eq "$(find $lio/iscsi -maxdepth 1 -name 'iqn.*:tank.vm.v*' | wc -l)" $n targets
expect_eq "$(cat $lio/core/*/*/wwn/vpd_unit_serial | sort -u | wc -l)" $n 'serial numbers'
expect_eq "$(cat $lio/core/*/*/info | grep -o 'iBlock device: zd[0-9]*' | sort -u | wc -l)" $n devices

say 'nothing to do'
time sis sync >/tmp/steps
[ ! -s /tmp/steps ] || fail "a second sync did: $(cat /tmp/steps)"

say 'libiscsi sees them'
expect_eq "$(iscsi-ls iscsi://127.0.0.1 | wc -l)" $n

say 'one goes, the others stay'
time sis unshare tank/vm/v7
expect_eq "$(find $lio/iscsi -maxdepth 1 -name 'iqn.*:tank.vm.v*' | wc -l)" $((n - 1)) targets

say 'all go'
time sis unshare -a
expect_eq "$(ls $lio/core)" alua
expect_eq "$(find $lio/iscsi -maxdepth 1 -name 'iqn.*' | wc -l)" 0 targets
wait_for 60 zpool export tank
