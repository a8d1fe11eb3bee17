#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# One list of what sharing means, for every back end: drives the program against a live target and
# looks at the target by other means than the program's. Knows no target: see lib.sh.
# usage: conformance.sh stgt|scst|iet|lio [BUILD]
#
# shellcheck disable=SC2317 # parts are called by name
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"

part_share() {
	local planned i
	volume tank/v1 16M on
	sis plan
	[ "$status" -eq 3 ] && [ -z "$err" ]
	verdict $? "plan of a new share: exit 3"
	same "plan"
	planned=$(grep -v '^#' <<<"$out" | plain)
	does "share" share tank/v1
	is "share does what plan printed" "$planned" "$changed"
	for ((i = 0; i < ${#order[@]}; i++)); do
		grep -nE -- "${order[i]}" <<<"$changed" | head -n 1 | cut -d: -f1
	done >"$world/order"
	is "each step of it is there, in order" "${#order[@]} $(sort -n "$world/order" | paste -sd' ')" \
		"$(wc -l <"$world/order") $(paste -sd' ' "$world/order")"
	is "the one that opens the target is the last" "$(wc -l <<<"$changed")" "$(tail -n 1 "$world/order")"
	is "the target is there" "$iqn" "$(targets)"
	shows "share" "$iqn" "$first_lun" tank/v1
	is "its size" 16777216 "$(lun_is "$iqn" "$first_lun" size)"
	is "who may log in" all "$(rules "$iqn")"
	for i in "share tank/v1" "share -a" "share tank" "sync tank/v1" "share -a -v"; do
		# shellcheck disable=SC2086 # a verb and its arguments
		sis $i
		expect_status 0 "$i once more"
		same "$i"
	done
	sis status -j
	is "status: the row" \
		"shared $iqn $first_lun $backend 16777216 0 $(guid_of tank/v1) $blocksize false $world/pool/tank/v1 null" \
		"$(row tank/v1 state iqn lun target bytes sessions serial blocksize readonly path reason)"
	sis plan -j
	expect_json '.steps == [] and .problems == []' "plan -j is empty"
	login "$iqn"
	verdict $? "an initiator logs in"
	is "it is listed" "$who" "$(sessions "$iqn")"
	sis sessions -j
	expect_json ".sessions | length == 1 and .[0].initiator == \"$who\" and .[0].iqn == \"$iqn\"" "by us, too"
	logout
}

part_unshare() {
	volume tank/v1 16M on
	does "share" share tank/v1
	sis unshare tank/v1
	expect_quiet 0 "unshare"
	is "the target is gone" "" "$(targets)"
	is "nothing of it is left" "$nothing" "$(everything)$(records)"
	is "the property stays" on "$(attribute tank/v1 shareiscsi)"
	changes >/dev/null
	again "unshare once more" unshare tank/v1
	again "unshare -a of nothing" unshare -a
	sis status -j
	expect_status 3 "status after unshare: exit 3"
	is "status after unshare" "pending null" "$(row tank/v1 state tid)"
	does "share after unshare" share tank/v1
	shows "share after unshare" "$iqn" "$first_lun" tank/v1
}

part_several() {
	local i all=
	for i in 1 2 3 4 5; do
		volume "tank/v$i" 16M on
		all="$all${all:+ }$prefix:tank.v$i"
	done
	does "share -a of five" share -a
	is "five targets are there" "$all" "$(targets)"
	for i in 1 5; do
		shows "share -a" "$prefix:tank.v$i" "$first_lun" "tank/v$i"
	done
	does "unshare of one" sync tank/v3
	sis unshare tank/v3
	is "four are left" "${all/ $prefix:tank.v3/}" "$(targets)"
	sis unshare -a
	expect_quiet 0 "unshare -a"
	is "none is left" "$nothing" "$(everything)$(records)"
	changes >/dev/null
	again "unshare -a once more" unshare -a
}

only_in_place() {	# WHAT
	[ -n "$changed" ] && ! grep -qvE -- "$in_place" <<<"$changed"
	verdict $? "$1: nothing else was touched" || echo "$changed" | explain
}

part_initiators() {
	local lines
	volume tank/v1 16M "initiator=$prefix:one"
	does "share with initiator=" share tank/v1
	is "who may log in" "$prefix:one" "$(rules "$iqn")"
	lines=$(grep -nE -- "$rules_before" <<<"$changed" | head -n 1 | cut -d: -f1)
	[ "${lines:-0}" -gt 0 ] && [ "$lines" -lt "$(grep -nE -- "${order[-1]}" <<<"$changed" | tail -n 1 | cut -d: -f1)" ]
	verdict $? "that is said before the target is opened" || echo "$changed" | explain
	! login "$iqn" "$prefix:two"
	verdict $? "another one is not let in"
	logout
	login "$iqn" "$prefix:one"
	verdict $? "that one is"
	set_property tank/v1 "initiator=$prefix:one;$prefix:two"
	does "one more in initiator=" sync
	is "one more may log in" "$prefix:one $prefix:two" "$(rules "$iqn")"
	only_in_place "one more in initiator="
	is "the session stays" "$prefix:one" "$(sessions "$iqn")"
	set_property tank/v1 "initiator=$prefix:two"
	refused 4 "shuts out" "one less in initiator=, who is logged in," sync
	does "one less in initiator=, by force" sync -f
	is "one less may log in" "$prefix:two" "$(rules "$iqn")"
	is "the session of the other has ended" "" "$(sessions "$iqn")"
	logout
	set_property tank/v1 on
	does "without initiator=" sync
	is "all may log in" all "$(rules "$iqn")"
	shows "without initiator=" "$iqn" "$first_lun" tank/v1
	login "$iqn" "$prefix:three"
	verdict $? "anybody is let in"
	set_property tank/v1 "initiator=$prefix:three"
	does "initiator= while all may" sync
	is "only that one may log in" "$prefix:three" "$(rules "$iqn")"
	is "it is still there" "$prefix:three" "$(sessions "$iqn")"
}

secrets() {	# LINE...
	mkdir -p "$root/etc/shareiscsi"
	(umask 077 && printf '%s\n' '[lab]' "$@" >"$root/etc/shareiscsi/secrets")
}

unseen() {	# WHAT
	[[ $out$err != *"$first_secret"* && $out$err != *"$second_secret"* ]]
	verdict $? "$1 tells no secret"
}

part_chap() {
	local first_secret=secret-of-alice second_secret=another-of-alice
	secrets 'user = alice' "password = $first_secret"
	volume tank/v1 16M auth=lab
	sis plan -v
	expect_status 3 "plan of a share with CHAP"
	unseen "plan -v"
	sis plan -j
	unseen "plan -j"
	sis share -v tank/v1
	expect_status 0 "share with CHAP"
	unseen "share -v"
	changes >/dev/null
	settled "share with CHAP"
	sis status -j
	unseen "status -j"
	is "the target has the user" alice "$(chap "$iqn")"
	lets_in "$iqn" alice "$first_secret"
	verdict $? "the right secret is let in"
	! lets_in "$iqn" alice "$second_secret"
	verdict $? "a wrong one is not"
	! lets_in "$iqn"
	verdict $? "nor who has none"
	login_as=(-c alice "$first_secret")
	login "$iqn"
	verdict $? "a session begins"
	login_as=()
	secrets 'user = alice' "password = $second_secret"
	does "another secret" sync
	is "the session stays" "$who" "$(sessions "$iqn")"
	logout
	lets_in "$iqn" alice "$second_secret"
	verdict $? "the new secret is let in"
	! lets_in "$iqn" alice "$first_secret"
	verdict $? "the old one is not"
	secrets 'user = alicia' "password = $second_secret" 'mutual-user = disk' "mutual-password = $first_secret"
	does "another user, and mutual" sync
	is "the target has both" "alicia mutual:disk" "$(chap "$iqn")"
	lets_in "$iqn" alicia "$second_secret"
	verdict $? "the new user is let in"
	! lets_in "$iqn" alice "$second_secret"
	verdict $? "the old one is not"
	secrets 'user = alicia' "password = $second_secret"
	does "no longer mutual" sync
	is "the target has the one" alicia "$(chap "$iqn")"
	secrets
	sis sync
	expect_error 1 "lab" "credentials that are gone: one line"
	is "and the target stays as it is" alicia "$(chap "$iqn")"
	set_property tank/v1 on
	does "without auth=" sync
	is "there is no user" "" "$(chap "$iqn")"
	lets_in "$iqn"
	verdict $? "anybody is let in"
	rm -r "$root/etc/shareiscsi"
}

part_rules_readonly() {
	volume tank/v1 16M "initiator=$prefix:one=ro;$prefix:two"
	does "share with =ro for one" share tank/v1
	is "who may do what" "$prefix:one=ro $prefix:two" "$(rules "$iqn")"
	set_property tank/v1 "initiator=$prefix:one;$prefix:two=ro"
	does "the other way round" sync
	is "who may do what now" "$prefix:one $prefix:two=ro" "$(rules "$iqn")"
	only_in_place "the other way round"
}

# Where all LUNs are read-only `=ro` says nothing more; a LUN that has a problem is one of them.
part_rules_beside_readonly() {
	local rules="initiator=$prefix:one=ro;$prefix:two"
	volume tank/v1 16M "name=$iqn,lun=0,iomode=ro,$rules"
	volume tank/v2 16M "name=$iqn,lun=1,$rules"
	does "share, one LUN read-only" share -a
	is "who may do what" "$prefix:one=ro $prefix:two" "$(rules "$iqn")"
	set_property tank/v2 "name=$iqn,lun=1,nonsense=1,$rules"
	sis sync
	expect_error 1 "tank/v2" "a bad option of the other: one line"
	same "a bad option of the other"
	sis sync tank/v1
	expect_quiet 0 "sync of the read-only one"
	same "sync of the read-only one"
	set_property tank/v2 "name=$iqn,lun=1,$rules"
	sis share tank/v1
	expect_quiet 0 "both are right again"
	same "both are right again"
}

part_readonly() {
	volume tank/v1 16M on
	does "share" share tank/v1
	login "$iqn"
	set_property tank/v1 iomode=ro
	refused 4 "$who" "iomode=ro while an initiator is there" sync
	logout
	does "iomode=ro" sync
	shows "iomode=ro" "$iqn" "$first_lun" tank/v1 "$blocksize" yes
	set_property tank/v1 on
	does "and back" sync
	shows "and back" "$iqn" "$first_lun" tank/v1
}

part_blocksize() {
	volume tank/v1 16M blocksize=2048
	does "share with blocksize=2048" share tank/v1
	shows "blocksize=2048" "$iqn" "$first_lun" tank/v1 2048
	set_property tank/v1 blocksize=512
	refused 1 "block size is 2048, should be 512" "another block size" sync
	sis status
	expect_status 3 "status knows"
	sis unshare tank/v1
	expect_quiet 0 "unshare"
	changes >/dev/null
	does "share after that" share tank/v1
	shows "another block size" "$iqn" "$first_lun" tank/v1 512
	set_property tank/v1 on
	again "without the option it stays" sync
}

part_lun_number() {
	volume tank/v1 16M lun=7
	does "share with lun=7" share tank/v1
	shows "lun=7" "$iqn" 7 tank/v1
	is "there is no other" "" "$(lun_is "$iqn" "$first_lun" path)"
	set_property tank/v1 lun=9
	does "another number" sync
	shows "lun=9" "$iqn" 9 tank/v1
	is "the first is gone" "" "$(lun_is "$iqn" 7 path)"
	set_property tank/v1 on
	again "without the option it stays" sync
	set_property tank/v1 lun=16384
	refused 1 "lun '16384'" "a number too high" sync
	set_property tank/v1 on
}

part_two_luns() {
	local both=$prefix:both before
	volume tank/v1 16M "name=$both,lun=1"
	volume tank/v2 16M "name=$both,lun=2"
	does "two volumes in one target" share -a
	is "there is one target" "$both" "$(targets)"
	shows "two in one" "$both" 1 tank/v1
	shows "two in one" "$both" 2 tank/v2
	before=$(lun_is "$both" 1 path)
	sis unshare tank/v2
	expect_quiet 0 "unshare of one of them"
	is "that one is gone" "" "$(lun_is "$both" 2 path)"
	is "the other is there" "$before" "$(lun_is "$both" 1 path)"
	changes >/dev/null
	does "and back" share tank/v2
	shows "and back" "$both" 1 tank/v1
	shows "and back" "$both" 2 tank/v2
	set_property tank/v1 off
	does "the property of one is off" sync
	is "one is left" "$both" "$(targets)"
	is "it is not that one" "" "$(lun_is "$both" 1 path)"
	shows "the property of one is off" "$both" 2 tank/v2
	volume tank/v3 16M "name=$both,lun=2"
	sis sync
	expect_error 1 "tank/v3" "a third one with a number that is taken is refused"
	same "a number that is taken"
}

part_name() {
	volume tank/v1 16M on
	does "share" share tank/v1
	set_property tank/v1 "name=$prefix:other"
	login "$iqn"
	refused 4 "$who" "another name while an initiator is there" sync
	logout
	does "another name" sync
	is "the target has it" "$prefix:other" "$(targets)"
	shows "another name" "$prefix:other" "$first_lun" tank/v1
}

part_resize() {
	volume tank/v1 16M on
	does "share" share tank/v1
	login "$iqn"
	truncate -s 32M "$pool/v1"
	does "sync after a resize" sync
	is "the LUN has the new size" 33554432 "$(lun_is "$iqn" "$first_lun" size)"
	is "the session stays" "$who" "$(sessions "$iqn")"
	sis status -j
	is "status tells the new size" 33554432 "$(row tank/v1 bytes)"
}

part_in_use() {
	volume tank/v1 16M on
	volume tank/v2 16M on
	does "share" share -a
	login "$iqn"
	verdict $? "an initiator logs in"
	sis status -j
	is "status counts it" 1 "$(row tank/v1 sessions)"
	refused 4 "1 initiator is logged in to '$iqn' ($who" "unshare" unshare tank/v1
	set_property tank/v1 off
	refused 4 "$who" "property off" sync
	set_property tank/v1 on
	sis unshare -a
	expect_error 4 "$iqn" "unshare -a: exit 4"
	is "the other one is gone" "$iqn" "$(targets)"
	is "the session stays" "$who" "$(sessions "$iqn")"
	changes >/dev/null
	sis unshare -f tank/v1
	expect_quiet 0 "unshare -f"
	is "nothing is left" "$nothing" "$(everything)$(records)"
	was_ended
	verdict $? "the session was ended"
	logout
	sis share tank/v1
	login "$iqn"
	set_property tank/v1 iomode=ro
	sis sync -f
	expect_quiet 0 "sync -f of what drops the session"
	was_ended
	verdict $? "it was ended"
	logout
	changes >/dev/null
	settled "sync -f"
}

part_off() {
	volume tank/v1 16M on
	volume tank/v2 16M on
	does "share" share -a
	unset_property tank/v1
	sis status -j
	is "status calls it a leftover" leftover "$(row tank/v1 state)"
	sis share -a
	same "share -a takes nothing away"
	does "sync after the property went away" sync
	is "its target is gone" "$prefix:tank.v2" "$(targets)"
	rm "$pool/v2"
	does "sync after the volume went away" sync
	is "its target is gone, too" "" "$(targets)"
	is "no record is left" "" "$(records)"
}

part_rename() {
	local serial
	volume tank/v1 16M on
	does "share" share -a
	serial=$(lun_is "$iqn" "$first_lun" serial)
	login "$iqn"
	mv "$pool/v1" "$pool/moved"
	sis sync
	expect_quiet 0 "sync after a rename"
	is "the LUN is not made anew" "" "$(changes | grep -vE -- "$on_rename")"
	is "the session stays" "$who" "$(sessions "$iqn")"
	settled "a rename"
	sis status -j
	is "status: the new name, the old IQN" "shared $iqn $serial" "$(row tank/moved state iqn serial)"
	logout
	target_restart
	changes >/dev/null
	does "sync after a restart" sync
	shows "a rename and a restart" "$iqn" "$first_lun" tank/moved
	is "the serial number stays" "$serial" "$(lun_is "$iqn" "$first_lun" serial)"
}

part_restart() {
	local before planned
	volume tank/v1 16M on
	volume tank/v2 16M lun=3
	does "share" share -a
	before=$(everything)
	target_restart
	is "after a restart there is nothing" "" "$(targets)"
	changes >/dev/null
	sis status -j
	expect_status 3 "status says so"
	is "status: the rows" "lost lost" "$(row tank/v1 state) $(row tank/v2 state)"
	does "sync brings it back" sync
	is "it is the same in all" "$before" "$(everything)"
	target_restart
	rm -r "$root/run/shareiscsi"
	does "sync after a restart without record" sync
	is "it is the same again" "$before" "$(everything)"
	target_restart
	set_property tank/v1 off
	set_property tank/v2 off
	changes >/dev/null
	sis plan
	planned=$(grep -v '^#' <<<"$out" | plain)
	does "sync of what is off, after a restart" sync
	is "what is left of it goes as plan printed" "$planned" "$changed"
	is "nothing is left of it" "" "$(targets)$(records)"
	set_property tank/v1 on
	set_property tank/v2 on
	does "share" share -a
	target_restart
	sis unshare -a
	expect_quiet 0 "unshare -a after a restart"
	is "nothing is left of it" "" "$(targets)$(records)"
}

part_foreign() {
	local other=$prefix:foreign before
	truncate -s 16M "$world/other"
	foreign_target "$other" "$world/other"
	volume tank/v1 16M on
	changes >/dev/null
	before=$(raw "$other")
	does "share beside a foreign target" share -a
	sis status -j
	is "status shows it" foreign "$(jq -r --arg i "$other" '.status[] | select(.iqn == $i) | .state' <"$world/out")"
	is "it was not touched by share" "$before" "$(raw "$other")"
	sis unshare -a
	expect_quiet 0 "unshare -a"
	is "it was not touched by unshare -a" "$before" "$(raw "$other")"
	sis unshare -f -a
	is "nor by unshare -f -a" "$before" "$(raw "$other")"
	sis share -a
	target_has_foreign=$(targets)
	is "both are there" "$other $iqn" "$target_has_foreign"
	rm "$pool/v1"
	sis sync -f
	expect_quiet 0 "sync -f"
	is "nor by sync -f" "$before" "$(raw "$other")"
	foreign_gone "$other"
}

part_foreign_lun() {
	truncate -s 16M "$world/other"
	volume tank/v1 16M on
	does "share" share -a
	foreign_lun "$iqn" 5 "$world/other"
	changes >/dev/null
	settled "a LUN of others in our target"
	is "it is there" "$world/other" "$(lun_is "$iqn" 5 path)"
	truncate -s 32M "$pool/v1"
	sis sync
	expect_quiet 0 "a change beside it"
	is "it is still there" "$world/other" "$(lun_is "$iqn" 5 path)"
	sis unshare tank/v1
	expect_quiet 0 "unshare beside it"
	is "ours is gone" "" "$(lun_is "$iqn" "$first_lun" path)"
	is "theirs is there" "$world/other" "$(lun_is "$iqn" 5 path)"
	changes >/dev/null
	again "unshare once more" unshare tank/v1
	again "unshare -a" unshare -f -a
	foreign_gone "$iqn"
}

part_conflict() {
	local before
	truncate -s 16M "$world/other"
	foreign_target "$iqn" "$world/other"
	volume tank/v1 16M on
	volume tank/v2 16M on
	changes >/dev/null
	before=$(raw "$iqn")
	sis share tank/v1
	expect_error 1 "target '$iqn' exists and was not made by this tool" "a foreign target with our IQN"
	same "a conflict"
	sis sync
	expect_error 1 "'tank/v1'" "sync says so, too"
	is "the others are shared all the same" "$iqn $prefix:tank.v2" "$(targets)"
	sis sync -f
	expect_error 1 "'tank/v1'" "sync -f as well"
	is "it was not touched" "$before" "$(raw "$iqn")"
	sis status
	expect_status 3 "status: exit 3"
	sis unshare -f -a
	is "nor by unshare -f -a" "$before" "$(raw "$iqn")"
	foreign_gone "$iqn"
	changes >/dev/null
	does "sync when it is gone" sync
	shows "sync when it is gone" "$iqn" "$first_lun" tank/v1
}

part_record() {
	local before
	volume tank/v1 16M on
	volume tank/v2 16M "lun=3"
	does "share" share -a
	before=$(everything)
	rm -r "$root/run/shareiscsi"
	sis status
	expect_quiet 0 "status without record"
	again "sync without record" sync
	is "the record is there again" 2 "$(records | grep -c .)"
	is "nothing was touched" "$before" "$(everything)"
	rm -r "$root/run/shareiscsi"
	sis unshare -a
	expect_quiet 0 "unshare -a without record"
	is "takes all away" "$nothing" "$(everything)$(records)"
}

# What is beside a tree is not forgotten over it.
part_tree() {
	volume tank/v1 16M on
	volume tank/f/v2 16M on
	does "share" share -a
	again "sync of a tree" sync tank/f
	is "the records of all are there" 2 "$(records | grep -c .)"
	rm "$pool/v1"
	does "sync when a volume beside it was destroyed" sync
	is "ends its share" "$prefix:tank.f.v2" "$(targets)"
}

# ---- all of it ----

new_world
part part_share
part part_unshare
part part_several
part part_initiators names
part part_chap chap
part part_rules_readonly names names-ro
part part_rules_beside_readonly names names-ro
part part_readonly
part part_blocksize blocksize
part part_lun_number
part part_two_luns
part part_name
part part_resize resize
part part_in_use
part part_off
part part_rename
part part_restart
part part_foreign
part part_foreign_lun
part part_conflict
part part_record
part part_tree
done_testing
