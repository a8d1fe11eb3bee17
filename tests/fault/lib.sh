# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# What the scripts of tests/fault share besides tests/cli/lib.sh: situations in which the program
# has something to do, and walking through them with a fault at the Nth call of tgtadm.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"

new_world
start_tgtd
v1=$prefix:tank.v1

# ---- situations: each leaves something to do for $todo ----

# Nothing is shared, nothing remembered; the volumes stay, so that their guids do.
reset() {
	local name
	rm -f "$world/fault" "$world/fault.done"
	[ -z "${session-}" ] || release_session
	for name in tank/v1 tank/v2; do
		volume "$name" 10M off
		setfattr -x user.org.zfsonlinux:shareiscsi:identity "$world/pool/$name" 2>/dev/null
	done
	adm --op show --mode target | sed -n 's/^Target \([0-9]*\): .*/\1/p' | while read -r tid; do
		adm --lld iscsi --op delete --mode target --force --tid "$tid"
	done
	rm -rf "$root/run/shareiscsi"
}

shared() {
	reset
	set_property tank/v1 "$1"
	sis share tank/v1
}

prepare() {	# SITUATION
	how=()
	case $1 in
	share)
		reset
		set_property tank/v1 'initiator=127.0.0.1;10.0.0.0/8'
		todo=(share tank/v1) ;;
	share-two-luns)
		reset
		set_property tank/v1 "name=$v1,lun=1"
		set_property tank/v2 "name=$v1,lun=2"
		todo=(share tank) ;;
	share-both)
		reset
		set_property tank/v1 on
		set_property tank/v2 on
		todo=(share tank) ;;
	one-lun-more)
		shared "name=$v1,lun=1"
		set_property tank/v2 "name=$v1,lun=2"
		todo=(share tank/v2) ;;
	unshare)
		shared on
		todo=(unshare tank/v1) ;;
	off)
		shared on
		set_property tank/v1 off
		todo=(sync) ;;
	access)
		shared 'initiator=127.0.0.1;10.0.0.0/8'
		set_property tank/v1 'initiator=10.0.0.0/8;192.168.1.1'
		todo=(sync) ;;
	resize)
		shared on
		truncate -s 20M "$world/pool/tank/v1"
		todo=(sync) ;;
	rebuild)
		shared on
		set_property tank/v1 iomode=ro
		todo=(sync) ;;
	force)
		shared on
		hold_session "$(url "$v1")"
		set_property tank/v1 iomode=ro
		todo=(sync -f)
		how=(-f) ;; # the session may be there yet
	other-name)
		shared on
		set_property tank/v1 "name=$prefix:other"
		todo=(sync) ;;
	esac
	calls >/dev/null
	: >"$world/count"
}

# All that a run may leave: live targets (sessions aside), records, identities, files of any kind but
# what programs said of themselves, which whatever run hears it keeps, and which TIDs there were. A
# target that is made later has another one, from which tgtd names the controller at LUN 0.
state() {
	live | sed '/I_T nexus: /,/IP Address:/d; s/SCSI ID: IET  .*/SCSI ID: IET/; s/SCSI SN: beaf.*/SCSI SN: beaf/' |
		tr '\n' '\r' | sed 's/\r\?Target [0-9]*: /\nTarget: /g' | sort | tr '\r' '\n' | grep .
	find "$root/run" "$world/pool" "$root/etc" -type f ! -name 'said.*' ! -name retired | sort
	find "$root/run" -type f -name 'iqn.*' -exec cat {} +
	identity tank/v1
	identity tank/v2
}

# How it looks after a run without a fault, and a sync, as unshare alone is not for good.
good_state() {	# SITUATION
	prepare "$1"
	sis "${todo[@]}"
	sis sync
	state
}

# Runs $todo with the fault; fails when the run was over before the fault came.
run_with_fault() {	# SITUATION KIND N WHAT
	prepare "$1"
	echo "$2 $3 $4" >"$world/fault"
	sis "${todo[@]}"
	[ -e "$world/fault.done" ] || return
	rm "$world/fault" "$world/fault.done"
}

# A sync puts all right, forced only where the run was, and a second one finds nothing to do.
repaired() {	# GOOD-STATE
	sis sync "${how[@]}"
	[ "$status" -eq 0 ] && [ -z "$err" ] || return
	[ "$(state)" = "$1" ] || { diff <(echo "$1") <(state) | explain; return 1; }
	calls >/dev/null
	sis sync
	[ "$status" -eq 0 ] && [ -z "$(calls)" ] || return
	sis status
	[ "$status" -eq 0 ]
}
