# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: A pool on the disk of the case is there after a reboot, and after a power cut.
# disk: 1G
# reboot: 2

case $BOOT in
0)
	make_pool tank
	make_volume tank/vol 64M
	echo 'before the reboot' | dd of=/dev/zvol/tank/vol conv=sync,fsync status=none
	;;
1)
	start_udev
	modprobe zfs
	zpool import tank
	wait_for 30 test -b /dev/zvol/tank/vol
	expect_eq "$(head -c 17 /dev/zvol/tank/vol)" 'before the reboot'
	zfs set org.example:test=yes tank/vol
	zpool sync tank
	power_cut
	;;
2)
	start_udev
	modprobe zfs
	zpool import tank
	expect_eq "$(zfs get -H -o value org.example:test tank/vol)" yes
	;;
esac
