# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# What the lists of tests/backend share: the world of a back end, what to say of a run, and walks
# through all its interruptions. Knows no target: adapter_BACKEND.sh does.
# The script that includes this was called with: BACKEND [BUILD].
#
# Programs are taken from the environment (SHAREISCSI, INITIATOR, SCST_SIM, SCST_SIM_CTL,
# IET_SIM_CTL, PRELOAD), else looked for below BUILD. PARTS="NAME..." runs these parts only.
#
# What an adapter defines:
#   first_lun, blocksize   of a volume whose property is just "on"
#   naa                    its SCSI id, %s is the guid
#   order=(REGEX...)       these are in the changes of a first share in this order, the last one,
#                          which opens the target, as the last change of all
#   rules_before=REGEX     with initiator=, there is such a change before the last one
#   in_place=REGEX         changes of initiator= are all of this kind
#   on_rename=REGEX        and these are allowed when the path of a volume changed; '^$': none
#   whole_system           set: there is no root of its own to be had
#   target_require         leaves by skip_all where the target cannot be had
#   target_start, target_stop    a private one; target_restart: it loses what it has
#   changes                what changed the target since the last call, as `plan` prints it
#   plain                  a filter: takes out what the program makes up anew each time
#   everything             all that the target has, to compare; without what it makes up itself
#   raw IQN                the same of one target
#   targets                IQNs, sorted, in one line
#   lun_is IQN LUN WHAT    path, serial, naa, blocksize, readonly (yes, no), size in bytes; "" if none
#   rules IQN              who may log in, sorted, in one line; "all"
#   login IQN [NAME], logout     one initiator; login fails when it is not let in. A real one logs in
#                          by CHAP if ${login_as[@]} is: -c USER SECRET
#   chap IQN               the CHAP users, as "USER", "USER mutual:USER" or ""
#   lets_in IQN [USER SECRET]    would $who be let in now, by CHAP or without?
#   sessions IQN           its initiators, in one line
#   was_ended              succeeds when the target has ended the session
#   foreign_target IQN PATH, foreign_lun IQN LUN PATH, foreign_gone IQN    made by hand
#   foreign_chap IQN USER SECRET [USER SECRET]    gives it CHAP, with the second ones mutual
#   disturbed kill|fail N VERB...    runs the program as sis() does; it is killed right after its
#                          Nth change, or that change fails. Returns 1 when there is no Nth change
#   cannot FEATURE         says why the target cannot do that; silent when it can

backend=${1:?BACKEND}
build=${2:-build}
folder=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

program_of() {	# NAME
	find "$build" -name "$1" -type f -perm -u+x 2>/dev/null | head -n 1
}

SHAREISCSI=${SHAREISCSI:-$(program_of shareiscsi)}
INITIATOR=${INITIATOR:-$(program_of initiator)}
# shellcheck source=tests/cli/lib.sh
. "$folder/../cli/lib.sh"
# shellcheck source=tests/backend/adapter_stgt.sh
. "$folder/adapter_$backend.sh"

who=$prefix:initiator
login_as=()
iqn=$prefix:tank.v1

# ---- the world ----

cleanup() {
	logout
	target_stop
	rm -rf --one-file-system "$world"
}

new_world() {
	target_require
	world=$(realpath "$(mktemp -d)") || exit 1
	trap cleanup EXIT
	trap 'exit 1' HUP INT TERM
	root=$world/root
	[ -z "${whole_system-}" ] || root=
	pool=$world/pool/tank
	mkdir -p "$pool" "$root"/{etc,run,sbin,usr/sbin,proc/sys/kernel}
	setfattr -n user.test -v 1 "$pool" 2>/dev/null ||
		skip_all "needs extended attributes in ${TMPDIR:-/tmp}"
	echo "$prefix" >"$root/etc/iscsi_target_id"
	[ -n "${whole_system-}" ] || echo '(none)' >"$root/proc/sys/kernel/domainname"
	sis_args=(--root "$root/" --store "dir:$world/pool" --backend "$backend")
	target_start
	nothing=$(everything)
	changes >/dev/null
}

# ---- a real initiator, for adapters ----

session_decided() {
	grep -q '^ready' "$session_log" || ! kill -0 "$session" 2>/dev/null
}

# As hold_session(), and ends at once when it is not let in.
real_login() {	# URL NAME
	start_session "$1" "$2" "${login_as[@]}"
	wait_until session_decided
	grep -q '^ready' "$session_log"
}

real_lets_in() {	# URL [USER SECRET]
	"$initiator" -i "$who" ${2:+-c "$2" "$3"} read "$1" 4096 >/dev/null 2>&1
}

real_logout() {
	[ -z "${session-}" ] || release_session
}

real_was_ended() {
	wait_until grep -q '^ended' "$session_log"
}

# ---- parts ----

# Runs one part of the list in a clean world, and looks that nothing stays behind.
part() {	# FUNCTION FEATURE...
	local feature why started=$SECONDS
	part=${1#part_}
	[[ " ${PARTS-$part} " == *" $part "* ]] || return 0
	for feature in "${@:2}"; do
		why=$(cannot "$feature")
		[ -z "$why" ] || { ok "$part # SKIP $why"; return; }
	done
	"$1"
	logout
	rm -rf "${world:?}/pool"
	mkdir -p "$pool"
	sis sync
	is "$part: nothing stays behind" "$nothing" "$(everything)$(records)"
	[ "$(everything)$(records)" = "$nothing" ] || start_over
	changes >/dev/null
	echo "# $part: $((SECONDS - started)) s"
}

# What one part leaves behind must not make the next ones fail.
start_over() {
	target_stop
	rm -rf "$root/run/shareiscsi"
	target_start
}

records() {
	find "$root/run/shareiscsi" -name 'iqn.*' -printf '\nrecord %P' 2>/dev/null | sort
}

# ---- what is said of several parts ----

# A run that ended well changed nothing, nor is anything to be done.
same() {	# WHAT
	is "$1: changes nothing" "" "$(changes)"
}

again() {	# WHAT VERB...
	sis "${@:2}"
	expect_quiet 0 "$1"
	same "$1"
}

settled() {	# WHAT
	again "$1: sync after it" sync
	sis plan
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	verdict $? "$1: plan after it is empty"
	sis status
	[ "$status" -eq 0 ] && [ -z "$err" ]
	verdict $? "$1: status after it"
}

# The program does this with success, and then all is as it should be.
does() {	# WHAT VERB...
	sis "${@:2}"
	expect_quiet 0 "$1"
	changed=$(changes)
	settled "$1"
}

refused() {	# STATUS TEXT WHAT VERB...
	local before
	before=$(everything)
	sis "${@:4}"
	expect_error "$1" "$2" "$3 is refused"
	same "$3"
	is "$3: the target is as it was" "$before" "$(everything)"
}

guid_of() {	# NAME
	attribute "$1" shareiscsi:guid | cut -d: -f1
}

# A LUN is that volume, with all that follows from it.
shows() {	# WHAT IQN LUN NAME [BLOCKSIZE [READONLY]]
	local guid
	guid=$(guid_of "$4")
	is "$1: path, serial, NAA, block size, read-only of $2" \
		"$world/pool/$4 $guid ${naa/\%s/$guid} ${5-$blocksize} ${6-no}" \
		"$(lun_is "$2" "$3" path) $(lun_is "$2" "$3" serial) $(lun_is "$2" "$3" naa) $(lun_is "$2" "$3" blocksize) $(lun_is "$2" "$3" readonly)"
}

row() {	# VOLUME KEY...
	jq -r --arg v "$1" '.status[] | select(.volume == $v) | [.[$ARGS.positional[]] | tostring] | join(" ")' \
		--args "${@:2}" <"$world/out"
}
