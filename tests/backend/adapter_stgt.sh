# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034 # for conformance.sh
# STGT for the conformance list: a real tgtd, real logins. Reads with tgtadm and libiscsi's tools.

first_lun=1
blocksize=512
naa=6001405%s000000000
order=('--op new --mode target' '--op new --mode logicalunit' 'scsi_sn=[0-9a-f]{16},scsi_id='
	'--op bind --mode target')
rules_before='--op bind --mode target .*--initiator-name|--op update --mode logicalunit'
in_place='--op (un)?bind --mode target'
# It tells its sizes in megabytes: without the file at the old path they cannot be compared.
on_rename='params online=0,path=.*,online=1$'

cannot() {
	case $1 in
	names-ro) echo "tgtd has no read-only access for single initiators" ;;
	esac
}

target_require() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root: tgtd serves only the user it runs as"
	[ -x /usr/sbin/tgtd ] || skip_all "needs /usr/sbin/tgtd (Debian: package tgt)"
	[ -x "$INITIATOR" ] || skip_all "needs the test program initiator"
}

target_start() {
	mkdir -p "$world/sock"
	export TGT_IPC_SOCKET=$world/sock/s
	cp "$folder/../cli/tgtadm-wrapper" "$root/usr/sbin/tgtadm"
	configure
	: >"$world/calls"
	start_tgtd
}

target_stop() {
	stop_tgtd
}

target_restart() {
	stop_tgtd
	start_tgtd
}

changes() {
	calls
}

plain() {
	cat
}

# Which TID a target has, and with it its place, is decided by what else there is and was.
everything() {
	live | sed -E 's/(IET     |beaf)[0-9a-f]+$/\1/' | tr '\n' '\r' |
		sed 's/\r\?Target [0-9]*: /\nTarget: /g' | sort | tr '\r' '\n' | grep .
	adm --op show --mode account
}

raw() {	# IQN
	live_of "$1"
}

field() {	# IQN LUN NAME
	live_of "$1" | sed -n "/^ *LUN: $2\$/,/^ *LUN: /s/^ *$3: //p"
}

lun_is() {	# IQN LUN WHAT
	case $3 in
	path) field "$1" "$2" 'Backing store path' ;;
	serial) field "$1" "$2" 'SCSI SN' ;;
	naa) field "$1" "$2" 'SCSI ID' ;;
	blocksize) field "$1" "$2" Size | sed 's/.*Block size: //' ;;
	readonly) field "$1" "$2" Readonly | tr 'YN' 'yn' ;;
	size) iscsi-readcapacity16 "$(url "$1" "$2")" 2>&1 | sed -n 's/.*Total size:\([0-9]*\).*/\1/p' ;;
	esac
}

rules() {	# IQN
	live_of "$1" | sed -n '1,/ACL information/d;s/^ *//p' | sed 's/^ALL$/all/' | sort | paste -sd' '
}

login() {	# IQN [NAME]
	real_login "$(url "$1" "$(first_lun_of "$1")")" "${2-$who}"
}

chap() {	# IQN
	live_of "$1" | sed -n '/Account information/,/ACL information/s/^        //p' |
		sed 's/\(.*\) (outgoing)/mutual:\1/' | paste -sd' '
}

lets_in() {	# IQN [USER SECRET]
	real_lets_in "$(url "$1" "$(first_lun_of "$1")")" "${@:2}"
}

first_lun_of() {	# IQN
	live_of "$1" | sed -n 's/^ *LUN: \([1-9][0-9]*\)$/\1/p' | head -n 1
}

logout() {
	real_logout
}

sessions() {	# IQN
	live_of "$1" | sed -n 's/^ *Initiator: \([^ ]*\).*/\1/p' | sort | paste -sd' '
}

was_ended() {
	real_was_ended
}

free_tid() {
	echo $(($(live | sed -n 's/^Target \([0-9]*\):.*/\1/p' | sort -n | tail -n 1) + 1))
}

foreign_target() {	# IQN PATH
	local tid
	tid=$(free_tid)
	adm --lld iscsi --op new --mode target --tid "$tid" -T "$1"
	adm --lld iscsi --op new --mode logicalunit --tid "$tid" --lun 1 -b "$2"
	adm --lld iscsi --op bind --mode target --tid "$tid" -I 10.0.0.1
}

foreign_lun() {	# IQN LUN PATH
	adm --lld iscsi --op new --mode logicalunit --tid "$(tid_of "$1")" --lun "$2" -b "$3"
}

foreign_gone() {	# IQN
	adm --lld iscsi --op delete --mode target --force --tid "$(tid_of "$1")"
}

disturbed() {	# kill|fail N VERB...
	: >"$world/count"
	rm -f "$world/fault.done"
	case $1 in
	kill) echo "change $2 kill-after" ;;
	fail) echo "change $2 fail-before" ;;
	esac >"$world/fault"
	{ sis "${@:3}"; } 2>/dev/null
	rm "$world/fault"
	[ -e "$world/fault.done" ]
}
