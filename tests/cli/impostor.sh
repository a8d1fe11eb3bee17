#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Initiators whose names are made to look like something else in tgtd's listings: who is shut out goes.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
iqn=$prefix:tank.v1
volume tank/v1 10M on
sis share -a

ended() {
	wait_until grep -q '^ended' "$session_log"
}

# Logs in while everybody may, with that name; then only another address may.
shut_out() {	# WHAT NAME
	set_property tank/v1 on
	sis sync
	hold_session "$(url "$iqn")" "$2"
	verdict $? "$1: logs in"
	set_property tank/v1 initiator=127.0.0.2
	sis sync
	is "$1: is not thrown out without being told to" 4 "$status"
	sis sync -f
	ended
	verdict $? "$1: -f ends its session"
	release_session
	sis sync
	expect_quiet 0 "$1: nothing is left to do"
}

shut_out "a plain name" iqn.2020-01.org.example:x
shut_out "a name with an address" $'iqn.x\n        IP Address: 127.0.0.2'
shut_out "a name with a whole session" \
	$'iqn.x\n        IP Address: 127.0.0.2\nSession: 7777\n    Connection: 0\n        Initiator: iqn.y'
shut_out "a name with a nexus" \
	$'iqn.x alias: a\n            Connection: 0\n                IP Address: 127.0.0.2\n        I_T nexus: 7777\n            Initiator: y'

# ---- by alias, which tgtd tells in one of its listings alone, and cuts ----

raw_session() {	# NAME ALIAS
	rm -f "$world/raw.in"
	mkfifo "$world/raw.in"
	"$RAWLOGIN" -a "$2" "$1" "$(url "$iqn")" <"$world/raw.in" >"$world/raw.out" 2>&1 &
	raw=$!
	exec 7>"$world/raw.in"
	wait_until grep -q '^in' "$world/raw.out"
}

raw_release() {
	exec 7>&-
	wait "$raw"
}

long=$(printf 'a%.0s' {1..1100})
address=$'a\n            Connection: 0\n                IP Address: 127.0.0.2\n'
for alias in "$long" "$address$long"; do
	set_property tank/v1 on
	sis sync
	raw_session iqn.2020-01.org.example:x "$alias"
	verdict $? "an alias of ${#alias} characters: logs in"
	set_property tank/v1 initiator=127.0.0.1
	sis sync -f
	expect_status 0 "an alias of ${#alias} characters: its address is let in"
	sis sync
	expect_quiet 0 "it stays so"
	! grep -q '^ended' "$world/raw.out"
	verdict $? "its session stays"
	set_property tank/v1 initiator=127.0.0.2
	sis sync
	is "its address is let in no more: not without being told to" 4 "$status"
	sis sync -f
	wait_until grep -q '^ended' "$world/raw.out"
	verdict $? "-f ends its session"
	raw_release
done

# What looks right in the one listing, and is not in the other, is nobody that is let in.
set_property tank/v1 on
sis sync
raw_session iqn.2020-01.org.example:x "$address        I_T nexus: 7777"$'\n            Initiator: y'
set_property tank/v1 initiator=127.0.0.2
sis sync
is "an alias with a nexus: not without being told to" 4 "$status"
sis sync -f
wait_until grep -q '^ended' "$world/raw.out"
verdict $? "an alias with a nexus: -f ends its session"
raw_release

# ---- by name: what stands behind it is an alias only where tgtd puts one ----

set_property tank/v1 on
sis sync
hold_session "$(url "$iqn")" 'iqn.2020-01.org.example:x alias: y'
set_property tank/v1 initiator=iqn.2020-01.org.example:x
sis sync -f
ended
verdict $? "a name that goes on behind the allowed one"
release_session

# ---- who is let in stays ----

set_property tank/v1 initiator=127.0.0.1
sis sync
hold_session "$(url "$iqn")"
sis sync -f
expect_quiet 0 "an address that is let in: nothing to do"
set_property tank/v1 'initiator=127.0.0.1;127.0.0.2'
sis sync -f
expect_status 0 "one more address"
! grep -q '^ended' "$session_log"
verdict $? "the session stays"
release_session

done_testing
