#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Moves shares between targets that live side by side below one root: a real tgtd, the simulated
# SCST, the simulated IET. What clients know a disk by must be the same on the other side, whatever
# happens on the way.
# usage: move.sh [BUILD]
#
# Programs are found as lib.sh says. PAIRS="FROM-TO..." picks some; empty: none, only
# what is said about no pair in particular.

# shellcheck source=tests/backend/sides.sh
. "$(dirname "$0")/sides.sh"

v1=$prefix:tank.v1
v2=$prefix:tank.v2

# The wrappers of tgtadm and ietadm read one order to go wrong: only that of this side is to see it.
only_disturb() {	# BACKEND, or all of them
	ln -sf /usr/sbin/tgtadm "$root/usr/sbin/tgtadm"
	rm -f "$root/usr/sbin/ietadm"
	case $1 in stgt | all)
		rm "$root/usr/sbin/tgtadm"
		cp "$folder/../cli/tgtadm-wrapper" "$root/usr/sbin/tgtadm"
	esac
	case $1 in iet | all)
		cp "$folder/ietadm-wrapper" "$root/usr/sbin/ietadm"
	esac
}

# ---- what is looked at ----

identity_on() {	# BACKEND IQN LUN
	echo "$2 $3 $(of "$1" lun_is "$2" "$3" path) $(of "$1" lun_is "$2" "$3" serial) $(of "$1" lun_is "$2" "$3" blocksize)"
}

records_of() {	# BACKEND
	ls -I retired "$root/run/shareiscsi/$1" 2>/dev/null | paste -sd' '
}

move() {	# [OPTION...]
	sis sync --backend "$to" --from "$from" "$@"
}

# Both sides, and what is remembered of them. Which target was made first does not count.
both() {
	of "$from" everything | sort
	of "$to" everything | sort
	grep -r '' "$root/run/shareiscsi" | grep -v '^[^:]*/\(lock\|retired\|said[.][a-z]*\):' | sed "s,^$root/,," | sort
}

# Nothing of ours on any side; the volumes stay, so that their guids do.
fresh() {
	local b
	rm -rf "$root/run/shareiscsi"/*/moving-from
	for b in "$from" "$to"; do
		sis unshare --backend "$b" -f -a
	done
}

# Volumes that were never shared.
new_volumes() {
	rm -rf "$pool"
	mkdir "$pool"
}

# VALUE of both volumes, shared by the old side, and a third one that is not.
prepare() {
	fresh
	volume tank/v1 16M "$value"
	volume tank/v2 16M "$value"
	volume tank/v3 16M off
	sis share --backend "$from" -a
}

steps() {
	jq -r '.steps[].commands[]' <"$world/out" | sed -E 's/\bsis[cw][0-9a-z]{12}\b/DEVICE/g'
}

# ---- the list, for a pair ----

moves() {
	local was planned before
	prepare
	expect_quiet 0 "$pair: shared by the old side"
	before=$(both)
	was="$(identity_on "$from" "$v1" "$lun")
$(identity_on "$from" "$v2" "$lun")"
	sis plan -j --backend "$to" --from "$from"
	expect_quiet 3 "$pair: plan"
	is "$pair: plan changes nothing" "$before" "$(both)"
	planned=$(steps)
	move -j
	expect_quiet 0 "$pair: move"
	is "$pair: it does what plan printed" "$planned" "$(steps)"
	is "$pair: the old side has nothing of ours" "$(empty "$from")" "$(of "$from" everything)"
	is "$pair: the new side has all" "$theirs $v1 $v2" "$(of "$to" targets)"
	is "$pair: no identity changed" "$was" "$(identity_on "$to" "$v1" "$lun")
$(identity_on "$to" "$v2" "$lun")"
	is "$pair: what is remembered" " $v1 $v2" "$(records_of "$from") $(records_of "$to")"
	after=$(both)
	move -j
	expect_quiet 0 "$pair: once more"
	is "$pair: once more: no step" "0 0 0 0" \
		"$(jq -r '"\(.steps | length) \(.shared) \(.unshared) \(.changed)"' <"$world/out")"
	sis sync --backend "$to" -v
	expect_quiet 0 "$pair: plain sync finds nothing to do"
	is "$pair: and nothing changed" "$after" "$(both)"
	sis status --backend "$to" -j
	expect_status 0 "$pair: status is content"
	expect_json '[.status[] | select(.state == "shared") | .volume] == ["tank/v1", "tank/v2"]' \
		"$pair: status shows both"
}

order() {
	local new_add old_gone new_shown
	prepare
	sis plan --backend "$to" --from "$from" tank/v1
	new_add=$(grep -n '^# add LUN' <<<"$out" | cut -d: -f1)
	old_gone=$(grep -n '^# delete target' <<<"$out" | cut -d: -f1)
	new_shown=$(grep -n '^# show target' <<<"$out" | cut -d: -f1)
	[ "$new_add" -lt "$old_gone" ] && [ "$old_gone" -lt "${new_shown:-1000}" ]
	verdict $? "$pair: made, then released, then shown"
	[ "$(grep -c '^# ' <<<"$out")" -eq "$(grep '^# ' <<<"$out" | sort -u | wc -l)" ]
	verdict $? "$pair: each step is there once"
	move tank/v1
	expect_quiet 0 "$pair: one by name"
	is "$pair: the other stays" "$theirs $v2, $theirs $v1" "$(of "$from" targets), $(of "$to" targets)"
	move tank
	expect_quiet 0 "$pair: the other one after it"
	is "$pair: all is there" "$after" "$(both)"
}

in_use() {
	prepare
	use "$from"
	login "$v1"
	verdict $? "$pair: an initiator logs in"
	move
	expect_error 4 "1 initiator is logged in to '$v1' ($who" "$pair: a move while it is in use"
	is "$pair: only the other one moved" "$theirs $v1, $theirs $v2" \
		"$(of "$from" targets), $(of "$to" targets)"
	sis sync --backend "$to"
	expect_error 4 "1 initiator is logged in to '$v1' ($who" "$pair: nor does a plain sync share it twice"
	is "$pair: it is not on the new side" "$theirs $v2" "$(of "$to" targets)"
	move -f
	expect_quiet 0 "$pair: move -f"
	was_ended
	verdict $? "$pair: the session was ended"
	logout
	is "$pair: move -f moved it" "$after" "$(both)"
}

stays() {
	prepare
	set_property tank/v1 off
	set_property tank/v2 'nonsense'
	move
	expect_error 1 "'tank/v2'" "$pair: a bad property"
	is "$pair: nothing moved" "$theirs $v1 $v2, $theirs" "$(of "$from" targets), $(of "$to" targets)"
	set_property tank/v2 "$value"
	move
	expect_quiet 0 "$pair: one that is off, and one that is on"
	is "$pair: what is off stays as it is" "$theirs $v1, $theirs $v2" \
		"$(of "$from" targets), $(of "$to" targets)"
}

conflict() {
	prepare
	use "$to"
	foreign_target "$v1" "$world/other"
	move
	expect_error 1 "target '$v1' exists and was not made by this tool" "$pair: the name is taken"
	is "$pair: nothing moved" "$theirs $v1 $v2" "$(of "$from" targets)"
	foreign_gone "$v1"
}

# Is each target whole on just one of the two sides? It is never on none.
walk() {	# KIND SIDE RECOVERY...
	local n good old bad='' side=$2
	prepare
	volume tank/v2 16M off
	sis sync --backend "$from" -f
	old=$(both)
	move
	good=$(both)
	only_disturb "${!side}"
	for ((n = 1; n < 60; n++)); do
		set_property tank/v1 "$value"
		fresh
		sis share --backend "$from" -a
		[ "$(both)" = "$old" ] || { bad="$n: the beginning is another"; diff <(echo "$old") <(both) | explain; break; }
		use "${!side}"
		changes >/dev/null
		disturbed "$1" "$n" sync --backend "$to" --from "$from" || break
		"after_$1"
		sis "${@:3}"
		if [ "$status" -ne 0 ] || [ -n "$err" ]; then
			bad="$bad${bad:+; }$n: the next run ends with $status: $err"
		elif [ "$(both)" != "$good" ]; then
			diff -U1 <(echo "$good") <(both) | explain
			bad="$bad${bad:+; }$n: the next run leaves another state"
		fi
	done
	only_disturb all
	[ "$n" -gt 1 ] || bad="no change was disturbed"
	[ -z "$bad" ]
	verdict $? "$pair: $1 at each of $((n - 1)) changes of the $side side, then ${*:3}"
	[ -z "$bad" ] || echo "$bad" | tr ';' '\n' | explain
}

after_kill() { :; }

# Either it went well all the same, or the old side has what it had, and the new one nothing.
after_fail() {
	local now
	now=$(both | grep -v /moving-from:)
	if [ "$status" -eq 0 ]; then
		[ "$now" = "$good" ] || bad="$bad${bad:+; }$n: success, but not moved"
		return
	fi
	[ "$status" -eq 1 ] && [[ $err == "shareiscsi: cannot "* ]] ||
		bad="$bad${bad:+; }$n: status $status: $err"
	[ "$now" = "$old" ] || {
		bad="$bad${bad:+; }$n: not given back: $err"
		diff -U1 <(echo "$old") <(echo "$now") | explain
	}
}

pair() {	# FROM TO LUN [VALUE]
	from=$1 to=$2 lun=$3 value=${4-on}
	pair="$from to $to"
	[[ " ${PAIRS-$from-$to} " == *" $from-$to "* ]] || return 0
	local started=$SECONDS
	new_volumes
	moves
	order
	in_use
	stays
	conflict
	walk fail to sync --backend "$to" --from "$from"
	walk fail from sync --backend "$to" --from "$from"
	walk kill to sync --backend "$to"
	walk kill from sync --backend "$to"
	walk kill to sync --backend "$to" --from "$from"
	walk kill from sync --backend "$to" --from "$from"
	fresh
	echo "# $pair: $((SECONDS - started)) s"
}

# What the new side cannot have is said before anything is done.
inexpressible() {	# FROM TO VALUE TEXT
	local before
	from=$1 to=$2 value=$3 pair="$1 to $2"
	new_volumes
	prepare
	volume tank/v2 16M off
	sis sync --backend "$from"
	before=$(both)
	sis plan --backend "$to" --from "$from"
	expect_error 1 "$4" "$pair: $value: plan: $4"
	move -f
	expect_error 1 "$4" "$pair: $value: $4"
	is "$pair: $value: nothing is done" "$before" "$(both)"
	fresh
}

refusals() {
	[ -z "${PAIRS-}" ] || return 0
	inexpressible scst stgt on "its LUN 0 is the controller"
	inexpressible stgt scst 'initiator=10.0.0.1' "cannot do initiator= by address; give names instead of '10.0.0.1'"
	use iet
	IET_VERSION=1.4.19 target_start
	inexpressible scst iet blocksize=4096 "cannot do block sizes other than 512"
	use iet
	target_start
	foreign_target "$theirs" "$world/other"
	from=stgt to=scst value=on pair="stgt to scst"
	new_volumes
	prepare
	set_property tank/v1 lun=2
	move tank/v1
	expect_error 1 "it is LUN 1 of STGT and should be LUN 2" "$pair: another LUN"
	set_property tank/v1 "name=$prefix:other"
	move tank/v1
	expect_error 1 "should be in '$prefix:other'" "$pair: another name"
	is "$pair: nothing moved" "$theirs, $theirs $v1 $v2" "$(of scst targets), $(of stgt targets)"
	set_property tank/v1 on
	fresh
	sis sync --backend scst --from scst
	expect_error 2 "'scst' is the target in use already" "to itself"
	sis sync --backend scst --from nonsense
	expect_error 2 "unknown back end 'nonsense'" "from nowhere"
	sis sync --backend scst --from lio
	expect_error 5 "" "from one that does not run"
	sis share --backend scst --from stgt -a
	expect_error 2 "--from" "share has no --from"
	sis share --backend scst tank/v2
	expect_quiet 0 "one volume is shared through SCST"
	sis share --backend stgt -a
	expect_error 1 "'tank/v2' is shared through SCST" "STGT refuses that one"
	is "and has the other" "$v1, $v1" "$(of stgt targets | sed "s/$theirs //"), $(records_of stgt)"
	fresh
}

# A volume that only one side can hold.
exclusive() {
	local before
	[ -z "${PAIRS-}" ] || return 0
	from=stgt to=scst lun=1 value=on pair="stgt to scst, held"
	prepare
	move tank/v1
	good=$(both)
	volume tank/v2 16M off
	fresh
	sis share --backend stgt tank/v1
	before=$(both)
	use scst
	ctl fault fail:EBUSY count=0 match=add_device
	move tank/v1
	ctl faults clear
	expect_error 1 "cannot move 'tank/v1': SCST: add LUN: " "$pair by others: says which side failed, and where"
	expect_error 1 "it is shared through STGT" "$pair by others: given back"
	is "$pair by others: as it was" "$before" "$(both | grep -v /moving-from:)"
	ctl fault fail:EBUSY count=2 match=add_device
	move -j tank/v1
	ctl faults clear
	expect_quiet 0 "$pair by the old side: moved"
	is "$pair by the old side: all is as it should be" "$v1" "$(records_of scst)"
	is "$pair: the old side let go before" "delete target add LUN show target" \
		"$(jq -r '.steps[].step' <"$world/out" | sed -n '/delete target/,$p' | grep -E 'delete target|add LUN|show' | paste -sd' ')"
	fresh
}

# The old target ends in the middle of a move: what it had is gone with it.
ended() {
	[ -z "${PAIRS-}" ] || return 0
	from=stgt to=scst lun=1 value=on pair="stgt to scst"
	prepare
	use stgt
	only_disturb stgt
	disturbed kill 1 sync --backend scst --from stgt
	only_disturb all
	target_stop
	move
	expect_error 5 "" "$pair: the old target has ended"
	sis sync --backend scst
	expect_quiet 0 "$pair: a plain sync shares all"
	is "$pair: and shows it" "$theirs $v1 $v2" "$(of scst targets)"
	use stgt
	target_start
	foreign_target "$theirs" "$world/other"
	fresh
}

new_world
exclusive
refusals
ended
pair stgt scst 1
pair stgt iet 1
pair scst iet 0 blocksize=512
pair iet scst 0
pair scst stgt 1 lun=1,blocksize=512
pair iet stgt 1 lun=1
done_testing
