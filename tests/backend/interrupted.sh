#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Sharing, changing and unsharing, killed after every change of the target, and with every change
# failing: the next run makes it whole. For every back end; knows no target: see lib.sh.
# usage: interrupted.sh stgt|scst|iet|lio [BUILD]
#
# EVERY=N disturbs only every Nth change.
#
# shellcheck disable=SC2317 # parts are called by name
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"

# From the state that `prepare` makes, VERB is disturbed at its 1st, 2nd... change; the next sync
# is to end in the same state as an undisturbed VERB.
walk() {	# KIND PREPARE VERB...
	local n whole before bad='' count=0
	changes >/dev/null
	"$2"
	before=$(everything)
	sis "${@:3}"
	whole=$(everything)$(records)
	for ((n = 1; n < 100; n += ${EVERY-1})); do
		"$2"
		[ "$(everything)" = "$before" ] || bad="$bad${bad:+; }$n: the beginning is another"
		disturbed "$1" "$n" "${@:3}" || break
		count=$((count + 1))
		"after_$1" "$n" || bad="$bad${bad:+; }$n: $why"
		sis "${@:3}"
		if [ "$status" -ne 0 ] || [ -n "$err" ]; then
			bad="$bad${bad:+; }$n: the next run ends with $status: $err"
		elif [ "$(everything)$(records)" != "$whole" ]; then
			diff -U1 <(echo "$whole") <(everything; records) | explain
			bad="$bad${bad:+; }$n: the next run leaves another state"
		fi
		sis "${@:3}"
		[ "$status" -eq 0 ] || bad="$bad${bad:+; }$n: the one after it ends with $status: $err"
	done
	[ "$count" -gt 0 ] || bad="no change was disturbed"
	[ -z "$bad" ]
	verdict $? "$part: ${*:3}: $count times disturbed, whole again after each"
	[ -z "$bad" ] || echo "$bad" | tr ';' '\n' | explain
}

after_kill() { :; }

# It says what failed in one line; a target that was to be made has left nothing.
after_fail() {
	why="status $status, $(wc -l <<<"$err") lines: $err"
	[ "$status" -ne 0 ] || { [ -z "$err" ]; return; }
	[ "$status" -eq 1 ] && [[ $err != *$'\n'* && $err == "shareiscsi: cannot "* ]] || return
	[ "$all_or_nothing" = yes ] || return 0
	why="something is left: $(diff <(echo "$nothing") <(everything; records) | tr '\n' ' ')"
	[ "$(everything)$(records)" = "$nothing" ]
}

# ---- what is there before, and what is to come ----

fresh() {
	sis unshare -f -a
}

shared() {
	set_property tank/v1 "initiator=$prefix:one"
	sis sync -f
}

open_to_all() {
	set_property tank/v1 on
	sis sync -f
	set_property tank/v1 "initiator=$prefix:one"
}

# Two LUNs, of which an initiator loses both, or may no longer write to.
two_luns() {	# OPTIONS
	set_property tank/v1 "name=$iqn,lun=1${1:+,$1}"
	volume tank/v2 16M "name=$iqn,lun=2${1:+,$1}"
}

one_to_go() {
	two_luns "initiator=$prefix:one;$prefix:two"
	sis sync -f
	two_luns "initiator=$prefix:one"
}

one_to_read() {
	two_luns "initiator=$prefix:one"
	sis sync -f
	two_luns "initiator=$prefix:one=ro"
}

to_be_rebuilt() {
	set_property tank/v1 on
	sis sync -f
	set_property tank/v1 iomode=ro
}

to_be_renamed() {
	set_property tank/v1 "name=$iqn"
	sis sync -f
	set_property tank/v1 "name=$prefix:other"
}

to_grow() {
	truncate -s 16M "$pool/v1"
	set_property tank/v1 on
	sis sync -f
	truncate -s 32M "$pool/v1"
}

walks() {	# KIND
	local kind=$1
	volume tank/v1 16M on
	sis iqn tank/v1
	all_or_nothing=yes
	walk "$kind" fresh sync
	all_or_nothing=no
	walk "$kind" shared unshare -a
	walk "$kind" to_be_rebuilt sync
	walk "$kind" to_be_renamed sync
	walk "$kind" to_grow sync
	[ -n "$(cannot names)$(cannot disturbed-rules)" ] || walk "$kind" open_to_all sync
	[ -n "$(cannot names)$(cannot disturbed-rules)" ] || EVERY=1 walk "$kind" one_to_go sync
	[ -n "$(cannot names)$(cannot names-ro)" ] || EVERY=1 walk "$kind" one_to_read sync
}

part_killed() {
	walks kill
}

part_failing() {
	walks fail
}

new_world
part part_killed
part part_failing
done_testing
