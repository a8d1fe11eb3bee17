# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A hundred volumes are shared on LIO in one run, inherited, while others fail or it is killed, and taken away again.
# processors: 2
# limit: 1200

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
lio=/sys/kernel/config/target
n=100
sis() {
	shareiscsi --backend lio "$@"
}

targets() {
	find $lio/iscsi -maxdepth 1 -name 'iqn.*:tank.vm.v*' | wc -l
}

# Kills VERB... once there are as many targets as the test says.
killed_when() { # OPERATOR NUMBER VERB...
	local pid
	shareiscsi --backend lio "${@:3}" &
	pid=$!
	until [ "$(targets)" "$1" "$2" ]; do
		kill -0 $pid || fail "${*:3} ended before it could be killed"
	done
	kill -KILL $pid
	wait $pid || true
}

load_lio
make_pool tank 2G
zfs create -o mountpoint=none -o volmode=dev tank/vm
for ((i = 0; i < n; i++)); do
	command -p zfs create -s -V 16M tank/vm/v$i
done
command -p zfs set org.zfsonlinux:shareiscsi=on tank/vm

say 'two that others have fail, each in a line; nothing is left of them, and no other minds'
for v in v3 v55; do
	mkdir -p $lio/core/iblock_7/$v
	echo udev_path=/dev/zvol/tank/vm/$v >$lio/core/iblock_7/$v/control
	echo 1 >$lio/core/iblock_7/$v/enable
done
rc=0
sis share -a >/tmp/out 2>&1 || rc=$?
cat /tmp/out
expect_eq $rc 1 'exit status'
expect_eq "$(sed -n "s|.*'/dev/zvol/tank/vm/\(v[0-9]*\)' is busy.*|\1|p" /tmp/out | tr '\n' ' ')" 'v3 v55 '
expect_eq "$(targets)" $((n - 2)) targets
expect_eq "$(find $lio/core -mindepth 2 -maxdepth 2 -name '*:*' | wc -l)" $((n - 2)) 'backing objects'
rmdir $lio/core/iblock_7/v3 $lio/core/iblock_7/v55 $lio/core/iblock_7

say 'killed in the middle of going and of coming: the next run makes it whole'
killed_when -lt 60 unshare -a
sis unshare -a
expect_eq "$(ls $lio/core)" alua
killed_when -gt 40 share -a

say 'all are shared, each with its own disk'
time sis share -a
expect_eq "$(targets)" $n targets
expect_eq "$(cat $lio/core/*/*/wwn/vpd_unit_serial | sort -u | wc -l)" $n 'serial numbers'
expect_eq "$(cat $lio/core/*/*/info | grep -o 'iBlock device: zd[0-9]*' | sort -u | wc -l)" $n devices

say 'nothing to do'
time sis sync >/tmp/steps
[ ! -s /tmp/steps ] || fail "a second sync did: $(cat /tmp/steps)"

say 'libiscsi sees them'
expect_eq "$(iscsi-ls iscsi://127.0.0.1 | wc -l)" $n

say 'one goes, the others stay'
time sis unshare tank/vm/v7
expect_eq "$(targets)" $((n - 1)) targets

say 'all go'
time sis unshare -a
expect_eq "$(ls $lio/core)" alua
expect_eq "$(find $lio/iscsi -maxdepth 1 -name 'iqn.*' | wc -l)" 0 targets
wait_for 60 zpool export tank
