# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of lib.sh
# What the scripts for the front ends share, after lib.sh: the program under the names zfs and
# zpool, over the world's dir store.

new_front() {
	mkdir "$world/bin"
	ln -s "$(realpath "$program")" "$world/bin/zfs"
	ln -s "$(realpath "$program")" "$world/bin/zpool"
	export SHAREISCSI_ROOT=$root SHAREISCSI_STORE=dir:$world/pool SHAREISCSI_BACKEND=stgt
}

# Runs a front end; sets out, err and status.
z() {	# zfs|zpool [ARGUMENT...]
	ran="$*"
	status=0
	"$world/bin/$1" "${@:2}" >"$world/out" 2>"$world/err" </dev/null || status=$?
	out=$(<"$world/out")
	err=$(<"$world/err")
}

# What it prints, on one line.
q() {	# zfs|zpool [ARGUMENT...]
	z "$@"
	xargs <<<"$out"
}

# The last run ended so, and the first line on stderr has the text in it. Only usage has more.
expect_refused() {	# STATUS TEXT WHAT...
	[[ $status -eq $1 && ${err%%$'\n'*} == *"$2"* ]] && { [ "$1" -eq 2 ] || [[ $err != *$'\n'* ]]; }
	verdict $? "${@:3}"
}

# The last run ended well and printed stdin.
expect_table() {	# WHAT...
	local want
	want=$(cat)
	[ "$status" -eq 0 ] && [ -z "$err" ] && [ "$out" = "$want" ]
	verdict $? "$@"
}

# All targets' names, sorted, on one line.
targets() {
	live | sed -n 's/^Target [0-9]*: //p' | sort | xargs
}
