#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Walks the simulated SCST tree: the four writes that share a volume, every documented errno,
# sessions, the asynchronous protocol. Tests the simulator only, never shareiscsi.
# usage: selftest.sh SCST-SIM SCST-SIM-CTL; prints TAP.

export LC_ALL=C
sim=$1 ctl_program=$2
count=0 failed=0 pid=
iqn=iqn.2010-09.org.zfsonlinux:mypool.test

skip() { echo "1..0 # SKIP $1"; exit 0; }
[ -w /dev/fuse ] || skip "no access to /dev/fuse"
command -v fusermount3 >/dev/null || skip "no fusermount3"

tmp=$(mktemp -d) || exit 99
root=$tmp/root
S=$root/sys/kernel/scst_tgt
I=$S/targets/iscsi
T=$I/$iqn

stop_sim() {
	[ -n "$pid" ] || return 0
	kill -TERM "$pid" && wait "$pid"
	local status=$?
	pid=
	return $status
}

cleanup() {
	stop_sim
	# Also where the simulator died and left a mount nobody serves.
	fusermount3 -u -z "$S" 2>/dev/null
	rm -rf --one-file-system "$tmp"
}
trap cleanup EXIT
trap 'exit 98' INT TERM

start_sim() {
	local line
	rm -f "$tmp/ready"
	mkfifo "$tmp/ready"
	"$sim" -f --control "$tmp/ctl" --log "$tmp/log" "$@" "$S" >"$tmp/ready" &
	pid=$!
	read -r -t 20 line <"$tmp/ready"
	[ "$line" = ready ] || { echo "Bail out! the simulator did not mount"; exit 99; }
}

ctl() { "$ctl_program" "$tmp/ctl" "$@"; }

result() { # STATUS NAME [DIAGNOSTIC]
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		[ -z "$3" ] || echo "# $3"
	fi
}

is() { # NAME GOT WANTED
	[ "$2" = "$3" ]
	result $? "$1" "got '$2', wanted '$3'"
}

# One write(2) of TEXT and a newline; sets $errno to "ok" or the name of the error.
put() { # PATH TEXT
	local message
	message=$({ printf '%s\n' "$2" >"$1"; } 2>&1)
	case $message in
	'') errno=ok ;;
	*'Invalid argument') errno=EINVAL ;;
	*'No such file or directory') errno=ENOENT ;;
	*'Block device required') errno=ENOTBLK ;;
	*'File exists') errno=EEXIST ;;
	*'Device or resource busy') errno=EBUSY ;;
	*'Operation not permitted') errno=EPERM ;;
	*'Permission denied') errno=EACCES ;;
	*'Wrong medium type') errno=EMEDIUMTYPE ;;
	*'Invalid slot') errno=EBADSLT ;;
	*'Resource temporarily unavailable') errno=EAGAIN ;;
	*'Input/output error') errno=EIO ;;
	*'Read-only file system') errno=EROFS ;;
	*) errno=$message ;;
	esac
}

w() { # WANTED PATH TEXT [NAME]
	put "$2" "$3"
	is "${4:-${2#"$S"/} <- $3}" "$errno" "$1"
}

file() { # PATH WANTED (with escapes, to the last byte)
	local got wanted
	got=$(cat "$1" 2>&1; echo .)
	wanted=$(printf '%b' "$2"; echo .)
	is "${1#"$S"/}" "$got" "$wanted"
}

unreadable() { # PATH MESSAGE
	local got
	got=$(cat "$1" 2>&1 >/dev/null)
	is "reading ${1#"$S"/}" "${got##*: }" "$2"
}

link() { # PATH WANTED
	is "${1#"$S"/} link" "$(readlink "$1")" "$2"
}

gone() { [ ! -e "$1" ] && [ ! -L "$1" ]; result $? "${1#"$S"/} is gone"; }
there() { [ -e "$1" ]; result $? "${1#"$S"/} is there"; }

mkdir -p "$S" "$root/var/lib/scst/pr" "$root/dev/zvol/p"
truncate -s 10M "$root/dev/zvol/p/v" "$root/dev/zvol/p/w" "$root/dev/zvol/p/with+space"
bio=$S/handlers/vdisk_blockio/mgmt
fio=$S/handlers/vdisk_fileio/mgmt
nio=$S/handlers/vdisk_nullio/mgmt

the_four_writes() {
	w ok "$I/mgmt" "add_target $iqn"
	w ok "$bio" "add_device DEV filename=/dev/zvol/p/v; blocksize=4096"
	w ok "$T/luns/mgmt" "add DEV 0"
	w ok "$T/enabled" 1
	is "log of writes" "$(cat "$tmp/log")" "targets/iscsi/mgmt	add_target $iqn\\n
handlers/vdisk_blockio/mgmt	add_device DEV filename=/dev/zvol/p/v; blocksize=4096\\n
targets/iscsi/$iqn/luns/mgmt	add DEV 0\\n
targets/iscsi/$iqn/enabled	1\\n"
	link "$S/devices/DEV/handler" ../../handlers/vdisk_blockio
	link "$S/handlers/vdisk_blockio/DEV" ../../devices/DEV
	link "$T/luns/0/device" ../../../../../devices/DEV
	link "$S/devices/DEV/exported/export0" \
		../../../targets/copy_manager/copy_manager_tgt/luns/0
	link "$S/devices/DEV/exported/export1" "../../../targets/iscsi/$iqn/luns/0"
	file "$S/devices/DEV/filename" '/dev/zvol/p/v\n[key]\n\n'
	file "$S/devices/DEV/blocksize" '4096\n[key]\n'
	file "$S/devices/DEV/read_only" '0\n'
	file "$S/devices/DEV/thin_provisioned" '1\n'
	file "$T/luns/0/read_only" '0\n'
	file "$T/enabled" '1\n'
	file "$T/rel_tgt_id" '1\n[key]\n'
	file "$T/tid" '1\n'
}

driver_files() {
	file "$I/open_state" 'open\n'
	file "$I/enabled" '0\n\n'
	w EINVAL "$I/enabled" on
	w ok "$I/enabled" 1
	file "$I/enabled" '1\n\n'
	file "$S/last_sysfs_mgmt_res" '0\n'
	w EINVAL "$I/mgmt" "frobnicate"
	file "$S/last_sysfs_mgmt_res" '-22\n'
	w EACCES "$S/last_sysfs_mgmt_res" 0
	w EACCES "$I/none" 1 "no files can be made"
	grep -q 'following parameters available:.*blocksize.*write_through' "$bio"
	result $? "help of vdisk_blockio names its parameters"
	! grep -q 'o_direct' "$bio"
	result $? "vdisk_blockio has no o_direct"
	grep -q 'o_direct' "$fio"
	result $? "vdisk_fileio has o_direct"
}

device_errors() {
	local long
	w EINVAL "$bio" "add_device"
	w EINVAL "$bio" "add_device D1"
	w EINVAL "$bio" "add_device D1 filename=dev/zvol/p/w"
	w EINVAL "$bio" "add_device D1 filename=/dev/zvol/p/w; colour=red"
	w EINVAL "$bio" "add_device D1 filename=/dev/zvol/p/w; o_direct=1"
	w EINVAL "$bio" "add_device D1 filename=/dev/zvol/p/with space"
	w EINVAL "$bio" "add_device D.1 filename=/dev/zvol/p/w"
	w EINVAL "$bio" "add_device D/1 filename=/dev/zvol/p/w"
	w EINVAL "$bio" "add_device D1 filename=/dev/zvol/p/w; blocksize=256"
	w EINVAL "$bio" "add_device D1 filename=/dev/zvol/p/w; blocksize=8192"
	long=$(printf '%065d' 0)
	w EINVAL "$bio" "add_device $long filename=/dev/zvol/p/w" "a name of 65 characters"
	w ENOENT "$bio" "add_device D1 filename=/dev/zvol/p/none"
	w ENOTBLK "$bio" "add_device D1 filename=/dev/zvol/p"
	w EEXIST "$bio" "add_device DEV filename=/dev/zvol/p/w"
	w EEXIST "$fio" "add_device DEV filename=/dev/zvol/p/w"
	w EBUSY "$bio" "add_device D1 filename=/dev/zvol/p/v"
	ctl claim /dev/zvol/p/w
	w EBUSY "$bio" "add_device D1 filename=/dev/zvol/p/w" "claimed by somebody else"
	ctl unclaim /dev/zvol/p/w
	w ok "$fio" "add_device F1 filename=/dev/zvol/p/v" "fileio shares the volume of blockio"
	w EINVAL "$fio" "add_device F2 filename=/dev/zvol/p/w; read_only=1; write_through=1"
	chmod 444 "$root/dev/zvol/p/w"
	w EROFS "$bio" "add_device D1 filename=/dev/zvol/p/w" "a read-only volume"
	w ok "$bio" "add_device D1 filename=/dev/zvol/p/w; read_only=1"
	w ok "$bio" "del_device D1"
	chmod 644 "$root/dev/zvol/p/w"
	mv "$root/var/lib/scst/pr" "$root/var/lib/scst/rp"
	w ENOENT "$bio" "add_device D1 filename=/dev/zvol/p/w" "no folder of reservations"
	mv "$root/var/lib/scst/rp" "$root/var/lib/scst/pr"
	w ok "$bio" "ADD_DEVICE D1 FileName=/dev/zvol/p/w; BLOCKSIZE=3000"
	file "$S/devices/D1/blocksize" '2048\n[key]\n'
	w ok "$fio" "add_device D2 filename=/dev/zvol/p/with+space;;blocksize=4096"
	file "$S/devices/D2/blocksize" '512\n'
	w ok "$nio" "add_device N1 blocksize=0"
	file "$S/devices/N1/blocksize" '512\n'
	w EINVAL "$bio" "del_device NONE"
	w EINVAL "$bio" "del_device D1 x"
	w ok "$fio" "del_device D1" "one handler deletes a device of another"
	gone "$S/devices/D1"
	gone "$S/handlers/vdisk_blockio/D1"
	w ok "$bio" "del_device D2"
	w ok "$bio" "del_device N1"
	w ok "$bio" "del_device F1"
	long=$(printf '%064d' 0)
	w ok "$bio" "add_device $long filename=/dev/zvol/p/w" "a name of 64 characters"
	w ok "$bio" "del_device $long" "and away"
}

device_attributes() {
	local D=$S/devices/DEV
	w EACCES "$D/blocksize" 512
	w EACCES "$D/read_only" 1
	w EACCES "$D/nv_cache" 1
	w EACCES "$D/write_through" 1
	w EINVAL "$D/filename" /dev/zvol/p/w
	w ok "$D/usn" 12345678901234567890
	file "$D/usn" '12345678901234567890\n[key]\n'
	w EINVAL "$D/usn" 123456789012345678901
	w ok "$D/t10_dev_id" 1234567890123456789012345
	w EINVAL "$D/t10_dev_id" 12345678901234567890123456
	w EINVAL "$D/prod_id" 12345678901234567
	w EINVAL "$D/t10_vend_id" 123456789
	w EINVAL "$D/prod_rev_lvl" 12345
	file "$D/t10_vend_id" 'SCST_BIO\n'
	file "$D/naa_id" '\n'
	w ok "$D/naa_id" 6001405ABCDEF0123456789000000000
	file "$D/naa_id" '0x6001405abcdef0123456789000000000\n[key]\n'
	w EINVAL "$D/naa_id" 6001405abcdef
	w EINVAL "$D/naa_id" 600140gabcdef0123456789000000000
	w ok "$D/naa_id" ""
	file "$D/naa_id" '\n'
	w ok "$D/eui64_id" 0x123456789012345678901234
	truncate -s 20M "$root/dev/zvol/p/v"
	file "$D/size_mb" '10\n'
	w ok "$D/resync_size" 1
	file "$D/size_mb" '20\n'
	w ok "$D/active" 0
	w EMEDIUMTYPE "$D/resync_size" 1
	w ok "$D/filename" /dev/zvol/p/none
	w ENOENT "$D/active" 1
	w ok "$D/filename" /dev/zvol/p/v
	w ok "$D/active" 1
	file "$D/active" '1\n'
	w ok "$bio" "add_device OFF filename=/dev/zvol/p/none; active=0"
	file "$S/devices/OFF/size" '0\n[key]\n'
	w ok "$bio" "del_device OFF"
}

target_attributes() {
	local long
	w EEXIST "$I/mgmt" "add_target $iqn"
	w EINVAL "$I/mgmt" "add_target"
	w EINVAL "$I/mgmt" "add_target iqn.x:k colour=red"
	gone "$I/iqn.x:k"
	w ok "$I/mgmt" "add_target iqn.x:k MaxSessions=5; IncomingUser=joe 123456789012"
	file "$I/iqn.x:k/MaxSessions" '5\n[key]\n\n'
	file "$I/iqn.x:k/IncomingUser" 'joe 123456789012\n[key]\n\n'
	w ok "$I/mgmt" "del_target iqn.x:k"
	w ENOENT "$I/mgmt" "del_target iqn.x:k"
	w ok "$I/mgmt" "add_target a/b"
	there "$I/a!b"
	w ok "$I/mgmt" "del_target a/b"
	long=$(printf '%0256d' 0)
	w ok "$I/mgmt" "add_target $long" "a name of 256 characters"
	w EEXIST "$I/mgmt" "add_target ${long#0}" "is cut to 255"
	w ok "$I/mgmt" "del_target ${long#0}" "and away"
	w ok "$T/comment" "mine, all mine"
	file "$T/comment" 'mine, all mine\n[key]\n'
	file "$T/alias" '\n'
	w ok "$T/alias" "the alias"
	file "$T/alias" 'the alias\n[key]\n\n'
	file "$T/per_portal_acl" '0\n\n'
	w EINVAL "$T/per_portal_acl" 2
	w ok "$T/HeaderDigest" CRC32C,None
	file "$T/HeaderDigest" 'None,CRC32C\n[key]\n\n'
	w EINVAL "$T/QueuedCommands" 0
	w EINVAL "$T/enabled" yes
	w ok "$I/mgmt" "add_target iqn.x:2"
	file "$I/iqn.x:2/rel_tgt_id" '0\n'
	w ok "$I/iqn.x:2/rel_tgt_id" 1
	w EBADSLT "$I/iqn.x:2/enabled" 1
	w ok "$I/iqn.x:2/rel_tgt_id" 7
	w ok "$I/iqn.x:2/enabled" 1
	w EBADSLT "$I/iqn.x:2/rel_tgt_id" 1
	w ok "$I/mgmt" "del_target iqn.x:2"
}

accounts() {
	local add="add_target_attribute $iqn" del="del_target_attribute $iqn"
	w ENOENT "$I/mgmt" "add_target_attribute iqn.none IncomingUser joe 123456789012"
	w EINVAL "$I/mgmt" "$add Colour red"
	w EINVAL "$I/mgmt" "$add IncomingUser joe 12345678901"
	w ok "$I/mgmt" "$add IncomingUser joe 123456789012"
	w EINVAL "$I/mgmt" "$add IncomingUser joe 123456789013"
	w ok "$I/mgmt" "$add IncomingUser jim 123456789012"
	w ok "$I/mgmt" "$add IncomingUser jon $(printf '%0255d' 0)" "a secret of 255 bytes"
	w EINVAL "$I/mgmt" "$add IncomingUser jan $(printf '%0500d' 0)" "a secret of 500 bytes"
	is "mode of a secret" "$(stat -c %a "$T/IncomingUser")" 600
	w ok "$I/mgmt" "$del IncomingUser joe"
	w ok "$I/mgmt" "$del IncomingUser jim"
	gone "$T/IncomingUser"
	gone "$T/IncomingUser1"
	there "$T/IncomingUser2"
	w ok "$T/IncomingUser2" "jon 210987654321"
	file "$T/IncomingUser2" 'jon 210987654321\n[key]\n\n'
	w ok "$I/mgmt" "$del IncomingUser jon"
	w ok "$I/mgmt" "$add OutgoingUser out 123456789012"
	w EEXIST "$I/mgmt" "$add OutgoingUser other 123456789012"
	unreadable "$T/OutgoingUser" "Invalid argument"
	w ENOENT "$I/mgmt" "$del OutgoingUser out"
	w ENOENT "$I/mgmt" "$del OutgoingUser other"
	w ok "$I/mgmt" "$add allowed_portal 10.0.0.*"
	file "$T/allowed_portal" '10.0.0.*\n[key]\n\n'
	w ok "$I/mgmt" "$del allowed_portal 10.0.0.*"
	w EINVAL "$I/mgmt" "$del allowed_portal 10.0.0.*"
	w ok "$I/mgmt" "add_attribute IncomingUser disco 123456789012"
	file "$I/IncomingUser" 'disco 123456789012\n[key]\n\n'
	w ok "$I/mgmt" "del_attribute IncomingUser disco"
	gone "$I/IncomingUser"
}

luns_and_groups() {
	local G=$T/ini_groups/G
	w EEXIST "$T/luns/mgmt" "add DEV 0"
	w EINVAL "$T/luns/mgmt" "add NONE 1"
	w EINVAL "$T/luns/mgmt" "add DEV one"
	w EINVAL "$T/luns/mgmt" "add DEV 16384"
	w EINVAL "$T/luns/mgmt" "add DEV 1 colour=red"
	w EINVAL "$T/luns/mgmt" "del 5"
	w ok "$T/luns/mgmt" "add DEV 16383 read_only=1"
	file "$T/luns/16383/read_only" '1\n[key]\n'
	w ok "$T/luns/mgmt" "replace DEV 16383"
	file "$T/luns/16383/read_only" '0\n'
	w ok "$T/luns/mgmt" "del 16383"
	gone "$T/luns/16383"
	w ok "$T/ini_groups/mgmt" "create G"
	w EEXIST "$T/ini_groups/mgmt" "create G"
	w EINVAL "$T/ini_groups/mgmt" "del NONE"
	w ok "$T/ini_groups/mgmt" "create H"
	w ok "$G/initiators/mgmt" "add iqn.ini:*"
	w EEXIST "$G/initiators/mgmt" "add iqn.ini:*"
	file "$G/initiators/iqn.ini:*" 'iqn.ini:*\n'
	w EINVAL "$G/initiators/mgmt" "del iqn.none"
	w ok "$G/luns/mgmt" "add DEV 0 read_only=1"
	link "$G/luns/0/device" ../../../../../../../devices/DEV
	w EINVAL "$G/initiators/mgmt" "move iqn.ini:* NONE"
	w ok "$G/initiators/mgmt" "move iqn.ini:* H"
	gone "$G/initiators/iqn.ini:*"
	w ok "$T/ini_groups/H/initiators/mgmt" "move iqn.ini:* G"
	w ok "$T/ini_groups/mgmt" "del H"
	w ok "$T/luns/mgmt" "clear"
	w ok "$T/luns/mgmt" "add DEV 0"
}

session_life() {
	local s
	is "login" "$(ctl login "$iqn" iqn.ini:a 192.0.2.7)" iqn.ini:a
	is "second login" "$(ctl login "$iqn" iqn.ini:a 192.0.2.7)" iqn.ini:a_1
	! ctl login "$iqn" iqn.INI:a 2>/dev/null
	result $? "upper case is refused"
	s=$T/sessions/iqn.ini:a
	link "$s/luns" ../../ini_groups/G/luns
	file "$s/initiator_name" 'iqn.ini:a\n'
	file "$T/sessions/iqn.ini:a_1/initiator_name" 'iqn.ini:a\n'
	file "$s/192.0.2.7/ip" '192.0.2.7'
	file "$s/192.0.2.7/cid" '0'
	file "$s/192.0.2.7/state" 'established idle '
	there "$s/lun0"
	w EBUSY "$T/ini_groups/mgmt" "del G"
	w ok "$T/ini_groups/G/initiators/mgmt" "del iqn.ini:*"
	link "$s/luns" ../../luns
	w ok "$T/enabled" 0
	there "$s"
	! ctl login "$iqn" iqn.ini:b 2>/dev/null
	result $? "a disabled target lets nobody in"
	w EBUSY "$I/mgmt" "del_target $iqn"
	ctl linger 1 60000
	ctl logout "$iqn" iqn.ini:a_1
	w EACCES "$s/sid" 1
	w ok "$s/force_close" 1
	there "$s"
	w EBUSY "$I/mgmt" "del_target $iqn" "the first del_target after force_close"
	w ok "$bio" "del_device DEV"
	gone "$T/luns/0"
	gone "$T/ini_groups/G/luns/0"
	w ok "$I/mgmt" "del_target $iqn" "the second one"
	gone "$T"
}

interrupted() {
	local writer writes
	writes=$(ctl writes)
	ctl fault hang:300
	"$BASH" -c 'printf "add_target iqn.x:i\n" >"$1"' - "$I/mgmt" &
	writer=$!
	ctl await $((writes + 1))
	kill -TERM $writer
	wait $writer 2>/dev/null
	is "the command of a killed writer stays queued" "$(ctl idle)" 0
	there "$I/iqn.x:i"
}

asynchronous() {
	ctl eagain on 20
	w EAGAIN "$I/mgmt" "add_target $iqn"
	is "the queued command was done" "$(ctl idle)" 0
	there "$T"
	w EAGAIN "$T/luns/mgmt" "add NONE 0"
	is "and its result is the last one" "$(ctl idle)" -22
	ctl eagain on 60000
	w EAGAIN "$I/mgmt" "add_target iqn.x:later"
	unreadable "$S/last_sysfs_mgmt_res" "Resource temporarily unavailable"
	gone "$I/iqn.x:later"
}

faults() {
	ctl fault fail:EIO nth=2 match=add_target
	w ok "$I/mgmt" "add_target iqn.x:1"
	w EIO "$I/mgmt" "add_target iqn.x:2"
	gone "$I/iqn.x:2"
	w ok "$I/mgmt" "add_target iqn.x:2" "a fault is used up"
	ctl fault late:EIO
	w EIO "$I/mgmt" "add_target iqn.x:3"
	there "$I/iqn.x:3"
	ctl fault lost
	w EAGAIN "$I/mgmt" "add_target iqn.x:4"
	ctl idle >/dev/null
	gone "$I/iqn.x:4"
	ctl fault fail:EBUSY count=0 match=iqn.x:4
	w EBUSY "$I/mgmt" "add_target iqn.x:4" "always, once"
	w EBUSY "$I/mgmt" "add_target iqn.x:4" "always, twice"
	is "the list of faults" "$(ctl faults)" "fail:EBUSY count=0 match=iqn.x:4"
	ctl faults clear
	ctl fault fail:EIO on=read match=iqn.x:1/tid
	unreadable "$I/iqn.x:1/tid" "Input/output error"
	ctl fault hang:600
	w EAGAIN "$I/mgmt" "add_target iqn.x:5" "work that holds everything locked"
	is "goes on" "$(ctl idle)" 0
	there "$I/iqn.x:5"
}

daemon_states() {
	ctl daemon hang
	w EBUSY "$I/mgmt" "add_target iqn.x:7" "the daemon hangs"
	unreadable "$I/iqn.x:1/alias" "Device or resource busy"
	file "$I/iqn.x:1/enabled" '0\n'
	ctl daemon continue
	w ok "$bio" "add_device DEV filename=/dev/zvol/p/v"
	ctl inject iqn.x:1 iqn.ini:a >/dev/null
	ctl daemon kill
	gone "$I/iqn.x:1"
	gone "$I/enabled"
	file "$I/open_state" 'closed\n'
	there "$S/devices/DEV"
	w EPERM "$I/mgmt" "add_target iqn.x:1"
	ctl daemon start
	there "$I/enabled"
	w ok "$I/mgmt" "add_target iqn.x:1"
}

start_sim --files-are-blocks
the_four_writes
driver_files
device_errors
device_attributes
target_attributes
accounts
luns_and_groups
session_life
interrupted
asynchronous
stop_sim
result $? "ends cleanly with work queued"

start_sim --files-are-blocks --eagain-after 100 --hung-after 100
faults
daemon_states
stop_sim
result $? "ends cleanly"

start_sim --max-name 16 --lack thin_provisioned,tst --daemon-down
file "$I/open_state" 'closed\n'
w EINVAL "$bio" "add_device 12345678901234567 filename=/dev/zvol/p/v"
w EINVAL "$fio" "add_device D filename=/dev/zvol/p/v; thin_provisioned=1"
w ENOTBLK "$bio" "add_device D filename=/dev/zvol/p/v"
! grep -q 'thin_provisioned' "$fio"
result $? "an older version's help"
stop_sim
result $? "ends cleanly"

"$sim" --control "$tmp/ctl" "$S"
there "$S/version"
fusermount3 -u "$S"
result $? "unmounts in the background"

echo "1..$count"
[ "$failed" -eq 0 ]
