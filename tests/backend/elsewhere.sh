#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# A volume that somebody shares by hand through another target on this machine is not made a second
# disk: it is refused, the others are shared, and who shares nothing new does not even look.
# usage: elsewhere.sh [BUILD]

# shellcheck source=tests/backend/sides.sh
. "$(dirname "$0")/sides.sh"
# shellcheck source=tests/cli/front.sh
. "$folder/../cli/front.sh"

v1=$prefix:tank.v1
v2=$prefix:tank.v2
byhand=$prefix:byhand

there_has() {	# LUN
	echo "'tank/v1' is LUN $1 of target '$byhand' of ${there^^} already, which was not made by this tool; remove it there, or take that over with \`shareiscsi adopt --backend $there $byhand\`"
}

# Not by of(): an adapter may remember what it made.
by_hand() {	# PATH
	use "$there"
	foreign_target "$byhand" "$1"
}

gone_by_hand() {
	use "$there"
	foreign_gone "$byhand"
}

# Nothing of ours on any side, and nothing by hand but what was there at the beginning.
fresh() {
	local b
	for b in "$here" "$there"; do
		sis unshare --backend "$b" -f -a
	done
	[[ " $(of "$there" targets) " != *" $byhand "* ]] || gone_by_hand
	rm -rf "$root/run/shareiscsi"/*/moving-from "$pool"
	mkdir "$pool"
	volume tank/v1 16M "$value"
	volume tank/v2 16M "$value"
}

# ---- for each side ----

refused() {
	local verb before
	fresh
	by_hand "$pool/v1"
	before=$(of "$there" everything)
	sis plan --backend "$here"
	expect_error 1 "cannot sync 'tank/v1': $(there_has "$1")" "$pair: plan says it"
	[[ $out == *"$v2"* && $out != *"$v1"* ]]
	verdict $? "$pair: and has steps for the other volume alone"
	sis status --backend "$here"
	expect_quiet 3 "$pair: status"
	grep -qxF "tank/v1: $(there_has "$1")" <<<"$out"
	verdict $? "$pair: and it says why"
	for verb in "share -a" "share tank/v1" "sync" "sync -f"; do
		# shellcheck disable=SC2086 # a verb and its operand
		sis $verb --backend "$here"
		expect_error 1 "cannot ${verb%% *} 'tank/v1': $(there_has "$1")" "$pair: $verb"
		is "$pair: $verb: is no second disk, the other volume is shared" "$theirs $v2" \
			"$(of "$here" targets)"
	done
	is "$pair: the other side is as it was" "$before" "$(of "$there" everything)"
	is "$pair: no identity is kept" "" "$(identity tank/v1)"
	gone_by_hand
	sis share --backend "$here" tank/v1
	expect_quiet 0 "$pair: once it is gone there"
	is "$pair: it is shared" "$theirs $v1 $v2" "$(of "$here" targets)"
}

# The same file by another name.
linked() {
	fresh
	ln -sf "$pool/v1" "$world/linked"
	by_hand "$world/linked"
	sis share --backend "$here" -a
	expect_error 1 "cannot share 'tank/v1': $(there_has "$1")" "$pair: through another path"
}

# A second LUN of a target of ours.
second_lun() {
	fresh
	set_property tank/v2 off
	sis share --backend "$here" tank/v1
	by_hand "$pool/v2"
	set_property tank/v2 "name=$v1,lun=7"
	sis share --backend "$here" tank/v2
	expect_error 1 "'tank/v2' is LUN " "$pair: as a second LUN of a target of ours"
	is "$pair: the target has it not" "" "$(of "$here" lun_is "$v1" 7 path)"
	is "$pair: and what it has stays" "$pool/v1" "$(of "$here" lun_is "$v1" "$lun" path)"
}

# What is live here is no more disks by a change of it.
live_here() {
	fresh
	sis share --backend "$here" -a
	by_hand "$pool/v1"
	sis sync --backend "$here"
	expect_quiet 0 "$pair: a sync that has nothing to do"
	set_property tank/v1 "$value,name=$v1.moved"
	sis sync --backend "$here"
	expect_quiet 0 "$pair: one that changes the name"
	is "$pair: it has the other name" "$theirs $v1.moved $v2" "$(of "$here" targets)"
	sis unshare --backend "$here" tank/v1
	expect_quiet 0 "$pair: unshare"
}

ours_there() {	# VOLUME
	echo "cannot share '$1': '$1' is shared through ${there^^}; move it with \`shareiscsi sync --backend $here --from $there\`, or unshare it there"
}

# Ours, and the path that the other side knows leads nowhere any more.
renamed() {
	fresh
	sis share --backend "$there" tank/v1
	mv "$pool/v1" "$pool/v9"
	sis share --backend "$here" tank/v9
	expect_error 1 "$(ours_there tank/v9)" "$pair: ours, by another name since"
}

# What the message says leads out of it.
taken_over() {
	# LUN 0, which the sides give who makes a target by hand, tgtd has not.
	[ "$here" != stgt ] || return 0
	fresh
	unset_property tank/v1
	by_hand "$pool/v1"
	sis adopt --backend "$there" "$byhand"
	expect_status 0 "$pair: it is taken over there"
	sis share --backend "$here" tank/v1
	expect_error 1 "$(ours_there tank/v1)" "$pair: then it is ours, and could be moved"
	rm "$root/run/shareiscsi/$there/$byhand"
	sis share --backend "$here" tank/v1
	expect_error 1 "$(ours_there tank/v1)" "$pair: also when the record of it is lost"
	sis sync --backend "$there"
}

moved() {
	fresh
	set_property tank/v2 off
	sis share --backend "$there" tank/v1
	volume tank/v2 16M off
	by_hand "$pool/v2"
	set_property tank/v2 "$value"
	sis plan --backend "$here" --from "$there"
	expect_error 1 "cannot move 'tank/v2': 'tank/v2' is LUN " "$pair: plan of a move"
	sis sync --backend "$here" --from "$there"
	expect_error 1 "cannot move 'tank/v2': 'tank/v2' is LUN " "$pair: a move leaves what is theirs"
	is "$pair: and moves what is ours" "$theirs $v1, $byhand $theirs" \
		"$(of "$here" targets), $(of "$there" targets)"
}

pair() {	# HERE THERE LUN VALUE LUN: of ours, and of a target made by hand there
	here=$1 there=$2 lun=$3 value=$4 pair="$1 beside $2"
	refused "$5"
	linked "$5"
	second_lun
	live_here
	renamed
	taken_over
	moved
	fresh
}

# ---- for one, what needs to be shown but once ----

# tgtd does not answer: who asked it would wait, and tell.
hung() {
	here=scst there=stgt value=lun=1,blocksize=512 pair="a tgtd that does not answer"
	fresh
	printf '%s\n' '[general]' 'timeout = 1' >"$root/etc/shareiscsi.conf"
	sis share --backend stgt tank/v1
	sis share --backend scst tank/v2
	volume tank/v3 16M "$value"
	new_front
	export SHAREISCSI_BACKEND=scst
	kill -STOP "$tgtd"
	for verb in "sync tank/v2" "share tank/v2" "status tank/v2" "unshare tank/v2"; do
		# shellcheck disable=SC2086 # a verb and its operand
		sis $verb --backend scst
		expect_quiet 0 "$pair is not asked by $verb"
	done
	sis share --backend scst -a
	expect_status 1 "$pair: our own record of it counts"
	is "$pair: and is what is told of it" \
		"shareiscsi: cannot share 'tank/v1': 'tank/v1' is shared through STGT" \
		"$(grep -o "^shareiscsi: cannot .* through STGT" <<<"$err")"
	is "$pair: there is one warning that names it" 1 \
		"$(grep -c "STGT cannot be read, so it cannot be told whether it has these volumes, too: " <<<"$err")"
	is "$pair: other volumes are shared" "$theirs $v2 $prefix:tank.v3" "$(of scst targets)"
	volume tank/v4 16M
	z zfs set "shareiscsi=$value" tank/v4
	expect_refused 0 "STGT cannot be read" "$pair: zfs set asks it once"
	kill -CONT "$tgtd"
	sis sync --backend scst tank/v1
	expect_error 1 "'tank/v1' is shared through STGT" "once it answers, the same"
	rm "$root/etc/shareiscsi.conf"
	fresh
}

# A target that does not run has nothing, and nothing is started to learn its version.
ended() {
	here=scst there=iet value=on pair="a target that does not run"
	fresh
	use stgt
	target_stop
	rm "$root/usr/sbin/tgtadm"
	printf '%s\n' '#!/bin/sh' "echo tgtadm >>$world/started" >"$root/usr/sbin/tgtadm"
	chmod +x "$root/usr/sbin/tgtadm"
	printf '%s\n' '[stgt]' 'transport = auto' >"$root/etc/shareiscsi.conf"
	sis share --backend scst tank/v1
	expect_quiet 0 "$pair: no word of it"
	is "$pair: nothing is started" "" "$(cat "$world/started" 2>/dev/null)"
}

new_world
pair iet stgt 1 lun=1 1
pair scst iet 1 lun=1,blocksize=512 0
pair stgt scst 1 lun=1,blocksize=512 0
hung
ended
done_testing
