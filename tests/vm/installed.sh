# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
#
# For the setup of a case: what `make install` makes of the build tree, with the front ends left
# out: what the case does is done with stock zfs and zpool. Enables the units.

rules=/usr/lib/udev/rules.d/59-shareiscsi.rules
zedlet=/usr/lib/zfs-linux/zed.d/history_event-shareiscsi.sh

install -D -t /usr/local/sbin "$BUILD/shareiscsi"
install -D -t /usr/local/libexec/shareiscsi "$REPO/udev/is-shared"
install -D -m 644 "$BUILD/udev/59-shareiscsi.rules" $rules
install -D -m 644 -t /usr/lib/systemd/system "$BUILD"/systemd/shareiscsi*
install -D "$BUILD/zed/history_event-shareiscsi.sh" $zedlet
for event in history_event pool_import pool_export pool_destroy; do
	ln -sf $zedlet /etc/zfs/zed.d/$event-shareiscsi.sh
done
echo iqn.2010-09.org.example >/etc/iscsi_target_id
SYSTEMD_OFFLINE=1 systemctl --quiet enable shareiscsi
