#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# What somebody may have planted: in place of the file with the name, below /run, in tgtd's listing.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
volume tank/v1 10M on
sis share tank/v1
iqn=$prefix:tank.v1
before=$(live)
calls >/dev/null

untouched() {	# WHAT
	is "$1: nothing is told to tgtd" "" "$(calls)"
	is "$1: all is as it was" "$before" "$(live)"
}

# ---- in place of /etc/iscsi_target_id ----

id=$root/etc/iscsi_target_id
volume tank/fresh 10M on

bad_id() {	# WHAT
	sis share tank/fresh
	expect_error 1 "/etc/iscsi_target_id" "$1 in place of the file"
	untouched "$1"
	rm -rf "$id"
}

rm "$id"
mkdir "$id"
bad_id "a folder"
mkfifo "$id"
bad_id "a FIFO"
ln -s "$world/none/../x" "$id"
ln -sfn "$id" "$id"
bad_id "a link to itself"
head -c 1000000 /dev/zero | tr '\0' a >"$id"
bad_id "a huge one"
head -c 4096 /dev/urandom >"$id"
bad_id "a binary one"
printf '%s\0%s\n' "$prefix" x >"$id"
bad_id "one with a NUL"
printf '%s; touch pwned\n' "$prefix" >"$id"
bad_id "one with a command"
: >"$id"
bad_id "an empty one"
echo "$prefix" >"$world/elsewhere"
ln -s "$world/elsewhere" "$id"
sis share tank/fresh
expect_quiet 0 "a link to a good one is followed"
sis unshare tank/fresh
unset_property tank/fresh
calls >/dev/null

# ---- below /run ----

run=$root/run/shareiscsi
mkdir "$world/theirs"
mv "$run" "$world/run"

refused() {	# WHAT
	local verb
	for verb in "share -a" "sync" "plan" "status" "later tank/v1"; do
		# shellcheck disable=SC2086 # a verb and its arguments
		case $verb in later*) bare sync --later --root "$root" tank/v1 ;; *) sis $verb ;; esac
		expect_error 1 "'$run' is not safe to use: $1; remove it" "$verb: $1"
	done
	is "$1: nothing is put there" "" "$(ls -A "$world/theirs")"
	untouched "$1"
	rm -rf "$run"
}

ln -s "$world/theirs" "$run"
refused "it is no directory"
: >"$run"
refused "it is no directory"
mkdir -m 777 "$run"
chmod 1777 "$run"
refused "others can write to it"
mkdir "$run"
chown 65534 "$run"
refused "another user owns it"
mv "$world/run" "$run"
sis sync
expect_quiet 0 "with its own folder all is well"
for name in lock queue.lock queue; do
	rm -f "$run/$name"
	ln -s "$world/theirs/x" "$run/$name"
	bare sync --later --root "$root" tank/v1
	sis sync
	is "$name is a link: nothing is written behind it" "" "$(ls -A "$world/theirs")"
	rm -f "$run/$name"
done
echo precious >"$world/theirs/x"
ln -f "$world/theirs/x" "$run/stgt/.$iqn.$$.tmp"
rm "$run/stgt/$iqn"
ln -s "$world/theirs/x" "$run/stgt/$iqn"
set_property tank/v1 iomode=ro
sis sync
set_property tank/v1 on
sis sync
is "a record that is a link: what it points to stays as it is" precious "$(<"$world/theirs/x")"
rm -rf "$run"
sis sync
expect_quiet 0 "without all that"
calls >/dev/null

# ---- what an initiator calls itself stands in tgtd's listing ----

forged=$prefix:x$'\n    LUN information:\n    ACL information:\n        ALL\nTarget 9: iqn.z:z\n    System information:\n        Driver:'
hold_session "$(url "$iqn")" "$forged"
live | grep -q '^Target 9:'
verdict $? "an initiator puts a target into the listing"
for verb in sync status "unshare -a" "share -a"; do
	# shellcheck disable=SC2086 # a verb and its arguments
	sis $verb
	expect_error 1 "cannot trust tgtd's list of targets: there is no TID 9" "$verb does not believe it"
done
is "nothing is done" "" "$(calls)"
release_session
sis sync
expect_quiet 0 "when it has left all is well"
done_testing
