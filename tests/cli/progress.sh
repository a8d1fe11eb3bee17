#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Work on many shares: a bar and a summary on a terminal, and nothing of it anywhere else.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
many=40
for ((i = 1; i <= many; i++)); do
	volume "tank/v$i" 10M on
done
volume tank/wrong 10M nonsense

# Runs it on a terminal of that width; what came there is in $world/tty.
on_terminal() {	# COLUMNS VERB...
	local command
	printf -v command '%q ' "$program" "$2" "${sis_args[@]}" "${@:3}"
	ran="on a terminal: $command"
	status=0
	script -qec "stty cols $1 rows 24; $command" "$world/typescript" >"$world/tty" </dev/null || status=$?
	tr -d '\n' <"$world/tty" | sed 's/\r/\n/g' >"$world/lines" # each drawing, and each line of text, by itself
}

bars() {
	grep -aE '^(share|unshare|sync) \[#*\.*\] [0-9]+/[0-9]+' "$world/lines"
}

longest_bar() {
	bars | sed 's/\x1b\[K//' | awk '{ if (length > n) n = length } END { print n + 0 }'
}

on_terminal 60 share -a
is "share -a on a terminal fails for the one that is wrong" 1 "$status"
bars | grep -q "/$many"
verdict $? "it draws a bar"
is "which grows" "$(bars | sort -t']' -k2 -n -s)" "$(bars)"
[ "$(longest_bar)" -le 59 ]
verdict $? "and stays within the line"
grep -aq $'^\x1b\[Kshareiscsi: cannot share .tank/wrong.' "$world/lines"
verdict $? "the failure stands on a line of its own"
tail -n 2 "$world/tty" | grep -aq "^share: $many shared, 1 failed"
verdict $? "the summary closes"

rm "$world/pool/tank/wrong"
on_terminal 24 unshare -a
[ "$(longest_bar)" -le 23 ]
verdict $? "a narrow terminal gets a short bar"
grep -aq "unshare: $many unshared" "$world/tty"
verdict $? "unshare -a sums up"
on_terminal 5 sync
is "on one too narrow there is none" "" "$(grep -a '/' "$world/lines")"
on_terminal 80 sync
is "nothing to do is said, too" "sync: nothing to do" "$(tr -d '\r' <"$world/tty")"
on_terminal 80 unshare tank/v1
is "with a name there is no bar" "" "$(cat "$world/tty")"

sis sync
expect_quiet 0 "where stderr is no terminal nothing is said"
is "nor on standard output" "" "$out"
sis unshare -a
expect_quiet 0 "nor by unshare -a"

done_testing
