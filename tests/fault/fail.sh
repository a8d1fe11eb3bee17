#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# A call of tgtadm fails, before or after it did its work, for every call and in every way that
# tgtadm can fail: one line says so, a new target is there whole or not at all, and the next sync
# puts all right.
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# Half of a new target is neither of these.
whole_or_nothing() {	# GOOD-STATE
	[ -z "$(live)" ] && [ -z "$(find "$root/run" -name 'iqn.*')" ] || [ "$(state)" = "$1" ]
}

# The record of the second target is written while tgtd works on the first.
only_what_is_there() {
	[ "$(targets | xargs -n1 | sort)" = "$(find "$root/run" -name 'iqn.*' -printf '%f\n' | sort)" ]
}

walk() {	# SITUATION KIND WHAT
	local n want
	want=$(good_state "$1")
	for ((n = 1; n < 100; n++)); do
		run_with_fault "$1" "$2" "$n" "$3" || break
		if [ "$status" -eq 0 ]; then
			# What it said did not matter, and was not needed.
			[ -z "$err" ] && [ "$(sis sync; state)" = "$want" ]
			verdict $? "$1: $3 $2 $n: done all the same"
			continue
		fi
		[[ $status -eq 1 || $status -eq 5 ]] && [[ -n $err && $err != *$'\n'* ]]
		verdict $? "$1: $3 $2 $n: one line: ${err:0:200}"
		case $1 in share | share-two-luns)
			whole_or_nothing "$want"
			verdict $? "$1: $3 $2 $n: all or nothing" ;;
		share-both)
			only_what_is_there
			verdict $? "$1: $3 $2 $n: recorded is what is there" ;;
		other-name)
			# The new target waits for the old one to go, its record may have been written.
			[[ ! -e $root/run/shareiscsi/stgt/$prefix:other || $(targets) == *"$prefix:other"* ]]
			verdict $? "$1: $3 $2 $n: what was not made is not recorded" ;;
		esac
		repaired "$want"
		verdict $? "$1: $3 $2 $n: repaired"
	done
	[ "$n" -gt 1 ] && [ "$n" -lt 100 ] && [ "$status" -eq 0 ]
	verdict $? "$1: $3: all $((n - 1)) were walked"
}

for what in fail-before fail-after gone-before mute-before mute-after garbage; do
	walk share call "$what"
done
for situation in share-two-luns share-both one-lun-more unshare off access resize rebuild force other-name; do
	for what in fail-before fail-after; do
		walk "$situation" change "$what"
	done
done

# A call that never ends is ended, and is named. The limit is for calls that do end, too.
configure '[general]' 'timeout = 5'
want=$(good_state share)
run_with_fault share change 2 hang
expect_error 1 "cannot share 'tank/v1': add LUN: '$root/usr/sbin/tgtadm" "a call that hangs"
[[ $err == *" within 5000 ms"* ]]
verdict $? "a call that hangs: its limit is told"
whole_or_nothing "$want"
verdict $? "a call that hangs: all or nothing"
repaired "$want"
verdict $? "a call that hangs: repaired"

done_testing
