# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Shares move from LIO to IET (simulated) and back; each has a volume for itself, so the old one lets go first.

PATH=$BUILD:$PATH
iqn=iqn.2010-09.org.example:tank.vol
# The simulated IET lives below a root, which has all else of this machine.
root=/iet
mkdir -p $root/{dev,sys,etc,run,usr,proc/sys/kernel}
ln -s usr/bin usr/lib $root
echo iqn.2010-09.org.example >$root/etc/iscsi_target_id
sis() {
	shareiscsi "$1" --root $root "${@:2}"
}

# The targets of LIO and of IET.
shown() {
	find /sys/kernel/config/target/iscsi -maxdepth 1 -name 'iqn.*' -printf 'lio %f\n'
	sed -n 's/.* name:/iet /p' $root/proc/net/iet/volume
}

load_lio
make_pool tank
make_volume tank/vol 64M
/usr/sbin/zfs set org.zfsonlinux:shareiscsi=on tank/vol
for dir in dev sys usr; do
	mount --rbind /$dir $root/$dir
done
"$PROGRAMS/iet-sim-ctl" $root init --version 1.4.20.3
"$PROGRAMS/iet-sim-ctl" $root install sbin
sis sync --backend lio
expect_eq "$(shown)" "lio $iqn"

say 'to IET'
sis sync --backend iet --from lio
expect_eq "$(shown)" "iet $iqn"
grep 'lun:0 .* iotype:blockio .* path:/dev/zvol/tank/vol' $root/proc/net/iet/volume

say 'and back'
sis sync --backend lio --from iet
expect_eq "$(shown)" "lio $iqn"
sis status --backend lio

say 'a volume that somebody else holds stays where it is'
sis sync --backend iet --from lio
sis unshare --backend iet -a
mkfs.ext4 -q /dev/zvol/tank/vol
mount /dev/zvol/tank/vol /mnt
status=0
sis sync --backend iet 2>/tmp/err || status=$?
cat /tmp/err
expect_eq "$status" 1
grep "'/dev/zvol/tank/vol' is held by another program" /tmp/err
