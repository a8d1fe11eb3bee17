#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Runs docs/conformance.md, after the plan that shareiscsi(8) shows: what a block shows to be typed is typed, and what it shows to come of it
# must come. Also that every sentence has a proof, and every file named as one is there.
#
# A block ```console has lines "$ COMMAND", each with the output expected below it (both streams): a
# line may have * in it, a line "..." stands for any lines, "[N]" for an exit status but 0. A line
# "<!-- on: BACKEND -->" says where the blocks below it run; each heading "## " begins in a clean world.
# usage: docs.sh stgt|scst|iet [BUILD]
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/../backend/lib.sh"
# shellcheck disable=SC2154 # folder, backend and others are lib.sh's
source=$(realpath "$folder/../..")
text=$source/docs/conformance.md

# What stands between two lines of the world's own making is as a reader would type it.
shareiscsi() {
	command "$program" "$1" "${sis_args[@]}" "${@:2}"
}

zfs() {
	SHAREISCSI_ROOT=$root SHAREISCSI_STORE=dir:$world/pool SHAREISCSI_BACKEND=$backend \
		command "$(dirname "$program")/zfs" "$@"
}

# The output of one command against the lines expected of it.
matches() {	# ACTUAL-FILE EXPECTED-FILE
	local -a got want
	mapfile -t got <"$1"
	mapfile -t want <"$2"
	matches_from 0 0
}

matches_from() {	# GOT WANT
	local g=$1 w=$2
	for (( ; w < ${#want[@]}; w++, g++)); do
		if [ "${want[w]}" = ... ]; then
			for (( ; g <= ${#got[@]}; g++)); do
				! matches_from "$g" $((w + 1)) || return 0
			done
			return 1
		fi
		# shellcheck disable=SC2053 # a pattern
		[ "$g" -lt "${#got[@]}" ] && [[ ${got[g]} == "${want[w]}" || ${got[g]} == ${want[w]} ]] || return 1
	done
	[ "$g" -eq "${#got[@]}" ]
}

# Types one command and looks at what came of it.
try_command() {	# LINE-NUMBER COMMAND
	local state=0
	# Each example stands for itself, as if tgtd had just been started.
	rm -f "$root/run/shareiscsi/stgt/retired"
	eval "$2" >"$world/got" 2>&1 </dev/null || state=$?
	[ "$state" -eq 0 ] || echo "[$state]" >>"$world/got"
	changes >/dev/null
	ran=$2 status=$state out=$(<"$world/got") err=
	matches "$world/got" "$world/want"
	verdict $? "line $1: $2"
}

new_section() {
	shareiscsi unshare -f -a >/dev/null 2>&1
	rm -rf "${world:?}/pool" "$root/etc/shareiscsi" "$root/sbin/zfs_share_iscsi.sh"
	mkdir -p "$world/pool/mypool"
	echo "$prefix" >"$root/etc/iscsi_target_id"
	cd "$world" || exit 1
}

run_document() {
	local line number=0 on='' block='' command='' at=0
	while IFS= read -r line; do
		number=$((number + 1))
		case $block:$line in
		:'<!-- on: '*) on=${line#<!-- on: } on=${on% -->} ;;
		:'## '*) [ "$on" != "$backend" ] || new_section ;;
		:'```console') block=yes ;;
		yes:'$ '* | yes:'```')
			if [ -n "$command" ] && [ "$on" = "$backend" ]; then
				try_command "$at" "$command"
			fi
			command='' at=$number
			: >"$world/want"
			case $line in
			'$ '*) command=${line#\$ } ;;
			*) block='' ;;
			esac
			;;
		yes:*) echo "$line" >>"$world/want" ;;
		esac
	done <"$text"
}

# Each quotation is followed by a block or by "Shown by" before the next one.
unproven() {
	awk '/^> / { if (!quoted && open) print open; if (!quoted) open = FNR ": " $0; quoted = 1; next }
		{ quoted = 0 }
		/^```console/ || /^Shown by / { open = "" }
		END { if (open) print open }' "$text"
}

missing_files() {
	grep '^Shown by ' "$text" | grep -o '`[a-z]*/[^`]*`' | tr -d '`' | sort -u | while read -r file; do
		[ -e "$source/$file" ] || echo "$file"
	done
}

# What shareiscsi(8) says of a plan for this target: with the comments, where it does not say without.
plan_of_manual() {
	awk -v on="On ${backend^^}" 'index($0, on) == 1 { found = 1 } /^\.Ed/ { found = 0 } found && !/^(On|\.)/' \
		"$source/man/shareiscsi.8"
}

# The same of a real one, as if the volume were no file.
plan_of_program() {
	shareiscsi plan | sed -E "s,$world/pool/,/dev/zvol/,; s/fileio/blockio/; s/=[0-9a-f]{16,}/=.../g
		s/^echo [0-9a-f]{16} /echo ... /; s/0x6001405[0-9a-f]{25}/0x6001405.../" | plain |
		if grep -q "^On ${backend^^}, without the comments" "$source/man/shareiscsi.8"; then grep -v '^#'; else cat; fi
}

new_world
new_section
zfs create -s -V10G mypool/test
zfs set -u shareiscsi=on mypool/test
is "the plan in shareiscsi(8)" "$(plan_of_manual)" "$(plan_of_program)"
new_section
if [ "$backend" = stgt ]; then
	is "each sentence has a proof" "" "$(unproven)"
	is "what is named as a proof is there" "" "$(missing_files)"
fi
run_document
[ "$tests" -gt 2 ]
verdict $? "the document has commands for $backend"
done_testing
