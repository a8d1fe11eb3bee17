#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Logins that somebody begins and does not finish. tgtd keeps the TID of the target in them, and nothing
# else, for ever: a target that gets the TID later would be open to them past its rules and its CHAP.
#
# shellcheck disable=SC2034 # transport is lib.sh's
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
one=$prefix:tank.v1
two=$prefix:tank.v2
retired=$root/run/shareiscsi/stgt/retired
volume tank/v1 10M on
volume tank/v2 10M initiator=10.9.9.9
volume tank/v3 10M on

tids() {
	live | sed -n 's/^Target \([0-9]*\): .*[.]\(.*\)$/\2=\1/p' | sort | paste -sd' '
}

# Begins a login to it, to be finished with finish().
park() {	# IQN
	rm -f "$world/park.in"
	mkfifo "$world/park.in"
	"$RAWLOGIN" -p iqn.x:parked "$(url "$1")" <"$world/park.in" >"$world/park.out" 2>&1 &
	parked=$!
	exec 7>"$world/park.in"
	wait_until grep -q . "$world/park.out"
}

finish() {	# WHAT HOW
	echo >&7
	wait_until grep -qE '^(in|out)$' "$world/park.out"
	is "$1" "$2" "$(tail -n 1 "$world/park.out")"
	exec 7>&-
	wait "$parked"
}

sis share tank/v1
is "the first target has TID 1" v1=1 "$(tids)"
[ ! -e "$retired" ]
verdict $? "nothing is kept of it"
park "$one"
is "a login is begun" parked "$(<"$world/park.out")"
sis unshare tank/v1
sis plan tank/v2
expect_out "--tid 2 " "plan tells the TID that is taken"
sis share tank/v2
is "another target gets another TID" v2=2 "$(tids)"
finish "the login ends" out
is "nobody is in" "" "$(adm --lld iscsi --op show --mode conn --tid 2)"

# One that is made anew in the same run.
set_property tank/v2 on
sis sync tank/v2
park "$two"
set_property tank/v2 initiator=10.9.9.9,name=iqn.2010-09.org.x:other
sis plan -f tank/v2
expect_out "--op new --mode target --tid 3 " "plan of a target that is made anew, too"
sis sync -f tank/v2
is "it has another TID" other=3 "$(tids | sed 's/x://')"
finish "that login ends, too" out
set_property tank/v2 "name=$two"
sis sync tank/v2

# Many at once are one note.
set_property tank/v2 on
sis share -a
is "two more" "v1=5 v2=4 v3=6" "$(tids)"
sis unshare tank/v1
is "the highest in a row is noted" 6 "$(cut -f 2 "$retired")"
kept=$(stat -c %i "$retired")
sis unshare -a
is "and not again" "$kept" "$(stat -c %i "$retired")"
sis plan
is "plan notes nothing" "$kept" "$(stat -c %i "$retired")"
sis share -a
is "all get new ones" "v1=7 v2=8 v3=9" "$(tids)"

# A target of others that has a high TID does not use them up.
adm --lld iscsi --op new --mode target --tid 2147483647 -T iqn.x:theirs
sis unshare tank/v1
sis share tank/v1
is "one far away does not count" "v1=10 v2=8 v3=9" "$(tids | sed 's/ x:theirs=.*//')"
printf '%s\t2147483647\n' "$(cut -f 1 "$retired")" >"$retired"
sis unshare tank/v1
sis share tank/v1
is "when there are no more they are taken from the lowest on" "v1=1 v2=8 v3=9" "$(tids | sed 's/ x:theirs=.*//')"

# Where nothing can be kept it is said, and done.
rm "$retired"
mkdir "$retired"
sis unshare tank/v1
[ "$status" -eq 0 ] && [[ $err == *"may get to a target that is shared later"* ]]
verdict $? "a note that cannot be written hinders nobody"
rmdir "$retired"

# They end with tgtd.
sis share tank/v1
sis unshare tank/v1
[ -s "$retired" ]
verdict $? "there is a note"
stop_tgtd
start_tgtd
sis share -a
is "tgtd was started anew: from the lowest on" "v1=1 v2=2 v3=3" "$(tids)"

# Killed between the note and the deletion: tgtadm-wrapper ends who made the change.
: >"$world/count"
rm -f "$world/fault.done"
echo "change 3 kill-before" >"$world/fault"
{ sis unshare tank/v3; } 2>/dev/null
rm "$world/fault"
is "killed before it is deleted: it is noted" 3 "$(cut -f 2 "$retired")"

done_testing
