#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The program is killed before and after every single call of tgtadm: whatever it was doing, the
# next sync makes it whole.
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

walk() {	# SITUATION KIND WHAT
	local n want killed
	want=$(good_state "$1")
	for ((n = 1; n < 100; n++)); do
		run_with_fault "$1" "$2" "$n" "$3" 2>/dev/null || break
		killed=$status
		[ "$killed" -eq 137 ] && repaired "$want"
		verdict $? "$1: $3 $2 $n"
	done
	[ "$n" -gt 1 ] && [ "$n" -lt 100 ] && [ "$status" -eq 0 ]
	verdict $? "$1: $3: all $((n - 1)) were walked"
}

for situation in share unshare; do
	walk "$situation" call kill-before
	walk "$situation" call kill-after
done
for situation in share-two-luns share-both one-lun-more off access resize rebuild force other-name; do
	walk "$situation" change kill-before
	walk "$situation" change kill-after
done

done_testing
