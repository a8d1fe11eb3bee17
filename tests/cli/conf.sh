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

wrong 2 "unknown key 'frob' in section [general]; there are: backend, store, timeout, lock-timeout, device-wait" '[general]' 'frob = 1'
wrong 3 "unknown section [frob]; there are: [general], [policy], [stgt]" '# a comment' '[frob]' 'backend = stgt'
wrong 1 "no section, or one without ']'; there are: [general], [policy], [stgt]" 'backend = stgt'
wrong 2 "timeout = 0: must be" '[general]' 'timeout = 0' 'lock-timeout = x'
wrong 2 "" '[general]' 'no key and no value'
wrong 2 "backend = : has no value" '[general]' 'backend ='
wrong 2 "options = : has no value" '[policy]' 'options ='
wrong 1 "no section, or one without ']'; there are: " '[general' 'timeout = 1'
wrong 2 "deny = tank/*: 'tank/*' is not a dataset name: no patterns and no quotes; what is below" '[policy]' 'deny = tank/*'
wrong 2 "allow = \"tank\": '\"tank\"' is not a dataset name: no patterns" '[policy]' 'allow = "tank"'
wrong 2 "timeout = 0: must be a number of seconds from 1 to 3600" '[general]' 'timeout = 0'
wrong 2 "lock-timeout = -1: must be" '[general]' 'lock-timeout = -1'
wrong 2 "device-wait = 10s: must be" '[general]' 'device-wait = 10s'
wrong 2 "control-port = 65536: must be a number from 0 to 65535" '[stgt]' 'control-port = 65536'
wrong 2 "transport = pigeon: must be auto, socket or tgtadm" '[stgt]' 'transport = pigeon'
wrong 2 "share-received = maybe: must be yes or no" '[policy]' 'share-received = maybe'
wrong 2 "options = lun, frob: unknown option 'frob' (\`shareiscsi options\` lists them)" '[policy]' 'options = lun, frob'
wrong 2 "allow = /tank: '/tank' is not a dataset name" '[policy]' 'allow = /tank'
is "nothing was done" "" "$(calls)"
rm "$conf"
mkdir "$conf"
sis share -a
expect_error 1 "$conf" "a configuration that is a folder"
rmdir "$conf"
ln -s "$root/etc/elsewhere.conf" "$conf"
sis share -a
expect_error 1 "'$conf' is a symbolic link to a file that does not exist; make that file, or remove the link" \
	"a configuration that is a link to nothing"
is "nothing was done" "" "$(calls)"
printf '%s\n' '[general]' 'frob = 1' >"$root/etc/elsewhere.conf"
sis share -a
expect_error 1 "$conf:2: unknown key 'frob'" "a link to a file is followed"
rm "$conf"
write '[general]' 'backend = frob'
bare status --root "$root" --store "dir:$world/pool"
expect_error 2 "backend = frob in /etc/shareiscsi.conf: unknown back end 'frob'; there are: iet, stgt, scst, lio" \
	"a back end that there is not"
write '[general]' 'store = frob'
bare status --root "$root" --backend stgt
expect_error 2 "store = frob in /etc/shareiscsi.conf: no store 'frob'; there are: " "a store that there is not"

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

# ---- an identity that somebody wrote by hand ----

long=$(printf 'tank/%0180d' 1)
wrong 2 "longer than 199 bytes" '[policy]' "deny = $long, $long"
write '[policy]' "deny = $long" 'deny = other'
sis share -a
expect_error 1 "cannot share 'other/v3': 'deny'" "lists over several lines are put together"
sis unshare -a

set_identity() {	# NAME LUN IQN
	local guid
	guid=$(identity "$1" | sed 's/^guid=\([0-9a-f]*\),.*/\1/')
	setfattr -n user.org.zfsonlinux:shareiscsi:identity -v "guid=$guid,lun=$2,blocksize=512,iqn=$3" \
		"$world/pool/$1"
}

write
unset_property tank/sub/v2
sis share tank/v1 other/v3
is "both are shared" "$v3 $v1" "$(targets)"
sis unshare -a
set_identity other/v3 2 "$v1"
write '[policy]' 'options = lun'
sis share -a
expect_error 1 "cannot share 'other/v3': its stored identity (LUN 2 of '$v1') is not what it would get by itself, and 'options' in /etc/shareiscsi.conf does not allow 'name'" \
	"the name of another volume"
is "is not joined" "$v1" "$(targets)"
is "and has one disk" 1 "$(live | grep -c 'Backing store path: /')"
sis unshare -a
set_identity other/v3 5 "$v3"
write '[policy]' 'options = name'
sis share -a
expect_error 1 "cannot share 'other/v3': its stored identity (LUN 5 of '$v3') is not what it would get by itself, and 'options' in /etc/shareiscsi.conf does not allow 'lun'" \
	"a LUN that no target gives by itself"
write '[policy]' 'options = none'
set_identity other/v3 0 "iqn.1999-01.org.example:other.v3"
sis share tank/v1
expect_quiet 0 "what was minted here goes on"
set_identity other/v3 1 "iqn.1999-01.org.example:other.v3"
sis share other/v3
expect_quiet 0 "and what another host minted for it, under its own prefix"
is "with that name" "iqn.1999-01.org.example:other.v3" "$(targets | tr ' ' '\n' | grep other)"
sis unshare -a

# Another dataset of which the same name is made: what it wrote into its identity does not let it in.
volume tank/v_1 10M on
volume tank/v-1 10M on
sis share tank/v-1
[[ $(identity tank/v-1) == guid=*"$prefix:tank.v-1" ]]
verdict $? "one of two that would have the same name"
sis share tank/v_1
expect_error 1 "already that of 'tank/v-1'; rename one of them" "the other one is refused"
write '[policy]' 'options = lun'
setfattr -n user.org.zfsonlinux:shareiscsi:guid -v "0123456789abcdef:$(stat -c %i "$world/pool/tank/v_1")" \
	"$world/pool/tank/v_1"
setfattr -n user.org.zfsonlinux:shareiscsi:identity \
	-v "guid=0123456789abcdef,lun=2,blocksize=512,iqn=$prefix:tank.v-1" "$world/pool/tank/v_1"
sis share tank/v_1
expect_error 1 "already that of 'tank/v-1'; rename one of them" "with an identity that says so, too"
is "one disk is in the target" 1 "$(live_of "$prefix:tank.v-1" | grep -c 'Backing store path: /')"
write '[policy]' 'options = lun, name'
sis share tank/v_1
expect_quiet 0 "who may say name= may do that"
is "two disks are" 2 "$(live_of "$prefix:tank.v-1" | grep -c 'Backing store path: /')"

done_testing
