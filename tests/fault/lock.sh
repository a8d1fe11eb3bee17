#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# One run at a time: the others wait, for a time, and say for whom.
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"
configure '[general]' 'lock-timeout = 1'
reset
set_property tank/v1 on
lock=$root/run/shareiscsi/lock

# Holds the lock until its stdin ends; tells its pid as the program does.
mkdir -p "${lock%/*}"
mkfifo "$world/holder"
exec 7<>"$world/holder"
# shellcheck disable=SC2016 # for the shell that holds it
flock "$lock" sh -c 'echo $$ >"$1"; read -r _' sh "$lock" <"$world/holder" 7>&- &
holder=$!
wait_until test -s "$lock"

for verb in "share -a" "unshare -a" sync; do
	# shellcheck disable=SC2086 # a verb and its option
	sis $verb
	expect_error 1 "'$lock' is locked by process $(cat "$lock"): gave up after 1000 ms" "$verb"
done
is "nothing was done" "" "$(calls)"
for verb in plan status "share -n -a"; do
	# shellcheck disable=SC2086 # a verb and its options
	sis $verb
	expect_quiet 3 "$verb needs no lock"
done

lock_is_open() {	# PID
	local fd
	for fd in /proc/"$1"/fd/*; do
		[ "$(readlink "$fd")" != "$lock" ] || return 0
	done
	return 1
}
"$program" sync --wait "${sis_args[@]}" >"$world/patient" 2>&1 </dev/null &
patient=$!
wait_until lock_is_open "$patient"
sis sync
expect_error 1 "gave up after 1000 ms" "while one run waits with --wait, another one gives up"
kill -0 "$patient"
verdict $? "the first one does not"

configure '[general]' 'lock-timeout = 60'
"$program" sync "${sis_args[@]}" >"$world/waiting" 2>&1 </dev/null &
waiting=$!
wait_until lock_is_open "$waiting"
is "a sync waits" "" "$(live)"

"$program" share -a "${sis_args[@]}" 2>"$world/err" </dev/null &
stopped=$!
wait_until lock_is_open "$stopped"
kill -TERM "$stopped"
wait "$stopped"
is "SIGTERM ends a run as it ends all programs" 143 $?
is "and one line says what now" "shareiscsi: broken off; \`shareiscsi status\` shows what was done, \`shareiscsi sync\` does what the properties say" \
	"$(<"$world/err")"
echo >&7
wait "$holder"
wait "$waiting"
verdict $? "and goes on when the lock is free"
wait "$patient"
verdict $? "so does the one with --wait"
is "its work is done" "$v1" "$(targets)"

# A lock file is no lock: the one who held it was killed.
echo 1 >"$lock"
sis unshare -a
expect_quiet 0 "a lock file that nobody holds"
rm "$lock"
ln -s "$world/elsewhere" "$lock"
sis share -a
expect_error 1 "cannot lock '$lock'" "a lock file that is a link"
[ ! -e "$world/elsewhere" ]
verdict $? "is not followed"

done_testing
