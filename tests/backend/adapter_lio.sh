# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034 # for conformance.sh
# LIO for the conformance list: the kernel's own, so only where nothing else uses it: in a virtual
# machine. Real logins; read as files. PRELOAD is outside.c, built.

whole_system=yes
first_lun=0
blocksize=512
naa=6001405%s000000000
order=('^mkdir .*/iscsi/iqn' 'fd_dev_name=' 'wwn/vpd_unit_serial$' '^ln -s .*/core/' '/tpgt_1/enable$')
rules_before='^mkdir .*/acls/'
in_place='/acls/|/tpgt_1/attrib/'
on_rename='^$'
portal=127.0.0.1:3260
lio=/sys/kernel/config/target

cannot() {
	:
}

target_require() {
	[ "${VM_GUEST-}" = yes ] || skip_all "needs a machine of its own: tests/vm/run conformance-lio"
	[ -x "$INITIATOR" ] || skip_all "needs the test program initiator"
	[ -e "$PRELOAD" ] || skip_all "needs outside.c, built"
}

target_start() {
	mkdir -p $lio/iscsi /var/target/{pr,alua}
	: >"$world/calls"
	cat >"$world/shareiscsi" <<-EOF
	#!/bin/sh
	OUTSIDE='$world' LD_PRELOAD='$PRELOAD' exec '$SHAREISCSI' "\$@"
	EOF
	chmod +x "$world/shareiscsi"
	program=$world/shareiscsi
}

target_clear() {	# IQN
	local tpg
	for tpg in "$lio/iscsi/$1"/tpgt_*/; do
		echo 0 >"$tpg/enable"
		find "$tpg/acls" "$tpg/lun" -type l -exec rm {} +
		rmdir "$tpg"/acls/*/lun_*/ "$tpg"/acls/*/ "$tpg"/lun/lun_*/ "$tpg"/np/*/ "$tpg"
	done 2>/dev/null
	rmdir "$lio/iscsi/$1"
}

# Without programs where bash will do: what starts one is what takes long in an emulated machine.
stores() {
	local s
	for s in "$lio"/core/*/*/; do
		[ ! -e "$s/enable" ] || echo "$s"
	done
}

target_stop() {
	local t
	for t in $(targets); do
		target_clear "$t"
	done
	for t in $(stores); do
		rmdir "$t"
	done
	rmdir $lio/core/*_*/ 2>/dev/null
}

target_restart() {
	target_stop
}

plain() {
	cat
}

changes() {
	cat "$world/calls"
	: >"$world/calls"
}

dump_target() {	# IQN
	local tpg=$lio/iscsi/$1/tpgt_1
	grep -s '' "$tpg/enable" "$tpg"/attrib/* "$tpg"/auth/userid* "$tpg"/acls/*/attrib/auth* "$tpg"/acls/*/lun_*/write_protect
	find "$tpg/np" "$tpg/lun" "$tpg/acls" -name '*statistics' -prune -o -type d -print -o -type l -printf '%p -> %l\n'
}

dump_store() {	# FOLDER
	grep -s '' "$1/enable" "$1/udev_path" "$1/wwn/vpd_unit_serial" "$1"/attrib/{block_size,emulate_tpu,emulate_tpws,emulate_write_cache}
	grep -o 'File: .*' "$1/info"
}

everything() {
	local x
	{
		for x in $(targets); do
			dump_target "$x"
		done
		for x in "$lio"/core/*_*/; do
			[ ! -d "$x" ] || echo "$x"
		done
		for x in $(stores); do
			dump_store "$x"
		done
	} | sort
}

raw() {	# IQN
	dump_target "$1"
	dump_store $lio/core/fileio_1/foreign
}

targets() {
	local x all=()
	for x in "$lio"/iscsi/iqn.*/; do
		[ ! -d "$x" ] || x=${x%/} && all+=("${x##*/}")
	done
	echo "${all[*]}"
}

store_of() {	# IQN LUN
	local link
	for link in "$lio/iscsi/$1/tpgt_1/lun/lun_$2"/*; do
		[ ! -L "$link" ] || { echo "$link"; return; }
	done
}

lun_is() {	# IQN LUN WHAT
	local s
	s=$(store_of "$1" "$2")
	[ -n "$s" ] || return 0
	case $3 in
	path) sed -n 's/.*File: \([^ ]*\).*/\1/p' "$s/info" ;;
	serial) s=$(<"$s/wwn/vpd_unit_serial"); echo "${s##*: }" ;;
	# what the kernel makes of it; what an initiator reads is looked at elsewhere
	naa) s=$(<"$s/wwn/vpd_unit_serial"); echo "6001405${s##*: }000000000" ;;
	blocksize) echo "$(<"$s/attrib/block_size")" ;;
	readonly) can_write "$1" "$2" && echo no || echo yes ;;
	size) iscsi-readcapacity16 "$(url "$1" "$2")" 2>&1 | sed -n 's/.*Total size:\([0-9]*\).*/\1/p' ;;
	esac
}

can_write() {	# IQN LUN
	head -c 4096 /dev/zero | "$initiator" -i "$who" write "$(url "$1" "$2")" 2>/dev/null
}

rules() {	# IQN
	local a tpg=$lio/iscsi/$1/tpgt_1
	if [ "$(cat "$tpg/attrib/generate_node_acls")" = 1 ]; then
		echo all
		return
	fi
	for a in "$tpg"/acls/*/; do
		if [ "$(cat "$a"/lun_*/write_protect | sort -u)" = 1 ]; then
			echo "$(basename "$a")=ro"
		else
			basename "$a"
		fi
	done | sort | paste -sd' '
}

login() {	# IQN [NAME]
	real_login "$(url "$1" "$(first_lun_of "$1")")" "${2-$who}"
}

first_lun_of() {	# IQN
	local first
	first=$(find "$lio/iscsi/$1/tpgt_1/lun" -maxdepth 1 -name 'lun_*' -printf '%f\n' | sort -t_ -nk2 | head -n 1)
	echo "${first#lun_}"
}

# Without initiator= they are the portal group's.
chap() {	# IQN
	local auth=$lio/iscsi/$1/tpgt_1/auth
	[ "$(cat "$lio/iscsi/$1/tpgt_1/attrib/authentication")" = 1 ] || return 0
	echo "$(<"$auth/userid")$(sed 's/^NULL.*//;s/^./ mutual:&/' "$auth/userid_mutual")"
}

lets_in() {	# IQN [USER SECRET]
	local portal=$portal
	[ ! -d "$lio/iscsi/$1/tpgt_1/np/127.0.0.1:3261" ] || portal=127.0.0.1:3261
	real_lets_in "$(url "$1" "$(first_lun_of "$1")")" "${@:2}"
}

logout() {
	real_logout
}

sessions() {	# IQN
	{
		tr '\0' '\n' <"$lio/iscsi/$1/tpgt_1/dynamic_sessions"
		sed -n 's/.*InitiatorName: \([^ ]*\).*/\1/p' "$lio/iscsi/$1"/tpgt_1/acls/*/info
	} 2>/dev/null | grep . | sort -u | paste -sd' '
}

was_ended() {
	real_was_ended
}

foreign_store() {	# PATH
	mkdir -p $lio/core/fileio_1/foreign
	echo "fd_dev_name=$1,fd_dev_size=$(stat -c %s "$1")" >$lio/core/fileio_1/foreign/control
	echo 0123-4567 >$lio/core/fileio_1/foreign/wwn/vpd_unit_serial
	echo 1 >$lio/core/fileio_1/foreign/enable
}

foreign_target() {	# IQN PATH
	local tpg=$lio/iscsi/$1/tpgt_1
	foreign_store "$2"
	mkdir -p "$tpg/lun/lun_0"
	ln -s $lio/core/fileio_1/foreign "$tpg/lun/lun_0/foreign"
	mkdir "$tpg/np/127.0.0.1:3261"
	echo 0 >"$tpg/attrib/authentication"
	echo 1 >"$tpg/attrib/generate_node_acls"
	echo 0 >"$tpg/attrib/demo_mode_write_protect"
	echo 1 >"$tpg/enable"
}

foreign_lun() {	# IQN LUN PATH
	foreign_store "$3"
	mkdir "$lio/iscsi/$1/tpgt_1/lun/lun_$2"
	ln -s $lio/core/fileio_1/foreign "$lio/iscsi/$1/tpgt_1/lun/lun_$2/foreign"
}

foreign_chap() {	# IQN USER SECRET [USER SECRET]
	local tpg=$lio/iscsi/$1/tpgt_1
	printf %s "$2" >"$tpg/auth/userid"
	printf %s "$3" >"$tpg/auth/password"
	if [ -n "${4-}" ]; then
		printf %s "$4" >"$tpg/auth/userid_mutual"
		printf %s "$5" >"$tpg/auth/password_mutual"
	fi
	echo 1 >"$tpg/attrib/authentication"
}

foreign_gone() {	# IQN
	target_clear "$1"
	rmdir $lio/core/fileio_1/foreign $lio/core/fileio_1
}

disturbed() {	# kill|fail N VERB...
	rm -f "$world/fault.done"
	echo "$1 $2" >"$world/fault"
	{ sis "${@:3}"; } 2>/dev/null
	rm "$world/fault"
	[ -e "$world/fault.done" ]
}
