#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# What others made is shown and never touched.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
theirs=iqn.2001-04.com.example:theirs
truncate -s 10M "$world/theirs.img" "$world/other.img"
adm --lld iscsi --op new --mode target --tid 1 -T "$theirs"
adm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b "$world/theirs.img"
adm --lld iscsi --op bind --mode target --tid 1 --initiator-address ALL
adm --lld iscsi --op new --mode target --tid 3 -T "$theirs.empty"
before=$(live_of "$theirs")

volume tank/v1 10M on
sis share -a
expect_quiet 0 "share beside a foreign target"
is "takes the free TID" 2 "$(tid_of "$prefix:tank.v1")"
sis status
expect_quiet 0 "status: no difference"
is "shows the foreign LUN" "foreign - $theirs 1 1 stgt 10M 0" "$(grep "$theirs " <<<"$out" | tr -s ' ')"
is "and the foreign target without one" "foreign - $theirs.empty - 3 stgt - 0" \
	"$(grep "$theirs.empty" <<<"$out" | tr -s ' ')"
sis status tank
! grep -q foreign <<<"$out"
verdict $? "not when volumes are named"
for verb in "sync" "sync -f" "unshare -f -a" "sync"; do
	# shellcheck disable=SC2086 # a verb and its option
	sis $verb
	expect_quiet 0 "$verb"
	is "$verb leaves it alone" "$before" "$(live_of "$theirs")"
done
is "so does it the empty one" 3 "$(tid_of "$theirs.empty")"
hold_session "$(url "$theirs")"
sis unshare -a
expect_quiet 0 "sessions of others are nobody's concern"
sis sessions
expect_out "$theirs" "but are shown"
release_session
sis unshare -a

# ---- our volume ----

volume tank/both 10M on
adm --lld iscsi --op new --mode logicalunit --tid 1 --lun 2 -b "$pool/both"
for verb in "share tank/both" "sync" "sync -f" "share -a"; do
	calls >/dev/null
	# shellcheck disable=SC2086 # a verb and its operand
	sis $verb
	expect_error 1 "'tank/both' is LUN 2 of target '$theirs' already, which was not made by this tool; take that over with \`shareiscsi adopt $theirs\`, or remove it" \
		"$verb: a volume that they share"
	! grep -qF "$prefix:tank.both" <<<"$(live)"
	verdict $? "is no second disk"
done
sis status tank/both
expect_out "already" "status says so"
adm --lld iscsi --op delete --mode logicalunit --tid 1 --lun 2
ln -s "$pool/both" "$world/linked"
adm --lld iscsi --op new --mode logicalunit --tid 1 --lun 2 -b "$world/linked"
for verb in plan "share tank/both" "sync"; do
	# shellcheck disable=SC2086 # a verb and its operand
	sis $verb
	expect_error 1 "'tank/both' is LUN 2 of target '$theirs' of STGT already, which was not made by this tool; " \
		"$verb: also by another path"
	! grep -qF "$prefix:tank.both" <<<"$(live)"
	verdict $? "is no second disk"
done
sis status tank/both
expect_out "tank/both: 'tank/both' is LUN 2 of target '$theirs' of STGT already, " "status says so, too"
adm --lld iscsi --op delete --mode logicalunit --tid 1 --lun 2
sis share tank/both
expect_quiet 0 "and is shared when they let go"
sis unshare -a
rm "$pool/both"

# ---- our name ----

mine=$prefix:tank.v1
calls >/dev/null
for lun in without with; do
	[ "$lun" = with ] || adm --lld iscsi --op new --mode target --tid 5 -T "$mine"
	[ "$lun" = without ] ||
		adm --lld iscsi --op new --mode logicalunit --tid 5 --lun 1 -b "$world/other.img"
	before=$(live)
	sis share tank/v1
	expect_error 1 "cannot share 'tank/v1': target '$mine' exists and was not made by this tool; remove it or choose another name with name=" \
		"a foreign target $lun LUN has our name"
	sis sync -f
	expect_error 1 "was not made by this tool" "-f does not help"
	is "nothing is done" "" "$(calls)"
	is "all is as it was" "$before" "$(live)"
	sis status
	expect_quiet 3 "status tells"
done
sis unshare -f -a
expect_quiet 0 "unshare does not touch it"
is "it is there" "$before" "$(live)"
volume tank/v2 10M on
sis share -a
expect_error 1 "'tank/v1'" "one conflict"
[ -n "$(tid_of "$prefix:tank.v2")" ]
verdict $? "stops no other volume"
adm --lld iscsi --op delete --mode target --tid 5
sis sync
expect_quiet 0 "once it is gone, ours comes"

# ---- a LUN of theirs in our target ----

tid=$(tid_of "$mine")
adm --lld iscsi --op new --mode logicalunit --tid "$tid" --lun 5 -b "$world/other.img"
calls >/dev/null
sis sync
expect_quiet 0 "a foreign LUN in our target"
is "is left alone" "" "$(calls)"
sis status
expect_out "foreign" "and shown"
set_property tank/v2 "name=$mine,lun=5"
sis sync
expect_error 1 "LUN 5 of '$mine' is held by '$world/other.img'" "its number is taken"
set_property tank/v2 on
sis sync
sis unshare tank/v1
expect_quiet 0 "unshare of ours"
is "leaves theirs" 5 "$(live_of "$mine" | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p')"
is "whoever may log in to it still may" ALL "$(live_of "$mine" | sed -n '/ACL/,$s/^        //p')"

done_testing
