# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
#
# What a case may call. Read by guest-run before the case. Nothing here cleans up: the guest is thrown away.
# Every function that starts something returns when it answers, and does nothing when it already runs.

trap 'where $? "$BASH_COMMAND" $LINENO' ERR

# Says which command ended the case, and by which way it was reached.
where() {
	local i line=$3
	echo "exit $1: $2" >&2
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		echo "  at ${BASH_SOURCE[i]##*/}:$line" >&2
		line=${BASH_LINENO[i]}
	done
}

# In the log, what comes next.
say() {
	echo "== $*"
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# expect_eq GOT WANTED [WHAT]
expect_eq() {
	[ "$1" = "$2" ] || fail "${3:+$3: }got '$1', wanted '$2'"
}

# wait_for SECONDS COMMAND... tries until the command succeeds.
wait_for() {
	local limit=$1 end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "waited $limit s for: $*"
		sleep 0.1
	done
}

# The end of this boot as by a power cut: nothing is flushed, nothing is stopped. Success, as far as it came.
power_cut() {
	echo 0 >"/run/vm/status.$BOOT"
	echo o >/proc/sysrq-trigger
	while :; do :; done
}

# Without it there is no /dev/zvol.
start_udev() {
	if udevadm control --ping 2>/dev/null; then
		return
	fi
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --action=add --subsystem-match=block
	udevadm settle --timeout=60
}

# make_pool NAME [SIZE]: on the disk of the case when it has one and no size is given, else on a sparse file in memory.
make_pool() {
	local name=$1 size=${2:-} vdev=${DISK:-}
	start_udev
	modprobe zfs
	if [ -n "$size" ] || [ -z "$vdev" ]; then
		vdev=/tmp/$name.pool
		truncate -s "${size:-1G}" "$vdev"
	fi
	zpool create -f "$name" "$vdev"
}

# make_volume NAME SIZE [ZFS-CREATE-OPTION...], with its node.
make_volume() {
	local name=$1 size=$2
	shift 2
	zfs create -s -V "$size" "$@" "$name"
	wait_for 30 test -b "/dev/zvol/$name"
}

# /files, on the disk of the case: with the user attributes that a memory file system of this kernel lacks.
make_files() {
	mkfs.ext4 -q "$DISK"
	mkdir -p /files
	modprobe ext4
	mount "$DISK" /files
	ln -sfn /proc/self/fd /dev/fd
}

# backend_list NAME BACKEND: one of the lists of tests/backend, with the real target of this machine.
backend_list() {
	VM_GUEST=yes TMPDIR=/files SHAREISCSI=$BUILD/shareiscsi INITIATOR=$PROGRAMS/initiator \
		PRELOAD=$PROGRAMS/outside.so bash "tests/backend/$1.sh" "$2"
}

start_tgtd() {
	if tgtadm --lld iscsi --op show --mode sys >/dev/null 2>&1; then
		return
	fi
	tgtd -f >/run/tgtd.log 2>&1 &
	wait_for 30 tgtadm --lld iscsi --op show --mode sys
}

load_lio() {
	modprobe configfs
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	modprobe -a target_core_mod target_core_iblock target_core_file iscsi_target_mod
}

start_iscsid() {
	if grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix; then
		return
	fi
	modprobe iscsi_tcp
	iscsid
	wait_for 30 grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix
}

# iscsi_login IQN [LUN [PORTAL]] logs open-iscsi in and prints the LUN's device.
iscsi_login() {
	local iqn=$1 lun=${2:-0} portal=${3:-127.0.0.1:3260} node
	start_udev
	start_iscsid
	iscsiadm -m discovery -t sendtargets -p "$portal" >&2
	iscsiadm -m node -T "$iqn" -p "$portal" --login >&2
	node=/dev/disk/by-path/ip-$portal-iscsi-$iqn-lun-$lun
	wait_for 60 test -b "$node"
	echo "$node"
}

iscsi_logout() {
	iscsiadm -m node -T "$1" --logout
}

# same_data NODE OTHER: what is written to one comes back from both.
same_data() {
	local size=1048576
	dd if=/dev/urandom of=/tmp/pattern bs=$size count=1 status=none
	dd if=/tmp/pattern of="$1" bs=$size oflag=direct conv=fsync status=none
	dd if="$1" bs=$size count=1 iflag=direct status=none | cmp - /tmp/pattern
	dd if="$2" bs=$size count=1 iflag=direct status=none | cmp - /tmp/pattern
}
