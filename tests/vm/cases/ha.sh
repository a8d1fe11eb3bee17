# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Resource agents move a pool with its LUNs on LIO, under I/O; a second host takes it over after a power cut.
# limit: 500
# disk: 1G
# reboot: 1

iqn=iqn.2010-09.org.example:tank.a
echo iqn.2010-09.org.example >/etc/iscsi_target_id
install -d -m 1755 /run/resource-agents
export OCF_ROOT=/usr/lib/ocf HA_RSCTMP=/run/resource-agents HA_LOGFILE=/run/ha.log

agent() {	# RESOURCE ACTION
	echo "-- $*"
	case $1 in
	pool)
		# Not all of /dev: the initiator's own disk would hold it up while its target is away.
		OCF_RESOURCE_INSTANCE=pool OCF_RESKEY_pool=tank OCF_RESKEY_importargs='-d /dev/vda1' \
			$OCF_ROOT/resource.d/heartbeat/ZFS "$2"
		;;
	shares)
		OCF_RESOURCE_INSTANCE=shares OCF_RESKEY_dataset=tank OCF_RESKEY_backend=lio \
			OCF_RESKEY_binary=$BUILD/shareiscsi "$BUILD/ocf/shareiscsi" "$2"
		;;
	esac
}

stopped() {	# RESOURCE
	local rc=0
	agent "$1" monitor 2>/dev/null || rc=$?
	expect_eq "$rc" 7 "$1"
}

# All that tells an initiator which disk it is.
identity() {
	cat "/sys/block/$(basename "$(readlink -f "$disk")")/device"/{wwid,vpd_pg80} | tr -d '\0'
}

# Direct: each block is acknowledged by the target before the next one.
write_disk() {	# FIRST COUNT
	seq -f '%08.0f' "$1" $(($1 + $2 - 1)) | awk '{ printf "%-4095s\n", $1 }' |
		dd of="$disk" bs=4k seek="$1" oflag=direct conv=notrunc iflag=fullblock status=none
}

# Until it is told to stop; how far it came is in a file.
write_on() {	# FIRST
	local n=$1
	until [ -e /tmp/enough ]; do
		write_disk "$n" 50
		n=$((n + 50))
		echo $n >/tmp/written
	done
}

written_more() {	# THAN
	[ "$(cat /tmp/written)" -gt "$1" ]
}

check_disk() {	# COUNT
	seq 0 $(($1 - 1)) >/tmp/want
	dd if="$disk" bs=4k count="$1" iflag=direct status=none | awk '{ print $1 + 0 }' | cmp - /tmp/want
}

# A host id of its own for each boot makes it another host to ZFS.
zgenhostid -f "0000000$((BOOT + 1))"
load_lio
start_udev
modprobe zfs

if [ "$BOOT" = 1 ]; then
	say 'the other host takes it over from one that did not let go'
	agent pool start
	wait_for 30 test -b /dev/zvol/tank/a
	agent shares start
	agent shares monitor
	disk=$(iscsi_login $iqn)
	expect_eq "$(identity | sha256sum)" "$(zfs get -H -o value org.example:identity tank/a)  -" identity
	check_disk "$(zfs get -H -o value org.example:written tank/a)"
	exit
fi

make_pool tank
zpool set multihost=on tank
zfs set sync=always tank
make_volume tank/a 64M
zfs set org.zfsonlinux:shareiscsi=on tank
zpool export tank

say 'what is not imported is not shared'
stopped pool
stopped shares
"$BUILD/shareiscsi" sync --backend lio

say 'start'
agent pool start
wait_for 30 test -b /dev/zvol/tank/a
agent shares start
agent pool monitor
agent shares monitor
disk=$(iscsi_login $iqn)
was=$(identity)
write_disk 0 100

say 'stop under I/O: the pool can be exported'
write_on 100 &
writer=$!
wait_for 30 test -e /tmp/written
agent shares stop
stopped shares
"$BUILD/shareiscsi" sync --backend lio
stopped shares
agent pool stop
stopped pool

say 'start again: the initiator goes on where it was'
agent pool start
wait_for 30 test -b /dev/zvol/tank/a
agent shares start
wait_for 60 written_more "$(cat /tmp/written)"
touch /tmp/enough
wait "$writer"
written=$(cat /tmp/written)
expect_eq "$(identity)" "$was" identity
check_disk "$written"

say 'what is acknowledged outlasts a power cut'
zfs set "org.example:identity=$(identity | sha256sum | cut -d ' ' -f 1)" tank/a
zfs set "org.example:written=$((written + 100))" tank/a
zpool sync tank
write_disk "$written" 100
power_cut
