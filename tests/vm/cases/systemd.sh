# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Under systemd, ZED runs as installed and hands a property change to a zedlet.
# init: systemd

systemctl is-active zfs-zed
make_pool tank

say 'a property that is set reaches the zedlet of systemd.setup'
zfs set org.example:test=yes tank
wait_for 60 grep -q '^set tank org.example:test=yes' /run/zedlet
