# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The guest has a kernel with ZFS, and a volume gets its node.

make_pool tank
make_volume tank/vol 64M

say 'a volume has a node of its size'
expect_eq "$(blockdev --getsize64 /dev/zvol/tank/vol)" 67108864 size

say 'ext4 and extended attributes work'
mkfs.ext4 -q /dev/zvol/tank/vol
mount /dev/zvol/tank/vol /mnt
touch /mnt/file
setfattr -n user.test -v yes /mnt/file
expect_eq "$(getfattr --only-values -n user.test /mnt/file)" yes attribute
