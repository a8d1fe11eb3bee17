#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The record of what the program made is lost or spoilt: what can only be ours is taken as ours,
# all else is left alone.
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"
record=$root/run/shareiscsi/stgt/$v1

lose() {
	shared on
	set_property tank/v2 on
	sis sync
	calls >/dev/null
	rm -r "$root/run/shareiscsi"
}

lose
kept=$(live)
sis sync
expect_quiet 0 "sync without the record"
is "nothing is done anew" "" "$(calls)"
is "all is as it was" "$kept" "$(live)"
[ -s "$record" ]
verdict $? "the record is there again"
sis unshare -a
expect_quiet 0 "what was adopted can be taken away"
is "it is gone" "" "$(live)"

lose
sis unshare tank/v1
expect_quiet 0 "unshare without the record"
is "knows its target" "$prefix:tank.v2" "$(targets)"

lose
set_property tank/v1 iomode=ro
sis sync
expect_quiet 0 "a change without the record"
[[ $(live) == *"Readonly: Yes"* ]]
verdict $? "is made"

lose
set_property tank/v1 off
sis sync
expect_quiet 0 "without the record, a volume that is off"
is "is known by its identity" "$prefix:tank.v2" "$(targets)"

lose
rm "$world/pool/tank/v1"
sis sync
expect_quiet 0 "without the record, a volume that is gone"
is "can have been anybody's" "$v1 $prefix:tank.v2" "$(targets)"
sis status
[[ $out == *foreign*"$v1"* ]]
verdict $? "and is shown as foreign"

for text in 'nonsense' '' $'0123456789abcdef\t1\ttank/v1' $'xx\t1\ttank/v1\t/x' "$(head -c 3000 /dev/urandom | base64)"; do
	shared on
	kept=$(live)
	printf '%s\n' "$text" >"$record"
	sis sync
	expect_status 0 "a record that says '${text:0:30}'"
	is "the target is as it was" "$kept" "$(live)"
	grep -q "tank/v1" "$record"
	verdict $? "the record is right again"
done

# A run was killed while it wrote a record.
shared on
begun=${record%/*}/.$prefix:tank.v2.4711.tmp
printf '0123456789abcdef\t1' >"$begun"
sis plan
expect_quiet 0 "a plan with a record that was begun"
[ -e "$begun" ]
verdict $? "leaves it"
sis sync
expect_quiet 0 "a sync with a record that was begun"
[ ! -e "$begun" ] && [ -s "$record" ]
verdict $? "removes it, and no other"

# A record cannot make somebody else's target ours.
reset
adm --lld iscsi --op new --mode target --tid 1 -T "$v1"
adm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b "$world/pool/tank/v2"
mkdir -p "${record%/*}"
printf '0123456789abcdef\t1\ttank/v1\t%s\n' "$world/pool/tank/v1" >"$record"
kept=$(live)
for verb in sync "unshare -a" "unshare -f tank"; do
	# shellcheck disable=SC2086 # a verb and its arguments
	sis $verb
	is "$verb: a record that the target does not confirm" "$kept" "$(live)"
done

# No room for a record: what goes away needs none.
cat >"$world/full" <<EOF
#!/bin/sh
mount -t tmpfs -o size=64k none "$world/tmpfs" && cp -a "$root/run/." "$world/tmpfs" &&
mount --bind "$world/tmpfs" "$root/run"
head -c 1M /dev/zero >"$root/run/fill" 2>/dev/null
"$program" "\$@"
status=\$?
ls "$root/run/shareiscsi/stgt" >"$world/left"
exit \$status
EOF
chmod +x "$world/full"
mkdir "$world/tmpfs"

full() {	# VERB [ARGUMENT...]
	local ours=$program
	program=$world/full through+=(unshare -m)
	sis "$@"
	program=$ours
	unset 'through[-1]' 'through[-1]'
}

shared on
set_property tank/v2 on
full sync
expect_error 1 "cannot sync 'tank/v2': cannot write" "no room for a record: nothing is shared"
is "what was is as it was" "$v1" "$(targets)"
full unshare tank/v1
expect_status 0 "no room for a record: what is shared can be taken away"
is "it is gone" "" "$(targets)"
is "so is its record" "" "$(<"$world/left")"

# The machine was booted: nothing is remembered, nothing is there.
shared on
rm -r "$root/run/shareiscsi"
stop_tgtd
start_tgtd
sis sync
expect_quiet 0 "after a boot"
is "the share is back" "$v1" "$(targets)"

done_testing
