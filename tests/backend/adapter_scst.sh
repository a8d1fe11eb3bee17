# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034 # for conformance.sh
# SCST for the conformance list: the simulated tree, read as files; sessions are the simulator's.

first_lun=0
sim_options=()
blocksize=4096
naa=6001405%s000000000
order=('^echo "add_target ' '^echo "add_device DEVICE filename=' '/usn$' '/t10_dev_id$' '/naa_id$'
	'^echo "add DEVICE [0-9]+' '/enabled$')
rules_before='^echo "add iqn.*/ini_groups/.*/initiators/mgmt$'
in_place='/ini_groups/|/luns/mgmt$'
on_rename='^$'

SCST_SIM=${SCST_SIM:-$(program_of scst-sim)}
SCST_SIM_CTL=${SCST_SIM_CTL:-$(program_of scst-sim-ctl)}

cannot() {
	:
}

target_require() {
	[ -w /dev/fuse ] || skip_all "needs access to /dev/fuse"
	command -v fusermount3 >/dev/null || skip_all "needs fusermount3 (Debian: package fuse3)"
	[ -x "$SCST_SIM" ] || skip_all "needs the simulator scst-sim"
}

ctl() {
	"$SCST_SIM_CTL" "$world/ctl" "$@"
}

target_start() {
	local line
	tree=$root/sys/kernel/scst_tgt
	driver=$tree/targets/iscsi
	mkdir -p "$tree"
	rm -f "$world/ready"
	mkfifo "$world/ready"
	: >"$world/writes"
	LSAN_OPTIONS=detect_leaks=0 "$SCST_SIM" -f --files-are-blocks "${sim_options[@]}" --control "$world/ctl" \
		--log "$world/writes" "$tree" >"$world/ready" &
	sim=$!
	read -r -t 20 line <"$world/ready"
	[ "$line" = ready ] || { echo "Bail out! scst-sim did not mount"; exit 1; }
	mkdir -p "$root/var/lib/scst/pr"
	put 1 targets/iscsi/enabled
}

target_stop() {
	[ -n "${sim-}" ] || return 0
	kill -TERM "$sim"
	wait "$sim"
	sim=
	! mountpoint -q "$tree" || fusermount3 -u -z "$tree"
}

# The daemon ends: the targets go, the devices stay.
target_restart() {
	ctl daemon kill
	ctl daemon start
}

# Names of devices are made of the time of day.
plain() {
	sed -E 's/\bsis[cw][0-9a-z]{12}\b/DEVICE/g'
}

# As the plan says it; the simulator's log has PATH, tab, what was written.
changes() {
	local path text
	while IFS=$'\t' read -r path text; do
		text=${text%\\n}
		case $text in
		*[!A-Za-z0-9_./:=,@%+-]*) text="\"$text\"" ;;
		esac
		echo "echo $text > /sys/kernel/scst_tgt/${path#/}"
	done <"$world/writes" | plain
	: >"$world/writes"
}

# Attributes and links, apart from sessions, counters and what only the order of making decides.
dump() {	# FOLDER...
	{
		grep -rs '' "$@" | grep -vE '/sessions/|/mgmt:|/(tid|rel_tgt_id):|/(eui64_id|prod_id|pr_file_name|vend_specific_id):'
		find "$@" -type l ! -path '*/sessions/*' ! -path '*/exported/*' -printf '%p -> %l\n'
		find "$@" -path '*/ini_groups/*' -printf '%p\n'
	} 2>/dev/null | sed "s,^$tree/,," | plain | sort
}

everything() {
	dump "$tree/devices" "$driver"/*/ | grep -v '^targets/iscsi/enabled'
}

raw() {	# IQN
	{
		dump "$driver/$1"
		dump "$tree/devices" | grep '^devices/foreign'
		cat "$driver/$1/tid"
	} 2>/dev/null
}

targets() {
	local t
	for t in "$driver"/*/tid; do
		[ ! -e "$t" ] || basename "$(dirname "$t")"
	done | sort | paste -sd' '
}

device() {	# IQN LUN
	local d
	for d in "$driver/$1/luns" "$driver/$1"/ini_groups/*/luns; do
		[ ! -e "$d/$2/device" ] || { readlink -f "$d/$2/device"; return; }
	done
}

# SCST answers EAGAIN to a reader while it is busy.
attribute_of() {	# FILE
	[ ! -e "$1" ] || wait_until head -n 1 "$1" 2>/dev/null
}

lun_is() {	# IQN LUN WHAT
	local d
	d=$(device "$1" "$2")
	[ -n "$d" ] || return 0
	case $3 in
	path) attribute_of "$d/filename" ;;
	serial) attribute_of "$d/usn" ;;
	naa) attribute_of "$d/naa_id" | sed 's/^0x//' ;;
	blocksize) attribute_of "$d/blocksize" ;;
	readonly) attribute_of "$d/read_only" | sed 's/0/no/;s/1/yes/' ;;
	size) attribute_of "$d/size" ;;
	esac
}

rules() {	# IQN
	local f group
	if [ -z "$(ls "$driver/$1/ini_groups" | grep -v mgmt)" ]; then
		echo all
		return
	fi
	[ -z "$(ls "$driver/$1/luns" | grep -v mgmt)" ] || echo "and all others"
	for f in "$driver/$1"/ini_groups/*/initiators/*; do
		[ "${f##*/}" != mgmt ] || continue
		group=$(dirname "$(dirname "$f")")
		if [ "$(head -qn 1 "$group"/luns/*/read_only | sort -u)" = 1 ]; then
			echo "${f##*/}=ro"
		else
			echo "${f##*/}"
		fi
	done | sort | paste -sd' '
}

login() {	# IQN [NAME]
	logged_in=$1
	logged_in_as=$(ctl login "$1" "${2-$who}" 2>/dev/null)
}

users_of() {	# IQN KIND
	local f
	for f in "$driver/$1/$2"*; do
		[ ! -e "$f" ] || attribute_of "$f"
	done
}

chap() {	# IQN
	{
		users_of "$1" IncomingUser
		users_of "$1" OutgoingUser | sed 's/^/mutual:/'
	} | sed 's/ .*//' | sort | paste -sd' '
}

lets_in() {	# IQN [USER SECRET]
	ctl login "$1" "$who" >/dev/null 2>&1 || return
	ctl logout "$1" "$who" >/dev/null 2>&1
	if [ -n "$(users_of "$1" IncomingUser)" ]; then
		[ -n "${2-}" ] && users_of "$1" IncomingUser | grep -qxF "$2 $3"
	fi
}

logout() {
	[ -z "${logged_in_as-}" ] || ctl logout "$logged_in" "$logged_in_as" >/dev/null 2>&1
	logged_in_as=
}

sessions() {	# IQN
	cat "$driver/$1"/sessions/*/initiator_name 2>/dev/null | sort | paste -sd' '
}

was_ended() {
	[ -z "$(ctl sessions)" ]
}

put() {	# TEXT PATH
	echo "$1" >"$tree/$2"
}

foreign_device() {	# PATH
	foreign=$((${foreign-0} + 1))
	put "add_device foreign$foreign filename=$1; blocksize=512" handlers/vdisk_fileio/mgmt
}

foreign_target() {	# IQN PATH
	foreign_device "$2"
	put "add_target $1" targets/iscsi/mgmt
	put "add foreign$foreign 0" "targets/iscsi/$1/luns/mgmt"
	put 1 "targets/iscsi/$1/enabled"
}

foreign_lun() {	# IQN LUN PATH
	foreign_device "$3"
	put "add foreign$foreign $2" "targets/iscsi/$1/luns/mgmt"
}

foreign_chap() {	# IQN USER SECRET [USER SECRET]
	put "add_target_attribute $1 IncomingUser $2 $3" targets/iscsi/mgmt
	[ -z "${4-}" ] || put "add_target_attribute $1 OutgoingUser $4 $5" targets/iscsi/mgmt
}

foreign_gone() {	# IQN
	put 0 "targets/iscsi/$1/enabled"
	put "del_target $1" targets/iscsi/mgmt
	put "del_device foreign$foreign" handlers/vdisk_fileio/mgmt
}

disturbed() {	# kill|fail N VERB...
	local rc=0
	case $1 in
	fail)
		ctl fault fail:EIO "nth=$2"
		sis "${@:3}"
		[ -z "$(ctl faults)" ] || rc=1
		;;
	kill) killed "${@:2}" || rc=1 ;;
	esac
	ctl faults clear
	ctl idle >/dev/null
	return $rc
}

# The Nth write takes its time, and its writer is killed meanwhile.
killed() {	# N VERB...
	local before rc=0
	before=$(wc -l <"$world/writes")
	ctl fault hang:300 "nth=$1"
	"$program" "$2" "${sis_args[@]}" "${@:3}" >"$world/out" 2>"$world/err" </dev/null &
	victim=$!
	wait_until written_or_ended $((before + $1))
	kill -KILL "$victim"
	wait "$victim"
	[ "$(wc -l <"$world/writes")" -ge $((before + $1)) ] || rc=1
	return $rc
} 2>/dev/null

written_or_ended() {	# COUNT
	[ "$(wc -l <"$world/writes")" -ge "$1" ] || ! kill -0 "$victim"
}
