#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# zfs over the dir store while an initiator is logged in: what is refused, and that nothing is lost.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/front.sh
. "$(dirname "$0")/front.sh"
new_world
start_tgtd
new_front
iqn=$prefix:tank.d.v1
z zfs create tank/d
z zfs create -s -V 10M -o shareiscsi=on tank/d/v1
z zfs create -s -V 10M -o shareiscsi=on tank/d/v2
hold_session "$(url "$iqn")"
verdict $? "an initiator logs in"
calls >/dev/null

refused() {	# VERB WHAT COMMAND...
	z "${@:3}"
	expect_refused 1 "cannot $1 'tank/d/v1': 1 initiator is logged in to '$iqn'" "$2 is refused"
	is "$2 changes nothing" "" "$(calls)"
}

refused "set property for" "off" zfs set shareiscsi=off tank/d/v1
refused "set property for" "off for both" zfs set shareiscsi=off tank/d/v2 tank/d/v1
refused "set property for" "another LUN" zfs set shareiscsi=lun=7 tank/d/v1
refused "set property for" "another name" zfs shareiscsi=name=$prefix:x tank/d/v1
refused "inherit shareiscsi for" "inherit" zfs inherit shareiscsi tank/d/v1
refused "inherit shareiscsi for" "inherit -r from above" zfs inherit -r shareiscsi tank
refused "unshare" "unshare" zfs unshare tank/d/v1
refused "destroy" "destroy" zfs destroy tank/d/v1
refused "destroy" "destroy -r" zfs destroy -r tank/d
refused "rename" "rename" zfs rename tank/d/v1 tank/d/v3
refused "rename" "rename of the folder above" zfs rename tank/d tank/e
is "the properties are as they were" "tank/d/v1 on local tank/d/v2 on local" \
	"$(q zfs get -rH -t volume -o name,value,source shareiscsi tank)"

z zfs set shareiscsi=on tank/d
expect_quiet 0 "a value above that changes nothing below"
z zfs inherit shareiscsi tank/d/v1
expect_quiet 0 "inherit of the same value"
is "both without a step" "" "$(calls)"
z zfs set shareiscsi=on tank/d/v1
z zfs set shareiscsi=off tank/d
expect_quiet 0 "off above what has its own value"
z zfs set shareiscsi=initiator="$prefix:initiator" tank/d/v1
expect_quiet 0 "a rule can be changed in place"
z zfs set readonly=off tank/d/v1
expect_quiet 0 "another property"
z zfs set volsize=20M tank/d/v1
expect_quiet 0 "a new size"
is "the session is still there" 1 "$(live | grep -c "Initiator: $prefix:initiator")"

# A folder does not know that a file is in use, so who does must be asked.
configure '[general]' 'timeout = 1'
kill -STOP "$tgtd"
for what in "destroy tank/d/v1" "rename tank/d/v1 tank/d/v3"; do
	# shellcheck disable=SC2086 # several words
	z zfs $what
	expect_refused 1 "cannot ${what%% *} 'tank/d/v1': " "${what%% *} while tgtd hangs is refused, in one line"
done
kill -CONT "$tgtd"
configure
is "and nothing is lost" "tank/d/v1" "$(q zfs list -H -o name tank/d/v1)"

z zfs destroy -f tank/d/v1
expect_quiet 0 "destroy -f"
is "it is gone" "$prefix:tank.d.v2" "$(targets)"
wait_until grep -q '^ended' "$session_log"
verdict $? "and the session with it"
release_session
z zfs destroy -r tank/d
expect_quiet 0 "without sessions: destroy -r"
is "all is gone" "tank" "$(q zfs list -H -o name)"
is "from the target as well" "" "$(targets)"
done_testing
