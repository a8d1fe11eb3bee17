#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# One volume, from the property to an initiator: the commands that are given, what it sees, and
# that the disk stays the same disk.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
iqn=$prefix:mypool.test
volume mypool/test 64M on

# ---- the commands ----

sis plan
guid=$(attribute mypool/test shareiscsi:guid)
guid=${guid%%:*}
steps="tgtadm --lld iscsi --op new --mode target --tid 1 -T $iqn
tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b $world/pool/mypool/test
tgtadm --lld iscsi --op update --mode logicalunit --tid 1 --lun 1 --params scsi_sn=$guid,scsi_id=6001405${guid}000000000
tgtadm --lld iscsi --op bind --mode target --tid 1 --initiator-address ALL"
is "plan prints the commands, the one that opens the target last" "$steps" "$(grep -v '^#' <<<"$out")"
is "plan gives a reason for each step" 3 "$(grep -c "^# [a-zA-Z ]* $iqn: ." <<<"$out")"

sis share mypool/test
expect_quiet 0 "share"
is "share gives just these commands" "$steps" "$(calls)"
before=$(live)
for verb in "share mypool/test" "share -a" "share mypool" "sync" "sync mypool/test" "share -v -a"; do
	# shellcheck disable=SC2086 # a verb and its arguments
	sis $verb
	expect_quiet 0 "$verb of what is shared"
	is "$verb changes nothing" "" "$(calls)"
done
is "the target is as it was" "$before" "$(live)"

# ---- what an initiator sees ----

[[ $(iscsi-ls -s "iscsi://$portal" 2>&1) == *"$iqn"*Lun:1*DIRECT_ACCESS* ]]
verdict $? "an initiator finds the LUN"
is "its serial number is the guid" "$guid" "$(serial_of "$iqn")"
[[ $(iscsi-inq -e 1 -c 131 "$(url "$iqn")" 2>&1 | tr 'A-F' 'a-f') == *"6001405${guid}000000000"* ]] ||
	[[ $(iscsi-inq -e 1 -c 131 "$(url "$iqn")" 2>&1 | tr -d ' \n') == *"$guid"* ]]
verdict $? "its device identification holds the guid"
head -c 3000320 /dev/urandom >"$world/data"
"$initiator" write "$(url "$iqn")" <"$world/data"
verdict $? "an initiator writes"
"$initiator" read "$(url "$iqn")" 3000320 | cmp - "$world/data"
verdict $? "and reads the same"
cmp -n 3000320 "$world/pool/mypool/test" "$world/data"
verdict $? "and it stands in the volume"

# ---- away, and the same disk again ----

sis unshare mypool/test
expect_quiet 0 "unshare"
is "the commands of unshare" "tgtadm --lld iscsi --op unbind --mode target --tid 1 --initiator-address ALL
tgtadm --lld iscsi --op delete --mode logicalunit --tid 1 --lun 1
tgtadm --lld iscsi --op delete --mode target --tid 1" "$(calls)"
is "nothing is left" "" "$(live)"
is "the property stays" on "$(attribute mypool/test shareiscsi)"
sis unshare mypool/test
expect_quiet 0 "unshare once more"
is "changes nothing" "" "$(calls)"

stop_tgtd
start_tgtd
sis share -a
expect_quiet 0 "share after a restart of tgtd"
is "the serial number is the same" "$guid" "$(serial_of "$iqn")"
"$initiator" read "$(url "$iqn")" 3000320 | cmp - "$world/data"
verdict $? "so is what was written"
stop_tgtd
start_tgtd
calls >/dev/null
sis sync
expect_quiet 0 "sync after a restart of tgtd"
is "does all of it again" "$steps" "$(calls)"

# ---- both directions ----

set_property mypool/test off
sis status
expect_quiet 3 "status, after the property was set to off"
expect_out leftover "status calls it a leftover"
sis share -a
expect_quiet 0 "share -a takes nothing away"
is "it is still there" 1 "$(tid_of "$iqn")"
sis share mypool/test
expect_error 1 "cannot share 'mypool/test': property shareiscsi is off" "share by name of what is off"
sis sync
expect_quiet 0 "sync takes it away"
is "it is gone" "" "$(live)"
unset_property mypool/test
sis share mypool/test
expect_error 1 "cannot share 'mypool/test': property shareiscsi is off" "share by name of what is unset"
sis status
is "status does not speak of it" "" "$out"
sis status mypool/test
expect_out "off" "unless it is named"

# ---- a tree ----

volume mypool/tree/a 10M
volume mypool/tree/sub/b 10M
volume mypool/tree/sub/c 10M off
set_property mypool/tree on
sis share mypool/tree
expect_quiet 0 "share of a tree"
is "all below are shared but the one that is off" "$prefix:mypool.tree.a $prefix:mypool.tree.sub.b" \
	"$(targets)"
volume mypool/tree/new 10M
sis sync mypool/tree/new
expect_quiet 0 "sync of a volume that came later"
is "its TID is the next one" 4 "$(tid_of "$prefix:mypool.tree.new")"
sis unshare mypool/tree/a
sis share mypool/tree/a
is "a TID is not given again" 5 "$(tid_of "$prefix:mypool.tree.a")"
rm "$world/pool/mypool/tree/new"
sis status
expect_out "its volume is gone" "status of a share without a volume"
sis sync
expect_quiet 0 "sync after a volume was destroyed"
is "its target is gone" "" "$(tid_of "$prefix:mypool.tree.new")"
sis unshare mypool/tree
is "unshare of a tree" "" "$(live)"
sis share -a
sis unshare -a
expect_quiet 0 "unshare -a"
is "takes all away" "" "$(live)"
is "no record is left" "" "$(find "$root/run/shareiscsi" -name 'iqn.*')"

# ---- the hook ----

cat >"$root/sbin/zfs_share_iscsi.sh" <<EOF
#!/bin/sh
{ echo "\$# \$1"; env | sort; } >"$world/hook.new"
mv "$world/hook.new" "$world/hook"
exit 1
EOF
chmod 755 "$root/sbin/zfs_share_iscsi.sh"
SECRET=word sis share mypool/tree/a
expect_quiet 0 "share with a hook that fails"
wait_until test -e "$world/hook"
is "the hook got the TID" "1 8" "$(head -n 1 "$world/hook")"
is "and what was shared" "SHAREISCSI_BACKEND=stgt SHAREISCSI_DATASET=mypool/tree/a SHAREISCSI_IQN=$prefix:mypool.tree.a SHAREISCSI_LUN=1" \
	"$(grep ^SHAREISCSI_ "$world/hook" | paste -sd' ')"
! grep -q SECRET "$world/hook"
verdict $? "and nothing of our environment"
sis unshare mypool/tree/a
rm "$world/hook"
chmod 775 "$root/sbin/zfs_share_iscsi.sh"
sis share mypool/tree/a
expect_error 0 "warning: '$root/sbin/zfs_share_iscsi.sh' is not run" "a hook that others can write is not run"
[ ! -e "$world/hook" ]
verdict $? "indeed not"

done_testing
