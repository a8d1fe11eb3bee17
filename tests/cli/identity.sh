#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Names and serial numbers: minted once and kept through renames; copies get their own; several
# LUNs in one target; names that collide.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd

# ---- kept ----

volume tank/v1 10M on
sis share tank/v1
iqn=$prefix:tank.v1
serial=$(serial_of "$iqn")
[[ $(identity tank/v1) == "guid=$serial,lun=1,blocksize=512,iqn=$iqn" ]]
verdict $? "the identity is kept in the volume"
mkdir "$world/pool/tank/new"
mv "$world/pool/tank/v1" "$world/pool/tank/new/name"
sis sync
expect_quiet 0 "sync after a rename"
sis status
is "the IQN stays" "shared tank/new/name $iqn" "$(sed -n 2p <<<"$out" | tr -s ' ' | cut -d' ' -f1-3)"
is "so does the serial number" "$serial" "$(serial_of "$iqn")"
is "the path is the new one" "Backing store path: $world/pool/tank/new/name" \
	"$(live | grep -o "Backing store path: $world.*")"
sis unshare -a
echo iqn.1999-01.org.example >"$root/etc/iscsi_target_id"
sis share -a
[ -n "$(tid_of "$iqn")" ]
verdict $? "another prefix changes no kept name"
volume tank/v2 10M on
sis share -a
[ -n "$(tid_of iqn.1999-01.org.example:tank.v2)" ]
verdict $? "but counts for a new one"
echo "$prefix" >"$root/etc/iscsi_target_id"
sis unshare -a

# ---- renamed by one, taken by another ----

volume tank/v1 10M on
sis sync
expect_error 1 "target name '$iqn' is already that of 'tank/new/name'" \
	"a new volume with the old name of another is refused"
is "and not shared" 1 "$(live | grep -c "^ *Backing store path: $world/pool/tank/[nv][a-z]*[/1]")"
rm "$world/pool/tank/v1"

# ---- copies ----

cp --preserve=all "$world/pool/tank/new/name" "$world/pool/tank/copy"
sis sync
expect_quiet 0 "a copy with all its properties"
copy=$prefix:tank.copy
[ -n "$(tid_of "$copy")" ]
verdict $? "has its own name"
[ "$(serial_of "$copy")" != "$serial" ] && [ "$(serial_of "$iqn")" = "$serial" ]
verdict $? "and its own serial number; the first one keeps its"
[[ $(identity tank/copy) == "guid=$(serial_of "$copy"),"*"iqn=$copy" ]]
verdict $? "its identity is its own"
sis unshare -a
setfattr -n user.org.zfsonlinux:shareiscsi:identity -v 'guid=;rm -rf /' "$world/pool/tank/copy"
sis share tank/copy
expect_quiet 0 "an identity that is none"
[[ $(identity tank/copy) == *"iqn=$copy" ]]
verdict $? "is replaced"
sis unshare -a
rm -r "$world/pool/tank"

# ---- several LUNs ----

name=iqn.2001-04.com.example:many
volume tank/a 10M "name=$name,lun=1"
volume tank/b 20M "name=$name,lun=2"
volume tank/c 30M "iqn=$name,lun=200"
sis share -a
expect_quiet 0 "three LUNs in one target"
is "there is one target" "$name" "$(targets)"
is "with these LUNs" "1 2 200" "$(live | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p' | paste -sd' ')"
is "with three serial numbers" 3 "$(for n in 1 2 200; do serial_of "$name" "$n"; done | sort -u | grep -c .)"
sis status
is "status has three rows" 3 "$(grep -c "^shared .*$name" <<<"$out")"
calls >/dev/null
sis share -a
is "a second share does nothing" "" "$(calls)"
sis unshare tank/b
expect_quiet 0 "unshare of one"
is "takes just that" "1 200" "$(live | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p' | paste -sd' ')"
is "by one command" "tgtadm --lld iscsi --op delete --mode logicalunit --tid $(tid_of "$name") --lun 2" "$(calls)"
sis share tank/b
expect_quiet 0 "share of one"
is "adds just that" 3 "$(calls | grep -c -- '--lun 2')"
is "to the target that is there" "1 2 200" "$(live | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p' | paste -sd' ')"
hold_session "$(url "$name" 1)"
sis unshare tank/b
expect_error 4 "1 initiator is logged in to '$name'" "a LUN in use stays"
volume tank/d 10M "name=$name,lun=4"
sis share tank/d
expect_quiet 0 "a LUN more drops no session"
is "indeed" 1 "$(live | grep -c "Initiator: ")"
release_session
volume tank/e 10M "name=$name,lun=2"
sis share tank/e
expect_error 1 "cannot share 'tank/e': LUN 2 of target '$name' is already 'tank/b'" "a LUN number that is taken"
sis share -a
expect_error 1 "cannot share 'tank/e': LUN 2 of target '$name' is already 'tank/b'" "the same for all"
is "that LUN is who it was" "$world/pool/tank/b" \
	"$(live | sed -n "s|^ *Backing store path: \($world/pool/tank/[be]\)|\1|p")"
set_property tank/e "name=$name,lun=5,initiator=10.0.0.1"
sis share tank/e
expect_error 1 "cannot share 'tank/e': initiator= differs from that of 'tank/" \
	"other rules in one target"
sis share -a
expect_error 1 "cannot share 'tank/e': initiator= differs from that of 'tank/" "the same for all"
rm "$world/pool/tank/e"
sis unshare tank
expect_quiet 0 "unshare of all of them"
is "nothing is left" "" "$(live)"
rm -r "$world/pool/tank"

# ---- collisions ----

volume a/b-c 10M on
volume a/b_c 10M on
sis share -a
expect_error 1 "cannot share 'a/b_c': target name '$prefix:a.b-c' is already that of 'a/b-c'; choose another one with name=" \
	"two volumes that end at one IQN"
is "the first is shared" "Backing store path: $world/pool/a/b-c" "$(live | grep -o "Backing store path: $world.*")"
sis status
expect_quiet 3 "status tells"
expect_out "error" "and calls it an error"
set_property a/b_c "name=$prefix:a.b-underscore-c"
sis share -a
expect_quiet 0 "name= helps"
is "both are there" 2 "$(live | grep -c ^Target)"

# ---- a moved volume's target ----

set_property a/b_c "name=$prefix:renamed"
sis sync
expect_quiet 0 "another name"
is "the old target is gone, the new one there" "$prefix:a.b-c $prefix:renamed" \
	"$(targets)"

done_testing
