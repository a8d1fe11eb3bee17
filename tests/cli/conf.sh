#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# /etc/shareiscsi.conf: what it may say, what is wrong with it, and the administrator's policy.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
conf=$root/etc/shareiscsi.conf
volume tank/v1 10M on
volume tank/sub/v2 10M lun=2
volume other/v3 10M on

write() {	# LINE...
	configure "$@"
}

# ---- errors ----

wrong() {	# LINE TEXT CONF-LINE...
	write "${@:3}"
	sis share -a
	expect_error 1 "$conf:$1: $2" "in the configuration: ${*:3}"
}

wrong 2 "unknown key 'frob' in section [general]" '[general]' 'frob = 1'
wrong 3 "unknown key 'backend' in section [frob]" '# a comment' '[frob]' 'backend = stgt'
wrong 1 "unknown key 'backend' in section []" 'backend = stgt'
wrong 2 "timeout = 0: must be" '[general]' 'timeout = 0' 'lock-timeout = x'
wrong 2 "" '[general]' 'no key and no value'
wrong 2 "" '[general]' 'backend ='
wrong 2 "timeout = 0: must be a number of seconds from 1 to 3600" '[general]' 'timeout = 0'
wrong 2 "lock-timeout = -1: must be" '[general]' 'lock-timeout = -1'
wrong 2 "device-wait = 10s: must be" '[general]' 'device-wait = 10s'
wrong 2 "control-port = 65536: must be a number from 0 to 65535" '[stgt]' 'control-port = 65536'
wrong 2 "transport = pigeon: must be auto, socket or tgtadm" '[stgt]' 'transport = pigeon'
wrong 2 "share-received = maybe: must be yes or no" '[policy]' 'share-received = maybe'
wrong 2 "options = lun, frob: unknown option 'frob'" '[policy]' 'options = lun, frob'
wrong 2 "allow = /tank: '/tank' is not a dataset name" '[policy]' 'allow = /tank'
is "nothing was done" "" "$(calls)"
rm "$conf"
mkdir "$conf"
sis share -a
expect_error 1 "$conf" "a configuration that is a folder"
rmdir "$conf"
write '[general]' 'backend = frob'
bare status --root "$root" --store "dir:$world/pool"
expect_error 2 "unknown back end 'frob'" "a back end that there is not"

# ---- defaults of the command line ----

write '[general]' 'backend = stgt' "store = dir:$world/pool"
bare share --root "$root" -a
expect_quiet 0 "back end and store from the configuration"
is "all are shared" 3 "$(live | grep -c ^Target)"
bare status --root "$root" --store "dir:$world/none"
expect_error 1 "$world/none" "the command line wins"
bare unshare --root "$root" -a
stop_tgtd
start_tgtd -C 7
bare status --root "$root"
expect_error 5 "not running" "tgtd with another control port is not there"
bare status --root "$root" -C 7
expect_status 3 "but with -C"
write '[general]' 'backend = stgt' "store = dir:$world/pool" '[stgt]' 'control-port = 7'
calls >/dev/null
bare share --root "$root" tank/v1
expect_quiet 0 "and with control-port"
grep -q '^tgtadm -C 7 --lld iscsi --op new' "$world/calls"
verdict $? "which tgtadm is told"
bare status --root "$root" -C 0
expect_error 5 "not running" "-C wins"
stop_tgtd
start_tgtd

# ---- policy ----

policy() {	# SHARED LINE...
	sis unshare -a
	write '[policy]' "${@:2}"
	sis share -a
	is "${*:2}: these are shared" "$1" "$(targets)"
}

v1=$prefix:tank.v1 v2=$prefix:tank.sub.v2 v3=$prefix:other.v3
policy "$v3 $v2 $v1" ''
policy "$v2 $v1" 'allow = tank'
expect_error 1 "cannot share 'other/v3': 'allow' in /etc/shareiscsi.conf does not name it" "allow says why"
policy "$v3 $v2" 'allow = other, tank/sub'
policy "$v3 $v1" 'deny = tank/sub'
expect_error 1 "cannot share 'tank/sub/v2': 'deny' in /etc/shareiscsi.conf forbids sharing it" "deny says why"
policy "$v1" 'allow = tank' 'deny = tank/sub'
policy "$v3 $v1" 'options = name, initiator'
expect_error 1 "cannot share 'tank/sub/v2': 'options' in /etc/shareiscsi.conf does not allow 'lun'" "options says why"
policy "$v3 $v2 $v1" 'options = lun'
policy "$v3 $v1" 'options = none'
sis status
expect_quiet 3 "status tells"
expect_out "error" "and calls it an error"
write '[policy]' 'deny = tank'
before=$(live)
sis sync
expect_status 1 "what is shared when it is forbidden"
is "stays as it is" "$before" "$(live)"
sis unshare tank
expect_quiet 0 "and can be taken away"
is "only the other one is left" "$v3" "$(targets)"

done_testing
