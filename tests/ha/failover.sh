#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# A cluster of two nodes with one disk, as docs/ha.md sets it up: corosync, Pacemaker and a tgtd on each,
# the resources of the page. An initiator writes all the time while the disk moves from one node to the
# other, because it is told to and because the node freezes: what was acknowledged is there, on the same
# disk under the same name.
#
# Nodes are namespaces. In place of the pool stands a file system on a loop device, which the nodes mount
# as they would import a pool; in place of a power strip stands this script.
#
# usage: failover.sh BUILD
# shellcheck disable=SC2317 # functions that wait_until and traps call
[ "${1-}" = inside ] || exec unshare --net --mount "$0" inside "$@"
shift
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
build=$(realpath "$1") here=$(realpath "$here") top=$(realpath "$here/../..")
writer=${WRITER:?is to be tests/ha/writer.c}
patience=90
iqn=$prefix:tank.v1
nodes=()

# As in lib.sh, but in seconds: what is asked of a cluster takes its time.
wait_until() {	# COMMAND...
	local end=$((SECONDS + patience))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "# gave up waiting for: $*"; return 1; }
		sleep 0.1
	done
}

cleanup() {
	if [ "$failures" -gt 0 ]; then
		tail -n 40 "$world"/node?.boot "$world"/node?.upper/log | cut -c 1-300 | sed 's/^/# /'
	fi
	[ -z "${writing-}" ] || kill "$writing" 2>/dev/null
	[ -z "${switch-}" ] || kill "$switch" 2>/dev/null
	# What runs on a node ends with this process.
	[ "${#nodes[@]}" -eq 0 ] || kill -KILL "${nodes[@]}" 2>/dev/null
	wait 2>/dev/null
	[ -z "${disk-}" ] || losetup -d "$disk"
	umount -l "$world"
	rmdir "$world"
}

# ---- power ----

# Kills everything on the node: with the first process of a namespace go all others, before it is gone.
power_off() {	# NODE
	local init
	init=$(<"$world/$1.init")
	kill -KILL "$init" 2>/dev/null
	wait_until test ! -e "/proc/$init"
}

# Does what fence agents ask for, and notes how often the initiator had logged in by then.
power_switch() {
	local what name answer
	while read -r what name answer <&7; do
		power_off "$name"
		echo "$what $name $(logins)" >>"$world/power.log"
		echo "$name is off" >"$world$answer"
	done 7<>"$world/power/request"
}

# A node that does not answer and is not dead: all it has stands still.
freeze() {	# NODE
	local pid own
	own=$(readlink "/proc/$(<"$world/$1.init")/ns/pid")
	for pid in /proc/[0-9]*; do
		[ "$(readlink "$pid/ns/pid" 2>/dev/null)" != "$own" ] || kill -STOP "${pid#/proc/}"
	done
}

# ---- nodes ----

# The page's example of this name, as the file it stands for.
example() {	# NAME
	awk -v mark="<!-- $1 -->" '$0 == mark { on = 1; next } on && /^[^ ]/ { exit } on' "$top/docs/ha.md" |
		sed 's/^    //'
}

# The same with fences and a disk for nodes that are namespaces. Time passes more slowly on a busy machine.
corosync_conf() {
	example corosync.conf | sed 's/^totem {/&\n    token: 5000/'
	echo 'system {
	sched_rr: no
}
logging {
	to_stderr: yes
}'
}

resources() {
	example crm | sed -e ':a; /\\$/ { N; s/ *\\\n */ /; ba }' | sed -E \
		-e 's/stonith:fence_ipmilan params .*(pcmk_host_list=node.)/stonith:fence_namespace params \1/' \
		-e 's/stonith-enabled=true/& stonith-action=off/' \
		-e 's/ocf:heartbeat:ZFS params pool=tank importargs="[^"]*"/ocf:heartbeat:Filesystem params/' \
		-e "s,:Filesystem params,& device=$disk directory=/srv/disks fstype=ext4," \
		-e "s,backend=lio,backend=stgt store=dir:/srv/disks,"
}

child_of() {	# PID FILE
	pgrep -P "$1" >"$2"
}

start_node() {	# NAME
	local root=$world/$1
	mkdir "$root" "$root.work"
	cp -a "$world/install" "$root.upper"
	unshare --mount --pid --uts --net --ipc --fork --kill-child "$root.upper/node.sh" boot "$root" "$1" \
		2>"$world/$1.boot" &
	nodes+=("$!")
	wait_until child_of "$!" "$world/$1.init" || exit 1
	ip link add "$1" type veth peer name eth0 netns "$(<"$world/$1.init")"
	ip link set "$1" master lab up
}

# A command on a node, as if typed there.
on() {	# NODE COMMAND...
	nsenter -t "$(<"$world/$1.init")" -a -r -w env HOME=/root "${@:2}"
}

online() {	# NODE
	[[ $(on "$1" crm_mon -1 2>/dev/null) == *"Online: [ node1 node2 ]"* ]]
}

runs_on() {	# NODE RESOURCE
	[[ $(on "$1" crm_resource --resource "$2" --locate 2>/dev/null) == *"running on: $1"* ]]
}

# What initiators know the disk by.
identity_on() {	# NODE
	on "$1" shareiscsi status -j --backend stgt --store dir:/srv/disks |
		jq -r '.status[] | "\(.state) \(.iqn) \(.lun) \(.serial)"'
}

# ---- the initiator ----

logins() {
	grep -c '^login' "$world/writer.log"
}

wrote() {
	sed -n 's/^wrote //p' "$world/writer.log" | tail -n 1
}

has_logged_in() {	# TIMES
	[ "$(logins)" -ge "$1" ]
}

has_written() {	# N
	[ "$(wrote)" -ge "$1" ] 2>/dev/null
}

# Has logged in so often, and written more since.
goes_on() {	# TIMES
	wait_until has_logged_in "$1" && wait_until has_written $(($(wrote) + 500))
}

# ---- set-up ----

[ "$(id -u)" -eq 0 ] || skip_all "needs root: makes namespaces"
world=$(realpath "$(mktemp -d)") || exit 1
mount -t tmpfs world "$world" || exit 1
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
mkdir "$world/power" "$world/mnt"
: >"$world/power.log"
mkfifo "$world/power/request"
truncate -s 256M "$world/disk"
mkfs.ext4 -q "$world/disk"
disk=$(losetup -f --show "$world/disk")
mount "$disk" "$world/mnt"
mkdir "$world/mnt/tank"
truncate -s 64M "$world/mnt/tank/v1"
setfattr -n user.org.zfsonlinux:shareiscsi -v iomode=wt "$world/mnt/tank/v1"
umount "$world/mnt"

DESTDIR=$world/all meson install -C "$build" --no-rebuild --quiet >"$world/install.log" || exit 1
mkdir "$world/install"
mv "$world/all/usr" "$world/install" # the others may be links on the host
install -D "$here/../ha/fence_namespace" "$world/install/usr/sbin/fence_namespace"
install "$here/../ha/node.sh" "$world/install/node.sh"
install -d "$world/install/etc/corosync"
corosync_conf >"$world/install/etc/corosync/corosync.conf"
echo "$prefix" >"$world/install/etc/iscsi_target_id"
printf '%s\n' '127.0.0.1 localhost' '192.0.2.1 node1' '192.0.2.2 node2' >"$world/install/etc/hosts"
resources >"$world/install/resources"

sysctl -qw net.ipv4.tcp_syn_retries=1
ip link set lo up
ip link add lab type bridge
ip addr add 192.0.2.100/24 dev lab
ip link set lab up
power_switch &
switch=$!
start_node node1
start_node node2

# ---- the cluster ----

wait_until online node1
verdict $? "two nodes find each other"
status=0 ran="crm configure" out=
err=$(on node1 crm -F configure load update /resources 2>&1) || status=$?
expect_status 0 "the resources of docs/ha.md are accepted"
wait_until runs_on node1 address || wait_until runs_on node2 address
verdict $? "they run"
if runs_on node1 address; then
	first=node1 second=node2
else
	first=node2 second=node1
fi
was=$(identity_on "$first")
is "the disk is shared" "shared $iqn 1" "${was% *}"

# ---- an initiator at work ----

: >"$world/writer.log"
mkfifo "$world/writer.stdin"
"$writer" write "iscsi://192.0.2.10:3260/$iqn/1" <"$world/writer.stdin" >"$world/writer.log" 2>&1 &
writing=$!
exec 8>"$world/writer.stdin"
goes_on 1
verdict $? "an initiator writes"

# ---- told to move ----

# It now runs there, as it was, and the initiator goes on.
moved() {	# WHAT FROM TO LOGINS
	wait_until runs_on "$3" address && goes_on $(($4 + 1))
	verdict $? "it goes on writing when $1"
	is "on the same disk" "$was" "$(identity_on "$3")"
	is "the node it left shares nothing" "" "$(on "$2" tgtadm --op show --mode target)"
	is "and has let go of the disk" "" "$(on "$2" findmnt -n "$disk")"
}

before=$(logins)
on "$first" crm resource move disks "$second" >"$world/out" 2>&1
moved "the disk is moved" "$first" "$second" "$before"
on "$second" crm resource clear disks >"$world/out" 2>&1
before=$(logins)
on "$first" crm node standby "$second" >"$world/out" 2>&1
moved "its node goes on standby" "$second" "$first" "$before"
on "$first" crm node online "$second" >"$world/out" 2>&1
wait_until online "$first"
verdict $? "the node is back"
on "$second" shareiscsi sync --backend stgt --store dir:/srv/disks
is "a sync there shares nothing" "" "$(on "$second" tgtadm --op show --mode target)"
is "nobody was killed for that" "" "$(<"$world/power.log")"

# ---- a node freezes ----

before=$(logins)
freeze "$first"
goes_on $((before + 1))
verdict $? "it goes on writing when the node with the disk freezes"
is "which was killed before another took the disk" "off $first $before" "$(<"$world/power.log")"
[ ! -e "/proc/$(<"$world/$first.init")" ]
verdict $? "and is dead"
is "the other node shares it" "$was" "$(identity_on "$second")"

# ---- the data ----

exec 8>&-
wait "$writing"
writing=
is "every login found the same disk" "login ${was##* }" "$(grep '^login' "$world/writer.log" | tr -s ' ' | sort -u)"
"$writer" verify "iscsi://192.0.2.10:3260/$iqn/1" "$(wrote)" >"$world/out" 2>&1
status=$? ran="writer verify" out=$(<"$world/out") err=$(grep -v wrote "$world/writer.log")
expect_status 0 "what was acknowledged is there ($(wrote) records, $(logins) logins)"

done_testing
