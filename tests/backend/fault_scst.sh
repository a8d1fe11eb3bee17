#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# SCST alone: its asynchronous answers, its daemon hanging and dying, what it needs, names that are
# taken. Against the simulated tree, which reacts as the real one does.
# usage: fault_scst.sh scst [BUILD]
#
# shellcheck disable=SC2317 # parts are called by name
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"

iscsi=/sys/kernel/scst_tgt/targets/iscsi
handlers=/sys/kernel/scst_tgt/handlers

# ---- the four lines ----

part_lines() {
	local target=$prefix:mypool.test
	volume mypool/test 16M on
	sis plan
	expect_status 3 "plan"
	is "plan has the four lines, and nothing opens the target before the last" \
		"echo \"add_target $target\" > $iscsi/mgmt
echo \"add_device DEVICE filename=$world/pool/mypool/test; blocksize=4096; thin_provisioned=1\" > $handlers/vdisk_fileio/mgmt
echo \"add DEVICE 0\" > $iscsi/$target/luns/mgmt
echo 1 > $iscsi/$target/enabled" \
		"$(grep '^echo' <<<"$out" | grep -vE '/(usn|t10_dev_id|naa_id|prod_id)$' | plain)"
	is "DEVICE has up to 16 characters" 16 "$(grep -oE '\bsis[cw][0-9a-z]{12}\b' <<<"$out" | head -n 1 | tr -d '\n' | wc -c)"
	set_property mypool/test type=blockio
	sis plan
	expect_error 1 "type=blockio on a volume that is a file" "blockio of a file is refused"
	set_property mypool/test blocksize=1024
	sis plan
	expect_out "/mypool/test; blocksize=1024" "another block size stands there"
}

part_driver() {
	volume tank/v1 16M on
	put 0 targets/iscsi/enabled
	changes >/dev/null
	sis plan
	expect_out "echo 1 > $iscsi/enabled" "plan switches the driver on, too"
	does "share with the driver switched off" sync
	is "it is on" 1 "$(attribute_of "$driver/enabled")"
	login "$iqn"
	verdict $? "an initiator logs in"
}

part_folder() {
	volume tank/v1 16M on
	rm -r "$root/var"
	sis plan
	expect_out "mkdir /var/lib/scst/pr" "plan makes the folder of reservations"
	[ ! -e "$root/var" ]
	verdict $? "plan does not"
	does "share without the folder of reservations" sync
	[ -d "$root/var/lib/scst/pr" ]
	verdict $? "it is there"
	rm -rf "$root/var/lib/scst/pr"
	volume tank/v2 16M on
	does "share of another one, when it went away again" sync
}

# ---- answers that come late, or never ----

round() {	# WHAT
	volume tank/v1 16M on
	does "$1: share" sync
	shows "$1" "$iqn" 0 tank/v1
	set_property tank/v1 "initiator=$prefix:one;$prefix:two=ro"
	does "$1: initiator=" sync
	is "$1: who may log in" "$prefix:one $prefix:two=ro" "$(rules "$iqn")"
	truncate -s 32M "$pool/v1"
	does "$1: resize" sync
	is "$1: the size" 33554432 "$(lun_is "$iqn" 0 size)"
	set_property tank/v1 iomode=ro
	does "$1: a LUN made anew" sync
	shows "$1" "$iqn" 0 tank/v1 4096 yes
	login "$iqn"
	sis unshare -f -a
	expect_quiet 0 "$1: unshare -f"
	is "$1: nothing is left" "$nothing" "$(everything)$(records)"
}

part_eagain() {
	ctl eagain on 5
	round "EAGAIN to every write"
	ctl eagain off
}

part_linger() {
	ctl linger 5 100
	round "sessions that take their time to end"
	ctl linger 1 200
}

part_lost() {
	volume tank/v1 16M on
	ctl eagain lost
	sis sync
	expect_error 1 "cannot sync 'tank/v1': " "no command is ever carried out"
	ctl eagain off
	is "nothing is left" "$nothing" "$(everything)$(records)"
	changes >/dev/null
	does "the next sync" sync
	ctl eagain lost
	sis unshare tank/v1
	expect_error 1 "cannot unshare 'tank/v1': " "nor one of unshare"
	ctl eagain off
	does "sync puts it right" sync
	shows "sync puts it right" "$iqn" 0 tank/v1
}

# One answer that is lost, one that comes late with an error, at each write in turn.
walk_answers() {	# ACTION
	local n whole bad=
	volume tank/v1 16M "initiator=$prefix:one"
	sis sync
	whole=$(everything)
	for ((n = 1; n < 60; n++)); do
		sis unshare -f -a
		ctl fault "$1" "nth=$n"
		sis sync
		[ -z "$(ctl faults)" ] || break
		[ "$status" -eq 0 ] || [ "$(wc -l <"$world/err")" -eq 1 ] || bad="$bad $n: status $status, $err;"
		sis sync
		[ "$status" -eq 0 ] && [ "$(everything)" = "$whole" ] || bad="$bad $n: not whole: $err;"
	done
	ctl faults clear
	[ "$n" -gt 5 ] && [ -z "$bad" ]
	verdict $? "$1 at each of $((n - 1)) writes: whole after the next sync"
	[ -z "$bad" ] || echo "$bad" | explain
}

part_lost_each() {
	walk_answers lost
}

part_late_each() {
	walk_answers late:EIO
}

part_eagain_each() {
	walk_answers eagain
}

# ---- the daemon ----

part_hang() {
	volume tank/v1 16M on
	ctl daemon hang
	sis sync
	expect_error 1 "$iscsi/mgmt" "a daemon that hangs: the step is named"
	ctl daemon continue
	ctl idle >/dev/null
	changes >/dev/null
	does "sync when it goes on" sync
	shows "sync when it goes on" "$iqn" 0 tank/v1
}

part_daemon() {
	local n whole bad=
	volume tank/v1 16M on
	sis sync
	whole=$(everything)
	sis unshare -a
	ctl daemon kill
	sis sync
	expect_error 5 "" "no daemon: exit 5"
	ctl daemon start
	for ((n = 1; n < 9; n++)); do
		sis unshare -a
		killed_daemon "$n" || break
		ctl daemon start
		sis sync
		[ "$status" -eq 0 ] && [ -z "$err" ] && [ "$(everything)" = "$whole" ] || bad="$bad $n: $status $err;"
	done
	ctl daemon start
	[ "$n" -gt 5 ] && [ -z "$bad" ]
	verdict $? "the daemon dies at each of $((n - 1)) writes: whole after its start and sync"
	[ -z "$bad" ] || echo "$bad" | explain
}

# The Nth write of a sync takes its time, and the daemon ends meanwhile.
killed_daemon() {	# N
	local before
	before=$(wc -l <"$world/writes")
	ctl fault hang:200 "nth=$1"
	"$program" sync "${sis_args[@]}" >"$world/out" 2>"$world/err" </dev/null &
	victim=$!
	wait_until written_or_ended $((before + $1))
	ctl daemon kill
	wait "$victim"
	ctl faults clear
	ctl idle >/dev/null
	[ "$(wc -l <"$world/writes")" -ge $((before + $1)) ]
} 2>/dev/null

# ---- names and volumes of others ----

part_claimed() {
	volume tank/v1 16M on
	truncate -s 16M "$world/other"
	foreign_device "$world/other"
	put "add_device tankv1 filename=$world/other; blocksize=512" handlers/vdisk_fileio/mgmt
	changes >/dev/null
	does "share beside devices of others" sync
	sis unshare -f -a
	[ -e "$tree/devices/tankv1" ] && [ -e "$tree/devices/foreign$foreign" ]
	verdict $? "they are left alone"
	put "del_device tankv1" handlers/vdisk_fileio/mgmt
	put "del_device foreign$foreign" handlers/vdisk_fileio/mgmt
}

part_names_taken() {
	local i devices
	for i in 1 2 3 4 5 6 7 8; do
		volume "tank/v$i" 16M on
	done
	sis share -a
	expect_quiet 0 "share of eight at once"
	devices=$(ls "$tree/devices" | sort -u | wc -l)
	is "each has a device of its own name" 8 "$devices"
	for i in "$tree"/devices/*; do
		: >"$root/var/lib/scst/pr/${i##*/}"
	done
	sis unshare -a
	is "no reservations stay behind" "" "$(ls "$root/var/lib/scst/pr")"
}

sim_options=(--hung-after 2000)
new_world
part part_lines
part part_driver
part part_folder
part part_eagain
part part_linger
part part_lost
part part_lost_each
part part_late_each
part part_eagain_each
part part_hang
part part_daemon
part part_claimed
part part_names_taken
done_testing
