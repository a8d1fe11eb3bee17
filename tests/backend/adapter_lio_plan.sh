# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # for injection.sh, and from lib.sh
# LIO as a recorder: a tree of ordinary files that looks as if it ran, and a dry run, which notes each
# write and makes none. Only for lists that look at nothing else.

backend=lio
first_lun=0
dry=yes

target_require() {
	:
}

target_start() {
	local config=$root/sys/kernel/config/target
	mkdir -p "$config/iscsi" "$config/core" "$root${world%/*}"
	echo 'Target Engine Core ConfigFS Infrastructure v5.0 on Linux/x86_64 on 6.1.0' >"$config/version"
	# volumes are looked for below the root
	ln -s "$world" "$root$world"
}

target_stop() {
	:
}

changes() {
	:
}

everything() {
	find "$root/sys" | sort
}

targets() {
	sed -n 's,^mkdir /sys/kernel/config/target/iscsi/\([^/]*\)$,\1,p' <<<"$out" | sort | paste -sd' '
}

lun_is() {	# IQN LUN path
	grep -A 40 "^# add LUN $1:" <<<"$out" | sed -n 's,^echo .*\(udev_path\|fd_dev_name\)=\([^,"'\'']*\).*,\2,p' | head -n 1
}

logout() {
	:
}
