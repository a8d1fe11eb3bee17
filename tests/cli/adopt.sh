#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Targets that others made are taken over: what is written reproduces them, nothing live changes.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
theirs=iqn.2001-04.com.example:disk1
ident=org.zfsonlinux:shareiscsi:identity
share=org.zfsonlinux:shareiscsi

# A target as an administrator makes it: each LUN is NUMBER PATH [PARAMETERS of its update].
target() {	# TID IQN LUN...
	adm --lld iscsi --op new --mode target --tid "$1" -T "$2"
	local lun number path params
	for lun in "${@:3}"; do
		read -r number path params <<<"$lun"
		adm --lld iscsi --op new --mode logicalunit --tid "$1" --lun "$number" -b "$path"
		[ -z "$params" ] || adm --lld iscsi --op update --mode logicalunit --tid "$1" \
			--lun "$number" --params "$params"
	done
	adm --lld iscsi --op bind --mode target --tid "$1" --initiator-address ALL
}

drop() {	# IQN
	adm --lld iscsi --op delete --mode target --force --tid "$(tid_of "$1")"
}

guid() {	# NAME
	printf '%016x' "$(bare_zfs get -Hp -o value guid "$1")"
}

bare_zfs() {	# ARGUMENT...
	SHAREISCSI_ROOT=$root SHAREISCSI_STORE=dir:$world/pool bash -c 'exec -a zfs "$@"' - "$program" "$@"
}

# What a person sees of the LUN: names, serial number and designators.
seen() {	# IQN [LUN]
	local page
	iscsi-inq "$(url "$@")" 2>&1
	for page in 128 131; do
		iscsi-inq -e 1 -c "$page" "$(url "$@")" 2>&1
	done
}

# The last run left no difference, and no command was given to the target.
taken() {	# WHAT
	is "$1: no command" "" "$(calls)"
	sis plan
	expect_quiet 0 "$1: the plan is empty"
	is "$1: and says nothing" "" "$out"
}

# ---- as tgtd makes it by itself, while it is in use ----

volume tank/v1 10M
target 1 "$theirs" "1 $pool/v1"
before=$(live_of "$theirs") identity_before=$(seen "$theirs")
hold_session "$(url "$theirs")"
sis adopt -n tank/v1
expect_quiet 3 "a dry run"
is "tells what it would set" "# adopt $theirs: it is what the properties say then
zfs set '$ident=guid=$(guid tank/v1),lun=1,blocksize=512,serial=beaf11,t10=IET     00010001,naa=60000000000000000e00000000010001,iqn=$theirs' tank/v1
zfs set $share=name=$theirs tank/v1" "$out"
is "and sets nothing" "" "$(attribute tank/v1 shareiscsi)$(identity tank/v1)"
[ ! -e "$root/run/shareiscsi/stgt/$theirs" ]
verdict $? "nor remembers anything"
sis adopt -n -j tank/v1
expect_json ".steps[0].step == \"adopt\" and .steps[0].iqn == \"$theirs\" and .problems == []" "also as JSON"
sis adopt tank/v1
expect_quiet 0 "adopt by the name of the volume"
is "sets the property" "name=$theirs" "$(attribute tank/v1 shareiscsi)"
taken "as tgtd makes it"
! grep -q ended "$session_log"
verdict $? "the session stays"
release_session
is "the target is as it was" "$before" "$(live_of "$theirs")"
sis status
expect_quiet 0 "status: in sync"
! grep -q foreign <<<"$out"
verdict $? "and nothing foreign is left"
sis adopt -v tank/v1
expect_quiet 0 "twice is once"
sis adopt "$theirs"
expect_quiet 0 "also by the target's name"
sis unshare tank/v1
is "it is ours: unshare takes it away" "" "$(targets)"
sis share tank/v1
expect_quiet 0 "share makes it again"
is "with the same identity for initiators" "$identity_before" "$(seen "$theirs")"
rm -rf "$root/run/shareiscsi"
sis plan
expect_quiet 0 "without its record it is still ours"
sis unshare tank/v1
bare_zfs inherit "$ident" tank/v1
sis share tank/v1
is "without its identity it is a new disk" "$(guid tank/v1)" "$(serial_of "$theirs")"
sis unshare tank/v1
bare_zfs inherit "$share" tank/v1

# ---- everything that a property can say ----

volume tank/db/a 10M
volume tank/db/b 12M
b=iqn.2001-04.com.example:db
adm --lld iscsi --op new --mode target --tid 7 -T "$b"
adm --lld iscsi --op new --mode logicalunit --tid 7 --lun 3 -b "$pool/db/a" --blocksize 4096
adm --lld iscsi --op update --mode logicalunit --tid 7 --lun 3 --params scsi_sn=SN-1,scsi_id=60014051234567890123456789012345,readonly=1
adm --lld iscsi --op new --mode logicalunit --tid 7 --lun 5 -b "$pool/db/b" -E aio
adm --lld iscsi --op bind --mode target --tid 7 --initiator-address 10.0.0.0/8
adm --lld iscsi --op bind --mode target --tid 7 --initiator-address 127.0.0.1
before=$(live_of "$b") identity_before=$(seen "$b" 3; seen "$b" 5)
calls >/dev/null
mkdir -p "$root/etc/tgt/conf.d"
echo "<target $b.other>" >"$root/etc/tgt/targets.conf"
sis adopt tank
expect_quiet 0 "adopt what is below a dataset"
is "a LUN with another number, block size, read-only, for some" \
	"name=$b,lun=3,iomode=ro,blocksize=4096,initiator=10.0.0.0/8;127.0.0.1" \
	"$(attribute tank/db/a shareiscsi)"
is "a second one of the target" "name=$b,lun=5,iomode=aio,initiator=10.0.0.0/8;127.0.0.1" \
	"$(attribute tank/db/b shareiscsi)"
is "its ids that were chosen" \
	"guid=$(guid tank/db/a),lun=3,blocksize=4096,serial=SN-1,naa=60014051234567890123456789012345,iqn=$b" \
	"$(identity tank/db/a)"
taken "two LUNs"
is "the target is as it was" "$before" "$(live_of "$b")"
sis unshare tank/db
sis share tank/db
is "made again it is the same for initiators" "$identity_before" "$(seen "$b" 3; seen "$b" 5)"
sis unshare -a
for v in a b; do
	unset_property "tank/db/$v"
done

# ---- what would be made twice at boot ----

echo "<target $theirs>" >"$root/etc/tgt/conf.d/mine.conf"
volume tank/v2 10M
target 1 "$theirs" "1 $pool/v2"
sis adopt "$theirs"
expect_error 0 "'$theirs' also stands in /etc/tgt/conf.d/mine.conf: take it out there" \
	"a hint about the file that makes it at boot"
sis unshare -a
unset_property tank/v2

# ---- what cannot be taken ----

# The run refuses, and nothing was written or done.
refused() {	# TEXT WHAT
	expect_error 1 "$1" "$2"
	is "$2: nothing is written" "$values" "$(getfattr -dR --absolute-names "$world/pool" 2>/dev/null)"
	is "$2: nothing is done" "" "$(calls)"
	is "$2: all is as it was" "$before" "$(live)"
}

remember() {
	calls >/dev/null
	before=$(live)
	values=$(getfattr -dR --absolute-names "$world/pool" 2>/dev/null)
}

truncate -s 10M "$world/other.img"
target 2 "$theirs.mixed" "1 $pool/v2" "2 $world/other.img"
remember
sis adopt tank/v2
refused "cannot adopt '$theirs.mixed': LUN 2 of it ('$world/other.img') is none of the volumes here" \
	"a LUN that is no volume"
sis adopt tank/none
refused "cannot adopt 'tank/none': STGT has no target of that name, nor one with such a volume" \
	"a name that nobody has"
sis adopt
expect_error 2 "adopt needs a volume, dataset or target name" "no name at all"
for wrong in type=disk auth auth= auth=a,lun=1 on; do
	sis adopt -o "$wrong" tank/v2
	expect_error 2 "-o takes auth=NAME, the name of an entry of /etc/shareiscsi/secrets" "-o $wrong"
done
sis adopt -o auth=a -o auth=b tank/v2
expect_error 2 "-o can be given once, and there is also 'auth=b'" "-o twice"
drop "$theirs.mixed"

target 2 "$theirs.x" "1 $pool/v2 removable=1"
remember
sis adopt tank/v2
refused "is removable" "a removable medium"
drop "$theirs.x"

target 2 "$theirs.x" "1 $pool/v2 scsi_sn=0123456789abcdef"
remember
sis adopt tank/v2
refused "its serial number '0123456789abcdef' is that of another volume" "a serial number as of another volume"
drop "$theirs.x"

adm --lld iscsi --op new --mode target --tid 2 -T "$theirs.x"
adm --lld iscsi --op new --mode logicalunit --tid 2 --lun 1 -b "$pool/v2"
remember
sis adopt tank/v2
refused "initiators may not log in yet" "a target that lets nobody in"
adm --lld iscsi --op bind --mode target --tid 2 --initiator-address ALL
adm --lld iscsi --op update --mode target --tid 2 --name MaxQueueCmd --value 64
remember
sis adopt tank/v2
refused "it has the parameter MaxQueueCmd=64, which this tool cannot say" "a queue depth"
drop "$theirs.x"

target 2 "$theirs.x" "1 $pool/v2" "2 $pool/v2"
remember
sis adopt tank/v2
refused "'tank/v2' is also LUN 2 of '$theirs.x'" "one volume twice"
drop "$theirs.x"

target 2 "iqn.2001-04.com.example:UPPER" "1 $pool/v2"
remember
sis adopt tank/v2
refused "no name= can say this" "a name that is none"
drop "iqn.2001-04.com.example:UPPER"

target 2 "$theirs.x" "1 $pool/v2"
for value in off on,blocksize=4096 initiator=10.0.0.1 rubbish; do
	set_property tank/v2 "$value"
	remember
	sis adopt tank/v2
	refused "cannot adopt '$theirs.x'" "a value of its own: $value"
done
set_property tank/v2 "on,iqn=$theirs.x"
sis adopt tank/v2
expect_quiet 0 "a value of its own that says the same"
is "stays" "on,iqn=$theirs.x" "$(attribute tank/v2 shareiscsi)"
taken "with a value of its own"
drop "$theirs.x"
unset_property tank/v2
sis sync

# ---- written half way ----

# Properties can be written, the record cannot.
mkdir -p "$root/run/shareiscsi/stgt"
cat >"$world/no-record" <<EOF
#!/bin/sh
mount --bind "$root/run/shareiscsi/stgt" "$root/run/shareiscsi/stgt"
mount -o remount,bind,ro "$root/run/shareiscsi/stgt"
exec "$program" "\$@"
EOF
chmod +x "$world/no-record"
set_property tank/db/b "name=$b,lun=2"
target 2 "$b" "1 $pool/db/a" "2 $pool/db/b"
remember
ours=$program through+=(unshare -m)
program=$world/no-record
sis adopt "$b"
program=$ours
unset 'through[-1]' 'through[-1]'
refused "cannot adopt '$b': " "a record that cannot be written"
sis adopt "$b"
expect_quiet 0 "once it can be"
is "a value of its own stays" "name=$b,lun=2" "$(attribute tank/db/b shareiscsi)"
taken "once it can be"
sis unshare -a
unset_property tank/db/a
unset_property tank/db/b

# ---- one id, two volumes ----

target 2 "$b" "1 $pool/db/a scsi_sn=SN-1"
sis adopt "$b"
expect_quiet 0 "one that keeps its id"
forged=$(identity tank/db/a | sed "s/guid=[^,]*/guid=$(guid tank/db/b)/;s/iqn=.*/iqn=$prefix:tank.db.b/")
setfattr -n user.org.zfsonlinux:shareiscsi:identity -v "$forged" "$pool/db/b"
set_property tank/db/b on
sis share tank/db
expect_error 1 "cannot share 'tank/db/b': its stored identity gives it the id '60000000000000000e00000000020001' of 'tank/db/a'" \
	"a volume does not get the id that another one keeps"
sis share tank/db/b
expect_error 1 "cannot share 'tank/db/b': its stored identity gives it the id '60000000000000000e00000000020001' of 'tank/db/a'" \
	"nor when it alone is asked for"
is "it is not there" "$b" "$(targets)"
setfattr -n user.org.zfsonlinux:shareiscsi:identity \
	-v "guid=$(guid tank/db/b),lun=1,blocksize=512,naa=6001405$(guid tank/v2)000000000,iqn=$prefix:tank.db.b" "$pool/db/b"
sis share tank/db/b
expect_error 1 "cannot share 'tank/db/b': its stored identity gives it the id '6001405$(guid tank/v2)000000000' of 'tank/v2'" \
	"nor the one that another volume would get"
is "which is not shared" "$b" "$(targets)"
bare_zfs inherit "$ident" tank/db/b
sis share tank/db
expect_quiet 0 "with an identity of its own it is shared"
sis unshare -a
unset_property tank/db/a
unset_property tank/db/b

# ---- a secret in a value ----

target 2 "$b" "1 $pool/db/b"
set_property tank/db/b 'authname=joe,authpass=Geheim-Geheim,no=1'
sis adopt "$b"
expect_error 1 "'tank/db/b' has a value of shareiscsi of its own, 'authname=...,authpass=...'; it would be " \
	"a value of its own is not overwritten, nor its secret told"
set_property tank/db/b 'lun=0,authname=joe,authpass=Geheim-Geheim'
sis adopt "$b"
expect_error 1 "'tank/db/b' with 'authname=...,authpass=...': " "one that cannot be followed, either"
[[ $err != *Geheim* ]]
verdict $? "the secret is not in it"
drop "$b"
unset_property tank/db/b

# ---- inherited, all, CHAP ----

set_property tank on
target 2 "$theirs.x" "1 $pool/v2 scsi_sn=x"
target 3 "$theirs.y" "1 $world/other.img"
target 4 "$theirs.z" "1 $pool/v1"
adm --lld iscsi --op new --mode account --user joe --password secretsecret12
adm --lld iscsi --op bind --mode account --tid 4 --user joe
sis adopt -a
expect_error 1 "cannot adopt '$theirs.z': it asks for CHAP (user 'joe'): put the credentials into /etc/shareiscsi/secrets and name them with -o auth=NAME" \
	"all: one asks for CHAP"
adm --lld iscsi --op new --mode account --user jim --password secretsecret12
adm --lld iscsi --op bind --mode account --tid 4 --user jim
sis adopt tank/v1
expect_error 1 "it has several CHAP accounts" "several accounts"
adm --lld iscsi --op unbind --mode account --tid 4 --user jim
mkdir -p "$root/etc/shareiscsi"
printf '%s\n' '[door]' 'user = joe' 'password = secretsecret12' >"$root/etc/shareiscsi/secrets"
chmod 600 "$root/etc/shareiscsi/secrets"
sis adopt -o auth=door tank/v1
expect_error 1 "CHAP user: joe with another secret, should be joe with the secret of auth=door" "an account that somebody else made for the daemon"
is "the other is taken" "name=$theirs.x" "$(attribute tank/v2 shareiscsi)"
sis status
[ "$(grep -c foreign <<<"$out")" -eq 2 ]
verdict $? "what is no volume stays foreign"
unset_property tank

done_testing
