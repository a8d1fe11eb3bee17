#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# While an initiator is logged in: what is refused, what is done all the same, and what -f does.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
iqn=$prefix:tank.v1
who=$prefix:initiator
volume tank/v1 10M on
volume tank/v2 10M on
sis share -a
hold_session "$(url "$iqn")"
verdict $? "an initiator logs in"
calls >/dev/null

sis status
is "status counts the session" "shared tank/v1 $iqn 1 1 stgt 10M 1" "$(sed -n 2p <<<"$out" | tr -s ' ')"
sis sessions
is "sessions shows who" "$who 127.0.0.1 $iqn tank/v1" "$(sed -n 2p <<<"$out" | tr -s ' ')"
sis sessions -j
expect_json ".sessions[0] | .initiator == \"$who\" and .address == \"127.0.0.1\" and .iqn == \"$iqn\"" \
	"sessions -j"
sis sessions tank/v2
is "sessions of another volume" "" "$out"

# ---- what would drop it ----

refused() {	# WHAT
	expect_error 4 "1 initiator is logged in to '$iqn' ($who from 127.0.0.1)" "$1 is refused"
	[[ $err == *"-f"* ]]
	verdict $? "$1: the message names -f"
	is "$1 changed nothing" "" "$(calls)"
}

sis unshare tank/v1
refused "unshare"
set_property tank/v1 off
sis sync
refused "sync of what is off"
sis plan
refused "plan of what is off"
set_property tank/v1 iomode=ro
sis sync
refused "a LUN that must be made anew"
sis share tank/v1
refused "the same by share"
sis status
expect_quiet 3 "status knows"
expect_out "pending" "and calls it pending"
where() {
	sis status -j
	jq -r '.status[] | select(.volume == "tank/v1") | "\(.state) \(.iqn) \(.lun) \(.sessions)"' <<<"$out"
}
set_property tank/v1 lun=5
sis sync
refused "another number"
is "status tells where it is" "pending $iqn 1 1" "$(where)"
set_property tank/v1 "name=$prefix:other"
sis sync
refused "another name"
is "status tells where it is, not where it is to be" "pending $iqn 1 1" "$(where)"
is "the volume is not in a second target" "" "$(tid_of "$prefix:other")"
set_property tank/v1 on
sis sync
expect_quiet 0 "as it was: nothing to do"
is "the session is still there" 1 "$(live | grep -c "Initiator: $who")"

# ---- others go on ----

sis unshare -a
expect_error 4 "'tank/v1'" "unshare -a: exit 4 for the one"
is "the other one is gone" "" "$(tid_of "$prefix:tank.v2")"
sis share -a
expect_quiet 0 "and back"

# ---- what does not drop it ----

calls >/dev/null
set_property tank/v1 'initiator=127.0.0.1;10.0.0.0/8'
sis sync
expect_quiet 0 "who may log in is changed in place"
is "by binding first" "tgtadm --lld iscsi --op bind --mode target --tid 1 --initiator-address 127.0.0.1
tgtadm --lld iscsi --op bind --mode target --tid 1 --initiator-address 10.0.0.0/8
tgtadm --lld iscsi --op unbind --mode target --tid 1 --initiator-address ALL" "$(calls)"
truncate -s 20M "$world/pool/tank/v1"
sis sync
expect_quiet 0 "so is the size"
is "in one request" 1 "$(calls | grep -c 'params online=0,path=.*,online=1$')"
[[ $(iscsi-readcapacity16 "$(url "$iqn")" 2>&1) == *"Total size:20971520"* ]]
verdict $? "an initiator sees it"
is "the session stays" 1 "$(live | grep -c "Initiator: $who")"

# ---- who logs in while it runs ----

release_session
mkfifo "$world/go"

event=comes_in
comes_in() {
	hold_session "$(url "$iqn")"
}

# Runs the program; before its Nth request, or its Nth change, $event happens: an initiator logs in.
meanwhile() {	# call|change N VERB [ARGUMENT...]
	local running
	ran="shareiscsi ${*:3}"
	rm -f "$world/fault.done"
	: >"$world/count"
	: >"$world/calls"
	echo "$1 $2 wait" >"$world/fault"
	"$program" "$3" "${sis_args[@]}" "${@:4}" >"$world/out" 2>"$world/err" </dev/null &
	running=$!
	wait_until test -e "$world/fault.done"
	$event
	echo >"$world/go"
	status=0
	wait "$running" || status=$?
	rm -f "$world/fault"
	out=$(<"$world/out")
	err=$(<"$world/err")
}

without_sessions() {
	live | grep -v '^ *\(I_T nexus: \|Initiator:\|Connection:\|IP Address:\)'
}

came_in() {	# WHAT
	expect_error 4 "1 initiator is logged in to '$iqn' ($who from 127.0.0.1)" "$1, somebody comes: refused"
	is "$1, somebody comes: the target is as it was" "$before" "$(without_sessions)"
	session_lives
	verdict $? "$1, somebody comes: the session stays"
	release_session
}

# How many requests it takes to see what is to be done.
looks() {
	: >"$world/count"
	sis plan
	wc -l <"$world/count"
}

before=$(without_sessions)
meanwhile change 1 unshare tank/v1
came_in "unshare"
is "unshare, somebody comes: hidden, looked, shown again" "unbind unbind bind bind" \
	"$(calls | sed -n 's/.*--op \([a-z]*\) .*/\1/p' | paste -sd' ')"
set_property tank/v1 off
meanwhile change 1 sync
came_in "sync of what is off"
set_property tank/v1 'iomode=ro,initiator=127.0.0.1;10.0.0.0/8'
meanwhile change 1 sync
came_in "a LUN that must be made anew"
set_property tank/v1 'initiator=10.0.0.0/8'
n=$(looks)
meanwhile call $((n + 1)) sync
came_in "new rules"
[[ $err == *", which the new initiator= shuts out"* ]]
verdict $? "new rules: it says why"
set_property tank/v1 'initiator=127.0.0.1;10.0.0.0/8'
volume tank/v3 10M "name=$iqn,lun=2,initiator=127.0.0.1;10.0.0.0/8"
sis sync
expect_quiet 0 "a second LUN in the target"
before=$(without_sessions)
set_property tank/v3 off
n=$(looks)
meanwhile call $((n + 1)) sync
came_in "one LUN of two"
sis sync
expect_quiet 0 "nobody is in: it goes"
meanwhile change 1 unshare -f tank/v1
expect_quiet 0 "unshare -f, somebody comes"
is "unshare -f, somebody comes: the target is gone" "" "$(tid_of "$iqn")"
release_session
set_property tank/v1 on
sis share -a
hold_session "$(url "$iqn")"

# ---- -f ----

sis unshare -f tank/v1
expect_quiet 0 "unshare -f"
is "the target is gone" "" "$(tid_of "$iqn")"
wait_until grep -q '^ended' "$session_log"
verdict $? "the session was ended"
release_session
set_property tank/v1 on
sis share tank/v1
hold_session "$(url "$iqn")"
set_property tank/v1 iomode=ro
sis sync -f
expect_quiet 0 "sync -f makes the LUN anew"
wait_until grep -q '^ended' "$session_log"
verdict $? "which ends the session"
[[ $(live) == *"Readonly: Yes"* ]]
verdict $? "the LUN is read-only"
! "$initiator" write "$(url "$iqn")" </etc/passwd 2>/dev/null
verdict $? "and cannot be written"
release_session

# ---- who makes a target while it runs ----

makes_it() {
	adm --op new --mode target --tid 4711 -T "$prefix:tank.v9"
	adm --op new --mode logicalunit --tid 4711 --lun 1 -b "$world/pool/tank/v9"
}
volume tank/v9 10M on
event=makes_it
meanwhile change 1 share tank/v9
expect_error 1 "target '$prefix:tank.v9' already exists in tgtd as TID 4711" "made by somebody else just now"
is "it has no record" "" "$(find "$root/run/shareiscsi" -name '*v9*')"
theirs=$(live_of "$prefix:tank.v9")
sis sync
expect_status 1 "the next run does not take it for its own"
is "it stays what it was" "$theirs" "$(live_of "$prefix:tank.v9")"
adm --op delete --mode target --force --tid 4711
sis sync
expect_quiet 0 "once it is gone, the volume is shared"

done_testing
