#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# tgtd ends between two steps, taking all its targets with it: one line says so, and the next sync
# after its start puts all right.
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

walk() {	# SITUATION WHAT
	local n want
	want=$(good_state "$1")
	for ((n = 1; n < 100; n++)); do
		run_with_fault "$1" change "$n" "$2" || break
		[[ $status -eq 1 || $status -eq 5 ]] && [[ -n $err && $err != *$'\n'* ]]
		verdict $? "$1: $2 $n: one line: ${err:0:200}"
		sis status
		expect_error 5 "not running" "$1: $2 $n: status says that no target runs"
		stop_tgtd
		start_tgtd
		repaired "$want"
		verdict $? "$1: $2 $n: repaired"
	done
	[ "$n" -gt 1 ] && [ "$n" -lt 100 ] && [ "$status" -eq 0 ]
	verdict $? "$1: $2: all $((n - 1)) were walked"
}

for situation in share unshare rebuild; do
	walk "$situation" tgtd-before
	walk "$situation" tgtd-after
done

done_testing
