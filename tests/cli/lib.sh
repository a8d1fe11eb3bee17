# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# What the scripts of tests/cli and tests/fault share: TAP output, a private world (root, pool of
# the dir store, tgtd on a loopback port) and a way to run the program and look at what it did.
# Must leave nothing behind: all of it lives in $world, which goes at the end.
#
# From the environment: SHAREISCSI, the program; INITIATOR, tests/cli/initiator.c; RELAY, if the
# program is to reach tgtd through tests/cli/relay.c instead of tgtadm-wrapper.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
program=${SHAREISCSI:?is to be the program under test}
initiator=${INITIATOR:-}
transport=tgtadm
through=()
[ -z "${RELAY-}" ] || transport=socket
prefix=iqn.2010-09.org.zfsonlinux
# How long to wait for what must happen, in polls of a 50th of a second.
patience=1000

# ---- TAP ----

tests=0
failures=0

# TAP knows no other names.
one_line() {	# TEXT
	echo "${1//[![:print:]]/ }"
}

ok() {	# WHAT...
	tests=$((tests + 1))
	echo "ok $tests - $(one_line "$*")"
}

# Puts its input behind the verdict, for people.
explain() {
	cut -c 1-500 | head -n 40 | sed 's/^/#   /'
}

# The last run of the program is what a failure is mostly about.
not_ok() {	# WHAT...
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $(one_line "$*")"
	printf '%s\n' "command: ${ran-}" "status: ${status-}" "stderr: ${err-}" "stdout: ${out-}" | explain
}

verdict() {	# STATUS WHAT...
	if [ "$1" -eq 0 ]; then
		ok "${@:2}"
	else
		not_ok "${@:2}"
	fi
}

is() {	# WHAT WANT GOT
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		diff -U1 --label want --label got <(echo "$2") <(echo "$3") | explain
	fi
}

done_testing() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}

skip_all() {	# REASON...
	echo "1..0 # SKIP $*"
	exit 0
}

# Polls until the command succeeds; fails when it never does.
wait_until() {	# COMMAND...
	local i
	for ((i = 0; i < patience; i++)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "# gave up waiting for: $*"
	return 1
}

# ---- the world ----

cleanup() {
	[ -z "${session-}" ] || release_session
	stop_tgtd
	rm -rf "$world"
}

new_world() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root: tgtd serves only the user it runs as"
	[ -x /usr/sbin/tgtd ] || skip_all "needs /usr/sbin/tgtd (Debian: package tgt)"
	world=$(realpath "$(mktemp -d)") || exit 1
	trap cleanup EXIT
	trap 'exit 1' HUP INT TERM
	root=$world/root
	pool=$world/pool/tank
	setfattr -n user.test -v 1 "$world" 2>/dev/null ||
		skip_all "needs extended attributes in ${TMPDIR:-/tmp}"
	mkdir -p "$pool" "$world/sock" "$root"/{etc,run,sbin,usr/sbin,proc/sys/kernel}
	echo "$prefix" >"$root/etc/iscsi_target_id"
	echo '(none)' >"$root/proc/sys/kernel/domainname"
	: >"$world/calls"
	cp "$here/tgtadm-wrapper" "$root/usr/sbin/tgtadm"
	configure
	export TGT_IPC_SOCKET=$world/sock/s
	[ -z "${RELAY-}" ] || through=(env "TGT_IPC_SOCKET=$world/sock/relay")
	control=()
	sis_args=(--root "$root" --store "dir:$world/pool" --backend stgt)
}

# What the program does is counted, and gone wrong with, where tgtadm or the relay stands: it is
# not left to the program which way it goes.
configure() {	# [LINE of the configuration...]
	printf '%s\n' "$@" '[stgt]' "transport = $transport" >"$root/etc/shareiscsi.conf"
}

adm() {
	/usr/sbin/tgtadm "${control[@]}" "$@"
}

# Port 0 is one that the kernel finds free; which one, tgtd tells.
start_tgtd() {	# [OPTION of tgtd and tgtadm...]
	control=("$@")
	/usr/sbin/tgtd -f "${control[@]}" --iscsi portal=127.0.0.1:0 >"$world/tgtd.log" 2>&1 &
	tgtd=$!
	echo "$tgtd" >"$world/tgtd.pid"
	wait_until tgtd_answers || { sed 's/^/# /' "$world/tgtd.log"; exit 1; }
	portal=$(adm --op show --mode portal | sed -n 's/^Portal: \(127.0.0.1:[0-9]*\),.*/\1/p')
	[ -z "${RELAY-}" ] || start_relay
}

start_relay() {
	stop_relay
	"$RELAY" "$world" "$world/sock/relay.0" "$world/sock/s.0" &
	relay=$!
	wait_until test -S "$world/sock/relay.0"
}

stop_relay() {
	[ -n "${relay-}" ] || return 0
	kill "$relay" 2>/dev/null
	wait "$relay" 2>/dev/null
	relay=
	rm -f "$world/sock/relay.0"
}

tgtd_answers() {
	adm --op show --mode portal 2>/dev/null | grep -q '^Portal: 127'
}

# tgtd ignores SIGTERM.
stop_tgtd() {
	[ -n "${tgtd-}" ] || return 0
	kill -KILL "$tgtd" 2>/dev/null
	wait "$tgtd" 2>/dev/null
	tgtd=
	stop_relay
}

# A sparse volume with a value of the property, or without one.
volume() {	# NAME SIZE [VALUE]
	mkdir -p "$(dirname "$world/pool/$1")"
	truncate -s "$2" "$world/pool/$1"
	[ -z "${3-}" ] || set_property "$1" "$3"
}

set_property() {	# NAME VALUE
	setfattr -n user.org.zfsonlinux:shareiscsi -v "$2" "$world/pool/$1"
}

unset_property() {	# NAME
	setfattr -x user.org.zfsonlinux:shareiscsi "$world/pool/$1"
}

attribute() {	# NAME ATTRIBUTE
	getfattr --absolute-names --only-values -n "user.org.zfsonlinux:$2" "$world/pool/$1" 2>/dev/null
}

identity() {	# NAME
	attribute "$1" shareiscsi:identity
}

# ---- running the program ----

# shellcheck disable=SC2034 # for those who include this
# Runs it with the world's root, store and back end; sets out, err and status.
sis() {	# VERB [ARGUMENT...]
	bare "$1" "${sis_args[@]}" "${@:2}"
}

# Runs it with just these arguments.
bare() {	# [ARGUMENT...]
	ran="shareiscsi $*"
	status=0
	"${through[@]}" "$program" "$@" >"$world/out" 2>"$world/err" </dev/null || status=$?
	out=$(<"$world/out")
	err=$(<"$world/err")
}

# Runs it so often at the same time, for NAME1, NAME2, ...; how many of the runs succeeded.
at_once() {	# COUNT VERB [NAME]
	local i pids=() good=0
	for ((i = 1; i <= $1; i++)); do
		"$program" "$2" "${sis_args[@]}" ${3+"$3$i"} >"$world/said.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		! wait "$i" || good=$((good + 1))
	done
	cat "$world"/said.*
	echo "$good succeeded"
}

# The last run ended so, and nothing was said on stderr.
expect_quiet() {	# STATUS WHAT...
	[ "$status" -eq "$1" ] && [ -z "$err" ]
	verdict $? "${@:2}"
}

expect_status() {	# STATUS WHAT...
	[ "$status" -eq "$1" ]
	verdict $? "${@:2}"
}

# The last run ended so and said just one line on stderr, which has the text in it.
expect_error() {	# STATUS TEXT WHAT...
	[ "$status" -eq "$1" ] && [[ -n $err && $err != *$'\n'* && $err == "shareiscsi: "*"$2"* ]]
	verdict $? "${@:3}"
}

expect_out() {	# TEXT WHAT...
	[[ $out == *"$1"* ]]
	verdict $? "${@:2}"
}

# jq says yes to the output of the last run.
expect_json() {	# FILTER WHAT...
	jq -e "$1" <"$world/out" >/dev/null
	verdict $? "${@:2}"
}

# ---- what the program did ----

# The commands that changed something since the last call of this function.
calls() {
	cat "$world/calls"
	: >"$world/calls"
}

# All that tgtd has, without what only tells of time: session numbers.
live() {
	adm --op show --mode target
}

# Of one target only.
live_of() {	# IQN
	live | awk -v iqn="$1" '/^Target / { on = $3 == iqn } on'
}

targets() {
	live | sed -n 's/^Target [0-9]*: //p' | sort | paste -sd' '
}

tid_of() {	# IQN
	live | sed -n "s/^Target \([0-9]*\): $1\$/\1/p"
}

url() {	# IQN [LUN]
	echo "iscsi://$portal/$1/${2-1}"
}

serial_of() {	# IQN [LUN]
	iscsi-inq -e 1 -c 128 "$(url "$@")" 2>&1 | sed -n 's/.*Unit Serial Number:\[ *\([0-9a-f]*\) *\].*/\1/p'
}

# Logs in, to stay; $session_log tells "ready", and "ended" when the target ends it.
start_session() {	# URL [INITIATOR [OPTION of the initiator...]]
	session_log=$world/session.log
	: >"$session_log"
	rm -f "$world/session.stdin"
	mkfifo "$world/session.stdin"
	"$initiator" -i "${2-$prefix:initiator}" "${@:3}" hold "$1" <"$world/session.stdin" >"$session_log" 2>&1 &
	session=$!
	exec 8>"$world/session.stdin"
}

hold_session() {	# URL [INITIATOR [OPTION of the initiator...]]
	start_session "$@"
	wait_until grep -q '^ready' "$session_log"
}

session_lives() {
	kill -0 "$session" && ! grep -q '^ended' "$session_log"
}

release_session() {
	exec 8>&-
	wait "$session"
	session=
}
