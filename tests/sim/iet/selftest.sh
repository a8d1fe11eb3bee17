#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Walks through the behaviours of the simulated IET, one TAP line each.
# usage: selftest.sh PATH/iet-sim-ctl   (its ietadm lies beside it)
# Must not need root, a block device or a real IET.

set -u
ctl_program=$(realpath "$1") || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
ietadm=$dir/usr/sbin/ietadm
volume=$dir/proc/net/iet/volume
session=$dir/proc/net/iet/session
iqn=iqn.2001-04.com.example
count=0
failed=0

ctl() { "$ctl_program" "$dir" "$@"; }

verdict() {	# STATUS WHAT
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
	fi
}

same() {	# WHAT WANT GOT
	[ "$2" = "$3" ]
	same_status=$?
	[ $same_status -eq 0 ] || printf '# want: %s\n# got:  %s\n' "$2" "$3"
	verdict $same_status "$1"
}

# Runs ietadm; compares "EXIT STDERR" with what D2 says.
gives() {	# WANT ARGUMENT...
	want=$1
	shift
	text=$("$ietadm" "$@" 2>&1 >/dev/null)
	same "ietadm $*" "$want" "$? $text"
}

works() { gives "0 " "$@"; }

yes() {	# WHAT COMMAND...
	what=$1
	shift
	"$@" >/dev/null 2>&1
	verdict $? "$what"
}

no() {	# WHAT COMMAND...
	what=$1
	shift
	! "$@" >/dev/null 2>&1
	verdict $? "$what"
}

fresh() {	# VERSION
	ctl init --version "$1" && rm -rf "${dir:?}/etc" && mkdir -p "$dir/etc"
}

refused='145 Connection refused.'
notdone='255 Operation not permitted.'
invalid='234 Invalid argument.'
missing='254 No such file or directory.'
busy='240 Device or resource busy.'
lost='251 ietd_response_recv 170 0 -5
Input/output error.'

fresh 1.4.19
ctl install && ctl install sbin
mkdir -p "$dir/dev/zvol/p"
truncate -s 1M "$dir/dev/zvol/p/v" "$dir/dev/zvol/p/w" "$dir/plain file"

# --- module and daemon (D1)
same 'both files there, empty' '' "$(cat "$volume" "$session")"
works --op show --tid 0 --lun 0
works --op show --user
ctl stop-daemon
gives "$refused" --op show --tid 0 --lun 0
gives "$refused" --op show --user
gives "$refused" --op delete --tid 1
yes 'daemon dead: the proc tree stays' test -f "$volume"
ctl unload
no 'module absent: no proc tree' test -e "$dir/proc/net/iet"
gives "$refused" --op new --tid 1 --params "Name=$iqn:a"
no 'no daemon without module' ctl start-daemon
ctl load && ctl start-daemon
no 'no unload under a daemon' ctl unload
same 'version' 'ietadm version 1.4.19' "$("$dir/sbin/ietadm" --version)"
yes 'help' "$ietadm" --help

# --- the command line (D2)
gives '234 You must specify the operation type'
gives '234 You must specify the operation type' --op news
gives "255 unrecognized: xy
Try \`ietadm --help' for more information." --op new x y
gives '234 ' --op new --tid 1
gives '234 ' --op new --tid 1 --params "name=$iqn:a"
gives '234 ' --op new --tid 1 --params Name
gives '234 ' --op new --lun 0
gives '234 ' --op delete --lun 0
gives '234 Unsupported.' --op update --tid 1 --lun 0
gives '234 ' --op delete --tid 1 --sid 1
gives '234 Unsupported.' --op new --tid 1 --sid 1
gives '234 ' --op delete --sid 1 --cid 0
gives "$notdone" --op show
gives "$notdone" --op new
{ "$ietadm" --op new --tid 1 --lun 0; } >/dev/null 2>&1
same 'new LUN without --params dies of SIGSEGV' 139 $?

# --- targets (D2, D3)
# the two nonsense commands above were each a "new target" that used up a tid
ctl stop-daemon && ctl start-daemon
works --op new --tid 1 --params "Name=$iqn:a"
works --op=new --tid=5 --params="Name=$iqn:b=c, d"
gives "$invalid" --op new --tid 9 --params "Name=$iqn:A"
gives "$notdone" --op new --tid 1 --params "Name=$iqn:z"
gives "$notdone" --op new --tid 9 --params Name=
works -o new -t 0 -p "Name=$iqn:auto"
works --op new --tid abc --params "Name=$iqn:auto2"
same 'newest target first, tid 0 counts on' "tid:3 name:$iqn:auto2
tid:2 name:$iqn:auto
tid:5 name:$iqn:b=c, d
tid:1 name:$iqn:a" "$(cat "$volume")"
same 'session lists them as well' "$(cat "$volume")" "$(cat "$session")"
works --op delete --tid 2
works --op new --tid 0 --params "Name=$iqn:auto3"
yes 'the next number, not the lowest free' grep -qx "tid:4 name:$iqn:auto3" "$volume"
gives "$missing" --op delete --tid 77
gives "$missing" --op delete --tid ''
works --op delete --tid 3
works --op delete --tid 4
works --op delete --tid 5

# --- LUNs (D2, D3)
works --op new --tid 1 --lun 0 --params "Path=/dev/zvol/p/v,Type=blockio,IOMode=wb,ScsiId=0123456789abcdef,ScsiSN=0123456789ABCDEF"
works --op new --tid 1 --lun 7 --params "Path=$dir/plain file,IOMode=wb"
works --op new --tid 1 --lun 3 --params "Path=$dir/plain file,IOMode=ro"
works --op new --tid 1 --lun 16383 --params Type=nullio,Sectors=2048
same 'volume lines, in order of their making' "tid:1 name:$iqn:a
	lun:0 state:0 iotype:blockio iomode:wt path:/dev/zvol/p/v
	lun:7 state:0 iotype:fileio iomode:wb path:$dir/plain file
	lun:3 state:0 iotype:fileio iomode:ro path:$dir/plain file
	lun:16383 state:0 iotype:nullio iomode:wt sectors:2048" "$(cat "$volume")"
same 'inquiry' 'scsi_id=0123456789abcdef scsi_sn=0123456789ABCDEF blocks=2048 block_size=512 read_only=0' "$(ctl inquiry 1 0)"
gives "$notdone" --op new --tid 1 --lun 0 --params Path=/dev/zvol/p/w
gives "$notdone" --op new --tid 2 --lun 0 --params Path=/dev/zvol/p/w
gives "$notdone" --op new --tid 1 --lun 16384 --params Path=/dev/zvol/p/w
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/none
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/v,Type=blockio
same 'the cause is in dmesg' "Can't open /dev/zvol/p/v -16" "$(ctl dmesg | tail -n 1)"
gives "$notdone" --op new --tid 1 --lun 1 --params "Path=$dir/plain file,Type=blockio"
gives "$notdone" --op new --tid 1 --lun 1 --params "Path=$dir/dev"
gives "$notdone" --op new --tid 1 --lun 1 --params Type=fileio
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,Type=disk
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,path=x
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,Path=/dev/zvol/p/w
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,ScsiId=0123456789abcdefg
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,ScsiSN=0123456789abcdefg
gives "$notdone" --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/w,BlockSize=512
gives "$notdone" --op new --tid 1 --lun 1 --params Type=nullio,ScsiId=1
gives "$notdone" --op delete --tid 1 --lun 1
works --op new --tid 1 --lun 1 --params Path=/dev/zvol/p/v
works --op delete --tid 1 --lun 1
ctl set drain-ms never
works --op delete --tid 1 --lun 0
yes 'a LUN that drains has state:1' grep -q 'lun:0 state:1 ' "$volume"
gives "$notdone" --op new --tid 1 --lun 0 --params Path=/dev/zvol/p/w
ctl settle
no 'drained' grep -q 'lun:0 ' "$volume"
works --op new --tid 1 --lun 0 --params Path=/dev/zvol/p/v,Type=blockio
ctl set drain-ms 100
works --op delete --tid 1 --lun 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q 'lun:0 ' "$volume" || break
	sleep 0.1
done
no 'drained by itself' grep -q 'lun:0 ' "$volume"

# --- parameters and accounts (D5)
works --op update --tid 1 --params Wthreads=16,headerdigest=CRC32C,MaxConnections=8,InitialR2T=No
same 'target parameters' 'Wthreads=16
Type=0
QueuedCommands=32
NOPInterval=0
NOPTimeout=0' "$("$ietadm" --op show --tid 1)"
same 'session parameters' 'InitialR2T=No
MaxConnections=1
HeaderDigest=CRC32C' "$("$ietadm" --op show --tid 1 --sid 0 | grep -e R2T= -e Conn -e Header | grep -v Out)"
gives '234 Unknown parameter "MaxSessions".' --op update --tid 1 --params MaxSessions=1
gives '234 Invalid InitialR2T value "no".' --op update --tid 1 --params InitialR2T=no
gives "$notdone" --op update --tid 9 --params Wthreads=16
works --op update --tid 9
works --op new --tid 1 --user --params IncomingUser=joe,Password=secretsecret
works --op new --tid 1 --user --params IncomingUser=ann,Password=secretsecret
works --op new --tid 1 --user --params OutgoingUser=me,Password=first
works --op new --tid 1 --user --params outgoinguser=me2,password=second
works --op new --user --params IncomingUser=disco,Password=very
same 'accounts of a target: no passwords' 'IncomingUser ann
IncomingUser joe
OutgoingUser me2' "$("$ietadm" --op show --tid 1 --user)"
same 'discovery accounts' 'IncomingUser disco' "$("$ietadm" --op show --user)"
same 'one account, with password' 'IncomingUser joe secretsecret' \
	"$("$ietadm" --op show --tid 1 --user --params IncomingUser=joe)"
gives "$missing" --op delete --tid 1 --user --params IncomingUser=bob
works --op delete --tid 1 --user --params IncomingUser=joe
gives '234 Username and password must be specified' --op new --tid 1 --user --params IncomingUser=x
gives '234 Username must be specified' --op delete --tid 1 --user
gives '0 Unsupported' --op update --tid 1 --user
gives '234 ' --op new --tid 1 --lun 0 --user --params IncomingUser=x,Password=y
works --op delete --tid 1
same 'accounts go with the target' '0 incoming disco very' "$(ctl accounts)"

# --- sessions (D2, D3)
works --op new --tid 1 --params "Name=$iqn:a"
works --op new --tid 2 --params "Name=$iqn:b"
sid=$(ctl session add 1 iqn.1993-08.org.debian:01:abc 192.168.1.5)
sid6=$(ctl session add 1 iqn.x:6 fe80::1:2 --digests --cid 3)
same 'session lines, newest first' "tid:2 name:$iqn:b
tid:1 name:$iqn:a
	sid:$sid6 initiator:iqn.x:6
		cid:3 ip:[fe80:0000:0000:0000:0000:0000:0001:0002] state:active hd:crc32c dd:crc32c
	sid:$sid initiator:iqn.1993-08.org.debian:01:abc
		cid:0 ip:192.168.1.5 state:active hd:none dd:none" "$(cat "$session")"
gives '22 ' --op delete --tid 9 --sid "$sid" --cid 0
gives '2 ' --op delete --tid 1 --sid 12 --cid 0
gives '17 ' --op delete --tid 1 --sid "$sid" --cid 1
works --op delete --tid 1 --sid "$sid6" --cid 3
ctl set close-ms never
works --op delete --tid 1 --sid "$sid" --cid 0
yes 'a connection that closes shows it' grep -q 'cid:0 ip:192.168.1.5 state:closing ' "$session"
ctl settle
no 'closed: its session is gone' grep -q sid: "$session"
ctl set close-ms 0
ctl session add 1 iqn.x:1 10.0.0.1 --reconnect >/dev/null
sid=$(sed -n 's/.*sid:\([0-9]*\) .*/\1/p' "$session")
works --op delete --tid 1 --sid "$sid" --cid 0
sid2=$(sed -n 's/.*sid:\([0-9]*\) .*/\1/p' "$session")
yes 'an initiator that comes back' test "$sid2" != "$sid" -a -n "$sid2"
printf '%s\n' "$iqn:a 127.0.0.9" >"$dir/etc/initiators.allow"
works --op delete --tid 1 --sid "$sid2" --cid 0
no 'kept out by the allow file' grep -q sid: "$session"
ctl session add 1 iqn.x:1 10.0.0.1 >/dev/null
ctl set busy-delete 1
gives "$busy" --op delete --tid 1
ctl set busy-delete 0
gives "$lost" --op delete --tid 1
same 'a target deleted with sessions takes all along' '' "$(cat "$volume" "$session")"
gives "$refused" --op show --user
ctl start-daemon

# --- everything stopped (D2)
works --op new --tid 1 --params "Name=$iqn:a"
ctl session add 1 iqn.x:1 10.0.0.1 >/dev/null
works --op delete
same 'stop everything' '' "$(cat "$volume" "$session")"
gives "$invalid" --op new --tid 1 --params "Name=$iqn:a"
works --op delete --tid 1
works --op new --tid 1 --params "Name=$iqn:a"

# --- the allow files (D5)
lists() {	# what goes into FILE: a line each
	file=$1
	shift
	printf '%s\n' "$@" >"$dir/etc/$file"
}
allowed() { yes "in:  $1 $2" ctl login-allowed "$iqn:a" "$1" "$2" 10.9.9.9; }
denied() { no "out: $1 $2" ctl login-allowed "$iqn:a" "$1" "$2" 10.9.9.9; }
rm -f "$dir"/etc/initiators.allow
allowed iqn.x:1 10.0.0.1
lists initiators.allow '# comment' "$iqn:other ALL" "$iqn:A 10.0.0.1, 10.1.0.0/16,iqn\\.y:.*" 'ALL ALL'
allowed iqn.x:1 10.0.0.1
allowed iqn.x:1 10.1.200.3
allowed iqn.y:77 172.16.0.1
denied iqn.x:1 10.0.0.2
denied xiqn.y:77 172.16.0.1
lists initiators.allow "ALL 10.0.0.1/32, 10.2.0.5/24, [fe80::]/64, [2001:db8::1]"
denied iqn.x:1 10.0.0.1
denied iqn.x:1 10.2.0.5
allowed iqn.x:1 fe80::7
denied iqn.x:1 fe80:0:0:1::7
allowed iqn.x:1 2001:db8::1
denied iqn.x:1 2001:db8::2
lists initiators.allow "$iqn:a 10.0.0.3"
printf '%s' "ALL ALL" >>"$dir/etc/initiators.allow"
denied iqn.x:1 10.0.0.1
printf '%s' "$iqn:a ALL" >"$dir/etc/initiators.allow"
denied iqn.x:1 10.0.0.1
lists initiators.allow "$iqn:a" "$iqn:b ALL"
denied iqn.x:1 10.0.0.1
mkdir "$dir/etc/iet"
lists iet/initiators.allow 'ALL ALL'
allowed iqn.x:1 10.0.0.1
rm "$dir/etc/iet/initiators.allow"
lists initiators.allow "$iqn:a 10.0.0.3"
lists initiators.deny "$iqn:b ALL"
allowed iqn.x:1 10.0.0.1
lists initiators.deny 'ALL ALL'
denied iqn.x:1 10.0.0.1
allowed iqn.x:1 10.0.0.3
rm "$dir/etc/initiators.deny" "$dir/etc/initiators.allow"
lists targets.allow 'ALL 10.9.9.0/24'
allowed iqn.x:1 10.0.0.1
lists targets.allow "$iqn:a 10.9.9.8, iqn.x:1"
denied iqn.x:1 10.0.0.1
rm "$dir/etc/targets.allow"

# --- faults and the log
ctl fail 2 234 'Invalid argument.'
works --op show --user
gives "$invalid" --op new --tid 8 --params "Name=$iqn:fault"
no 'failed before its work' grep -q "$iqn:fault" "$volume"
ctl fail 1 251 'Input/output error.' after
gives '251 Input/output error.' --op new --tid 8 --params "Name=$iqn:fault"
yes 'failed after its work' grep -q "$iqn:fault" "$volume"
ctl hang 1 60000
timeout 0.3 "$ietadm" --op delete --tid 8
same 'a hang can be killed' 124 $?
yes 'and has done nothing' grep -q "$iqn:fault" "$volume"
ctl log clear
gives '234 Username must be specified' --op delete --tid 8 --params "a'b c" --user --params ''
"$ietadm" --op new -t '' --params "$(printf 'x\ny')" 2>/dev/null
same 'the log quotes as a shell does' "ietadm --op delete --tid 8 --params 'a'\\''b c' --user --params ''
ietadm --op new -t '' --params \$'x\\x0ay'" "$(ctl log)"

# --- parallel runs
ctl reset
pids=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	"$ietadm" --op new --tid "$i" --params "Name=$iqn:p$i" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || verdict 1 'a parallel run'
done
same '16 at once end as 16 targets' 16 "$(grep -c tid: "$volume")"
same 'and 16 log lines' 16 "$(ctl log | wc -l)"

# --- 1.4.20
fresh 1.4.20.3
works --op new --tid 1 --params "Name=$iqn:a"
gives '239 File exists.' --op new --tid 1 --params "Name=$iqn:b"
works --op new --tid 1 --lun 0 --params path=/dev/zvol/p/v,TYPE=blockio,BlockSize=4096,ScsiSN=1
works --op new --tid 1 --lun 1 --params Type=nullio,Blocks=8,BlockSize=1024,ScsiId=1
same 'size and block size in the volume file' "tid:1 name:$iqn:a
	lun:0 state:0 iotype:blockio iomode:wt blocks:256 blocksize:4096 path:/dev/zvol/p/v
	lun:1 state:0 iotype:nullio iomode:wt blocks:8 blocksize:1024" "$(cat "$volume")"
gives "$invalid" --op new --tid 1 --lun 2 --params Path=/dev/zvol/p/w,BlockSize=513
gives "$invalid" --op new --tid 1 --lun 2 --params Path=/dev/zvol/p/w,BlockSize=8192
gives "$invalid" --op new --tid 1 --lun 2 --params Path=/dev/zvol/p/w,IOMode=rw
gives "$invalid" --op new --tid 1 --lun 2 --params Path=/dev/zvol/p/w,Vendor=x
gives '239 File exists.' --op new --tid 1 --lun 0 --params Path=/dev/zvol/p/w
gives "$busy" --op new --tid 1 --lun 2 --params Path=/dev/zvol/p/v,Type=blockio
gives "$missing" --op delete --tid 1 --lun 9
gives "$missing" --op delete --tid 1 --sid 9 --cid 0

echo "1..$count"
[ "$failed" -eq 0 ]
