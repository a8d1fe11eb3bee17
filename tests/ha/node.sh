#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# One node of the cluster of failover.sh: the first process in namespaces of its own. Ends only by being
# killed.
#
# usage: node.sh boot ROOT NAME    makes what the node sees as its machine, and goes on there with
#        node.sh init NAME         what systemd would do
set -eu

boot() {	# ROOT
	# What the node writes is its own and lies in memory; the programs are the host's.
	mount -t overlay -o "lowerdir=/,upperdir=$1.upper,workdir=$1.work" node "$1"
	mount --rbind /dev "$1/dev"
	mount -t tmpfs shm "$1/dev/shm"
	mount -t proc proc "$1/proc"
	mount -t sysfs sysfs "$1/sys"
	mount -t tmpfs -o mode=755 run "$1/run"
	mkdir "$1/power"
	mount --bind "$(dirname "$1")/power" "$1/power"
}

network() {	# ADDRESS
	ip link set lo up
	until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
	ip addr add "$1" dev eth0
	ip link set eth0 up
}

case $1 in
boot)
	boot "$2"
	exec chroot "$2" /node.sh init "$3"
	;;
init)
	exec </dev/null >/log 2>&1
	hostname "$2"
	install -d /run/lock /srv/disks
	install -d -m 1755 /run/resource-agents
	network "192.0.2.${2#node}/24"
	tgtd -f --iscsi portal=0.0.0.0:3260 &
	corosync -f &
	until corosync-cfgtool -s >/dev/null 2>&1; do sleep 0.1; done
	pacemakerd -f &
	# Whatever dies in this namespace and has no parent is its first process's.
	while wait -n; do :; done
	sleep infinity
	;;
esac
