#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Options of a share that is there already: what changes in place, what is made anew, what is
# refused until it is unshared; and who may log in.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
iqn=$prefix:tank.v1
volume tank/v1 10M on
sis share tank/v1
calls >/dev/null

# The access rules that tgtd has, without blanks.
rules() {
	live | sed -n '/ACL information:/,$p' | sed -n 's/^        //p' | sort | paste -sd' '
}

# ---- who may log in ----

change() {	# VALUE RULES
	set_property tank/v1 "$1"
	sis sync
	expect_quiet 0 "shareiscsi=$1"
	is "$1: the rules" "$2" "$(rules)"
	! calls | grep -vE -- '--op (un)?bind --mode target'
	verdict $? "$1: nothing else was touched"
	sis sync
	is "$1: twice is once" "" "$(calls)"
}

may() {	# WHAT YES-OR-NO [INITIATOR]
	got=no
	! "$initiator" -i "${3-$prefix:initiator}" read "$(url "$iqn")" 512 >"$world/data" 2>&1 || got=yes
	is "$1" "$2" "$got"
}

may "all may log in" yes
change initiator=127.0.0.1 127.0.0.1
may "one address may" yes
change initiator=127.0.0.0/8 127.0.0.0/8
may "one network may" yes
change acl=10.9.8.7 10.9.8.7
may "others may not" no
change "initiator=10.9.8.7;$prefix:one" "10.9.8.7 $prefix:one"
may "a name may" yes "$prefix:one"
may "another name may not" no "$prefix:two"
change 'initiator=[2001:db8::1];127.0.0.1' "127.0.0.1 2001:db8::1"
change on ALL
may "all may log in again" yes
adm --lld iscsi --op bind --mode target --tid 1 --initiator-address 10.1.1.1
sis status
expect_quiet 3 "a rule that somebody added is a difference"
sis sync
is "and goes" ALL "$(rules)"
calls >/dev/null

# ---- elsewhere ----

for value in lun=4 "name=$prefix:other"; do
	set_property tank/v1 "$value"
	sis status -j
	expect_quiet 3 "status with $value"
	is "$value: status tells where it is" "differs $iqn 1 0" \
		"$(jq -r '.status[0] | "\(.state) \(.iqn) \(.lun) \(.sessions)"' <<<"$out")"
done
set_property tank/v1 on

# ---- made anew ----

anew() {	# VALUE LIVE-LINE
	set_property tank/v1 "$1"
	calls >/dev/null
	sis sync
	expect_quiet 0 "shareiscsi=$1"
	[[ $(live) == *"$2"* ]]
	verdict $? "$1: $2"
	[[ $(calls) == "tgtadm --lld iscsi --op unbind "*"--op delete --mode logicalunit"*"--op new --mode logicalunit"*"--op bind --mode target"* ]]
	verdict $? "$1: hidden first, shown last"
	sis sync
	is "$1: twice is once" "" "$(calls)"
	is "$1: the serial number is the same" "$serial" "$(serial_of "$iqn")"
}

serial=$(serial_of "$iqn")
anew iomode=ro 'Readonly: Yes'
anew iomode=wt 'Backing store flags: sync'
anew bstype=aio 'Backing store type: aio'
anew on,iomode=rdwr 'Backing store type: rdwr'
set_property tank/v1 iomode=wb
sis sync
is "wb is what it was: nothing to do" "" "$(calls)"
is "the TID is the same" 1 "$(tid_of "$iqn")"

# ---- refused while shared ----

set_property tank/v1 blocksize=4096
before=$(live)
calls >/dev/null
sis sync
expect_error 1 "block size is 512, should be 4096; that changes only after \`shareiscsi unshare tank/v1\`" \
	"another block size is refused"
is "nothing was done" "" "$(calls)"
is "the target is as it was" "$before" "$(live)"
sis status
expect_quiet 3 "status tells"
set_property tank/v1 on
sis sync
expect_quiet 0 "what was refused is forgotten with the option"
set_property tank/v1 blocksize=4096
sis unshare tank/v1
sis share tank/v1
expect_quiet 0 "after unshare it is taken"
[[ $(live) == *"Block size: 4096"* ]]
verdict $? "the block size is the new one"
set_property tank/v1 on
sis sync
expect_quiet 0 "without the option"
[[ $(live) == *"Block size: 4096"* && $(identity tank/v1) == *blocksize=4096* ]]
verdict $? "the block size stays what it was shared with"

# ---- the same after the target was restarted, when nothing tells what was live ----

restart_tgtd() {
	stop_tgtd
	start_tgtd
}

stays() {	# HAS ASKED WHAT
	expect_error 1 "block size is $1, should be $2; that changes only after \`shareiscsi unshare tank/v1\`" "$3"
	is "$3: nothing is shared" "" "$(targets)"
}

set_property tank/v1 blocksize=512
restart_tgtd
sis sync
stays 4096 512 "another block size after a restart"
sis share tank/v1
stays 4096 512 "share of it"
sis unshare -a
expect_quiet 0 "unshare -a"
sis sync
stays 4096 512 "who ends all shares says nothing of this one"
rm -rf "$root/run/shareiscsi"
sis sync
stays 4096 512 "after a boot"
sis unshare --hold tank/v1
sis sync --release tank/v1
stays 4096 512 "what was held back for now"
sis unshare tank/v1
expect_quiet 0 "unshare with nothing live"
sis plan
expect_quiet 3 "plan uses nothing up"
sis share tank/v1
expect_quiet 0 "then it is taken"
[[ $(live) == *"Block size: 512"* ]]
verdict $? "the block size is the new one"
set_property tank/v1 blocksize=4096
restart_tgtd
sis sync
stays 512 4096 "unshared once, changed once"
set_property tank/v1 on
sis sync
expect_quiet 0 "without the option"
set_property tank/v1 off
sis sync
expect_quiet 0 "off"
set_property tank/v1 blocksize=4096
restart_tgtd
sis sync
expect_quiet 0 "after off it is taken, too"
[[ $(live) == *"Block size: 4096"* ]]
verdict $? "with that block size"
set_property tank/v1 blocksize=512,name=$prefix:another
sis sync
expect_error 1 "block size is 4096, should be 512" "with another name at once"
is "the share stays where it is" "$iqn" "$(targets)"
set_property tank/v1 on
sis sync
expect_quiet 0 "as it was"

# ---- the LUN number ----

calls >/dev/null
set_property tank/v1 lun=7
sis sync
expect_quiet 0 "another LUN number"
is "the LUN is that" 7 "$(live | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p')"
set_property tank/v1 on
sis sync
is "it is kept" 7 "$(live | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p')"

# ---- changed behind our back ----

adm --lld iscsi --op update --mode logicalunit --tid 1 --lun 7 --params scsi_sn=0123
sis plan
expect_quiet 3 "another serial number is a difference"
expect_out "serial number is 0123, should be $serial" "plan says so"
sis sync
expect_quiet 0 "sync puts it right"
is "the serial number is back" "$serial" "$(serial_of "$iqn" 7)"
adm --lld iscsi --op delete --mode logicalunit --tid 1 --lun 7
sis sync
expect_quiet 0 "a LUN that somebody deleted"
is "is back" "$serial" "$(serial_of "$iqn" 7)"
adm --lld iscsi --op delete --mode target --tid 1
sis sync
expect_quiet 0 "a target that somebody deleted"
is "is back, too" "$serial" "$(serial_of "$iqn" 7)"

done_testing
