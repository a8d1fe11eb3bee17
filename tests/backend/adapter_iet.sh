# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034 # for conformance.sh
# IET for the conformance list: the simulated ietadm; sessions are the simulator's. IET_VERSION
# says which IET it is.

first_lun=0
blocksize=512
naa=%s	# it takes 16 bytes of an id, and makes none of its own
# A target can be reached at once: what opens it is its first LUN.
order=('--op new --tid [0-9]+ --params Name=' '--op new .*--lun [0-9]+ --params Path=.*,ScsiId=[0-9a-f]{16},ScsiSN=[0-9a-f]{16}')
rules_before='^edit .*/initiators.allow: [+]'
in_place='^edit .*/initiators.allow: '
on_rename='^$'

IET_VERSION=${IET_VERSION:-1.4.20.3}
IET_SIM_CTL=${IET_SIM_CTL:-$(program_of iet-sim-ctl)}

cannot() {
	case $1:$IET_VERSION in
	names-ro:*) echo "IET has no read-only access for single initiators" ;;
	disturbed-rules:*) echo "IET's rules are a file, replaced at once" ;;
	blocksize:1.4.19) echo "IET 1.4.19 has no block sizes but 512" ;;
	resize:1.4.19) echo "IET 1.4.19 does not tell the size of a LUN" ;;
	esac
}

target_require() {
	[ -x "$IET_SIM_CTL" ] || skip_all "needs the simulator iet-sim-ctl"
}

ctl() {
	"$IET_SIM_CTL" "$root" "$@"
}

target_start() {
	ctl init --version "$IET_VERSION"
	ctl install sbin
	cp "$folder/ietadm-wrapper" "$root/usr/sbin/ietadm"
	rm -f "$root/etc/initiators.allow"
	: >"$world/calls"
	: >"$world/allow"
}

target_stop() {
	:
}

target_restart() {
	ctl stop-daemon
	ctl start-daemon
}

plain() {
	cat
}

changes() {
	"$root/usr/sbin/ietadm"
	cat "$world/calls"
	: >"$world/calls"
}

show() {
	cat "$root/proc/net/iet/volume"
}

# One target's lines; with a session, that is another file.
show_of() {	# IQN [session]
	awk -v name="name:$1" '/^tid:/ { on = $2 == name } on' "$root/proc/net/iet/${2-volume}"
}

tid_of() {	# IQN
	show_of "$1" | sed -n 's/^tid:\([0-9]*\) .*/\1/p'
}

inquiry() {	# IQN LUN
	ctl inquiry "$(tid_of "$1")" "$2" 2>/dev/null
}

inquiries() {	# IQN
	local n
	for n in $(show_of "$1" | sed -n 's/^\tlun:\([0-9]*\) .*/\1/p'); do
		inquiry "$1" "$n"
	done
}

everything() {
	local t
	for t in $(targets); do
		show_of "$t" | sed 's/^tid:[0-9]*/tid/' | sort
		inquiries "$t"
	done
	ctl accounts | cut -d" " -f2-3
	! [ -e "$root/etc/initiators.allow" ] || { echo; cat "$root/etc/initiators.allow"; }
}

raw() {	# IQN
	show_of "$1"
	inquiries "$1"
}

targets() {
	show | sed -n 's/^tid:[0-9]* name://p' | sort | paste -sd' '
}

word() {	# NAME
	sed -n "s/.*\<$1[:=]\([^ ]*\).*/\1/p"
}

lun_is() {	# IQN LUN WHAT
	case $3 in
	path) show_of "$1" | sed -n "s/^\tlun:$2 //p" | sed 's/ path:/\n/;s/^.*\n//' ;;
	serial) inquiry "$1" "$2" | word scsi_sn ;;
	naa) inquiry "$1" "$2" | word scsi_id ;;
	blocksize) inquiry "$1" "$2" | word block_size ;;
	readonly) inquiry "$1" "$2" | word read_only | sed 's/0/no/;s/1/yes/' ;;
	size) inquiry "$1" "$2" | {
		read -r line
		echo $(($(word blocks <<<"$line") * $(word block_size <<<"$line")))
	} ;;
	esac
}

# The first line that speaks of the target counts; names stand there as regular expressions.
rules() {	# IQN
	local line
	line=$(grep -sE "^($1|ALL) " "$root/etc/initiators.allow" | head -n 1)
	case $line in
	'' | 'ALL ALL') echo all ;;
	*) sed 's/^[^ ]* //;s/, /\n/g;s/\\\./\./g' <<<"$line" | sort | paste -sd' ' ;;
	esac
}

login() {	# IQN [NAME]
	ctl login-allowed "$1" "${2-$who}" 192.0.2.1 192.0.2.100 >/dev/null || return
	session=$(ctl session add "$(tid_of "$1")" "${2-$who}" 192.0.2.1)
}

chap() {	# IQN
	ctl accounts | awk -v tid="$(tid_of "$1")" \
		'$1 == tid { print ($2 == "outgoing" ? "mutual:" : "") $3 }' | sort | paste -sd' '
}

lets_in() {	# IQN [USER SECRET]
	local tid
	tid=$(tid_of "$1")
	ctl login-allowed "$1" "$who" 192.0.2.1 192.0.2.100 >/dev/null || return
	if ctl accounts | grep -q "^$tid incoming "; then
		[ -n "${2-}" ] && ctl accounts | grep -qxF "$tid incoming $2 $3"
	fi
}

logout() {
	[ -z "${session-}" ] || ctl session del "$session" 2>/dev/null
	session=
}

sessions() {	# IQN
	show_of "$1" session | sed -n 's/.* initiator://p' | sort | paste -sd' '
}

was_ended() {
	! grep -q "sid:$session " "$root/proc/net/iet/session"
}

adm() {
	"$root/sbin/ietadm" "$@"
}

foreign_target() {	# IQN PATH
	local tid
	tid=$(($(show | sed -n 's/^tid:\([0-9]*\) .*/\1/p' | sort -n | tail -n 1) + 1))
	adm --op new --tid "$tid" --params "Name=$1"
	adm --op new --tid "$tid" --lun 0 --params "Path=$2,Type=fileio"
}

foreign_lun() {	# IQN LUN PATH
	adm --op new --tid "$(tid_of "$1")" --lun "$2" --params "Path=$3,Type=fileio"
}

foreign_chap() {	# IQN USER SECRET [USER SECRET]
	adm --op new --tid "$(tid_of "$1")" --user --params "IncomingUser=$2,Password=$3"
	[ -z "${4-}" ] || adm --op new --tid "$(tid_of "$1")" --user --params "OutgoingUser=$4,Password=$5"
}

foreign_gone() {	# IQN
	adm --op delete --tid "$(tid_of "$1")"
}

# Killed before each call and after it: in between, files are edited.
disturbed() {	# kill|fail N VERB...
	: >"$world/count"
	rm -f "$world/fault.done"
	case $1 in
	kill) [ $(($2 % 2)) -eq 1 ] && echo "kill-before $((($2 + 1) / 2))" || echo "kill-after $(($2 / 2))" ;;
	fail) echo "fail $2" ;;
	esac >"$world/fault"
	{ sis "${@:3}"; } 2>/dev/null
	rm "$world/fault"
	[ -e "$world/fault.done" ]
}
