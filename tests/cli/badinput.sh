#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Bad input: one line that says what is wrong, the right exit status, and the target as it was.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
volume tank/v1 10M on
volume tank/fresh 10M
sis share tank/v1
before=$(live)
calls >/dev/null

# The program says no to the value of that volume: one line, exit 1.
says_no() {	# TEXT NAME
	sis share "$2"
	[ "$status" -eq 1 ] && [[ $err != *$'\n'* && $err == "shareiscsi: cannot share '$2': $1"* ]]
}

# Sync and status go on, and tell of both volumes.
all_told() {
	sis sync
	[ "$status" -eq 1 ] && [ "$(wc -l <"$world/err")" -eq 2 ] || return
	sis status
	[ "$status" -eq 3 ] && [ "$(grep -c ^error <<<"$out")" -eq 2 ]
}

untouched() {
	[ -z "$(calls)" ] && [ "$(live)" = "$before" ]
}

# Both for a volume that is shared already and for one that is not.
refused() {	# TEXT VALUE
	set_property tank/v1 "$2"
	set_property tank/fresh "$2"
	says_no "$1" tank/v1 && says_no "$1" tank/fresh && all_told && untouched
	verdict $? "shareiscsi=${2:0:60}"
}

for value in ON oN Off 0ff disK tape abc '??' 'on,off' 'off,on' 'on,on' 'on,' ',on' 'disk' ' on' 'on ' 'on;off' ''; do
	refused "" "$value"
done
for value in abc DISk on off 123 'disk '; do
	refused "" "type=$value"
done
refused "unknown option 'TYPE'" TYPE=disk
refused "unknown option 'frob'" frob=1
refused "unknown option 'Lun'" Lun=1
refused "option 'lun' is given twice" lun=1,lun=1
refused "option 'name' is given twice" "name=$prefix:x,iqn=$prefix:y"
refused "option 'lun' has no value" lun=
refused "option 'initiator' has no value" lun=1,initiator=
refused "" 'lun=1,'
for value in -1 16384 1x 0x1 '' ' 1' +1 1.5 99999999999999999999; do
	refused "" "lun=$value"
done
for value in 0 513 3000 8192 512B 4k; do
	refused "" "blocksize=$value"
done
for value in RO ww direct; do
	refused "" "iomode=$value"
done
for value in foo iqn.2010-09 iqn.10-9.org.x:a iqn.2010-13.org.x:a 'iqn.2010-09.org.x:a b' \
	'iqn.2010-09.org.x:a/b' 'iqn.2010-09.org.x:a_b' eui.123 naa.xyz "iqn.2010-09.org.x:$(printf '%0210d' 0)"; do
	refused "" "name=$value"
done
for value in ';' '10.0.0.1;' 10.0.0.1/33 10.0.0.256/8 '[2001:db8::1' '[::1]/129' 10.0.0.1=rx 10.0.0.1=ro=rw 'a b'; do
	refused "" "initiator=$value"
done
for value in x 1.2.3.4:0 1.2.3.4:65536 '[::1' ::1; do
	refused "" "portal=$value"
done
refused "authname and authpass need each other" authname=me
refused "" 'auth=../x'
refused "auth and authname exclude each other" auth=a,authname=b,authpass=cccccccccccc
refused "the value must be at most" $'on\nlun=1'
refused "" $'lun=\033[31m1'

# ---- what STGT cannot do ----

refused "lun=0: STGT has LUNs 1 to 16383, its LUN 0 is the controller" lun=0
refused "STGT cannot do type=blockio" type=blockio
refused "STGT cannot do type=fileio" type=fileio
refused "STGT cannot do type=nullio" iotype=nullio
refused "STGT cannot do portal=" portal=127.0.0.1
refused "auth=someone: there is no " auth=someone
refused "the CHAP secret has a character that STGT cannot take" authname=someone,authpass=geheimnisträger
refused "STGT cannot do =ro for one initiator" initiator=10.0.0.1=ro
refused "STGT cannot do initiator= with * or ?" 'initiator=iqn.2010-09.org.x:*'
grep -rq secretsecret "$world/out" "$world/err" "$root/run"
[ $? -eq 1 ]
verdict $? "a secret is not repeated"

# What STGT finds out only when it is told, for a new target: nothing is left of it.
set_property tank/v1 on
for value in iomode=ssc iomode=sg type=pt initiator=0.0.0.0/0; do
	set_property tank/fresh "$value"
	sis share tank/fresh
	expect_error 1 "cannot share 'tank/fresh'" "shareiscsi=$value"
	is "shareiscsi=$value: nothing is left of it" "$before" "$(live)"
done
unset_property tank/fresh
calls >/dev/null

# ---- the volume ----

bad_volume() {	# TEXT NAME
	sis share "$2"
	expect_error 1 "$1" "share $2"
	untouched
	verdict $? "share $2: all is as it was"
}

volume tank/empty 0 on
bad_volume "cannot share 'tank/empty': the file is empty" tank/empty
rm "$world/pool/tank/empty"
volume tank/odd 10000001 blocksize=4096
bad_volume "is no multiple of block size 4096" tank/odd
rm "$world/pool/tank/odd"
volume tank/a,b 10M on
bad_volume "" tank/a,b
rm "$world/pool/tank/a,b"
ln -s "$world/pool/tank/v1" "$world/pool/tank/link"
bad_volume "cannot open 'tank/link': dataset does not exist" tank/link
rm "$world/pool/tank/link"
mkfifo "$world/pool/tank/fifo"
bad_volume "cannot open 'tank/fifo': dataset does not exist" tank/fifo
rm "$world/pool/tank/fifo"
mkdir "$world/pool/tank/folder"
bad_volume "cannot share 'tank/folder': there is no volume in it" tank/folder
rmdir "$world/pool/tank/folder"
bad_volume "cannot open 'tank/gone': dataset does not exist" tank/gone
bad_volume "cannot open 'tank/v1/x'" tank/v1/x

# ---- names ----

long=$(printf '%0200d' 0)
volume "tank/$long" 10M on
bad_volume "223" "tank/$long"
rm "$world/pool/tank/$long"

# One without an identity: that would count.
rm "$world/pool/tank/fresh"
volume tank/fresh 10M on
rm "$root/etc/iscsi_target_id"
bad_volume "no domain name for the IQN: /etc/iscsi_target_id does not exist and /proc/sys/kernel/domainname is empty; do one of: echo iqn.2010-09.org.zfsonlinux > /etc/iscsi_target_id, or: echo example.com > /proc/sys/kernel/domainname" \
	tank/fresh
sis sync
[ "$status" -eq 1 ] && [ "$(wc -l <"$world/err")" -eq 1 ]
verdict $? "what is shared already needs no domain"
for id in '' 'foo' 'iqn.2010-09.org.x:y z' "iqn.2010-09.org.$(printf 'x%.0s' {1..230})"; do
	echo "$id" >"$root/etc/iscsi_target_id"
	bad_volume "/etc/iscsi_target_id" tank/fresh
done
rm "$root/etc/iscsi_target_id"
ln -s none "$root/etc/iscsi_target_id"
bad_volume "'$root/etc/iscsi_target_id' is a symbolic link to a file that does not exist" tank/fresh
rm "$root/etc/iscsi_target_id"
for domain in 'a..b' '-x.org' 'x y' "$(printf 'x%.0s' {1..64}).org"; do
	echo "$domain" >"$root/proc/sys/kernel/domainname"
	bad_volume "is not a domain name" tank/fresh
done
echo Example.COM >"$root/proc/sys/kernel/domainname"
sis iqn tank/fresh
expect_out "$(date -u +iqn.%Y-%m).com.example:tank.fresh" "the domain name, reversed"
unset_property tank/fresh
echo "$prefix" >"$root/etc/iscsi_target_id"

# ---- another user ----

if command -v setpriv >/dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
	chmod 755 "$world" "$world/sock"
	said=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$program" share "${sis_args[@]}" -a 2>&1)
	[ $? -eq 1 ] && [ "$(wc -l <<<"$said")" -eq 1 ] && [[ $said == *"as the user that runs tgtd"* ]]
	verdict $? "another user than root is told so: $said"
	is "nothing is done" "$before" "$(live)"
fi

done_testing
