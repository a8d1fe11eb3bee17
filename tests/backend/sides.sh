# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# A world in which targets live side by side below one root: a real tgtd, the simulated SCST, the
# simulated IET, each with a foreign target already. Knows nothing of what is tested there.
# The script that includes this was called with: [BUILD]. Programs are found as lib.sh says.

set -- stgt "${1:-build}"
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"
# What one adapter has in its own way and another one takes from the library.
library=$(declare -f adm targets tid_of)

theirs=$prefix:foreign

# ---- the targets: one at a time has the functions of its adapter ----

use() {	# BACKEND
	eval "$library"
	# shellcheck source=tests/backend/adapter_stgt.sh
	. "$folder/adapter_$1.sh"
}

# One function of one target.
of() {	# BACKEND FUNCTION [ARGUMENT...]
	(use "$1"; "${@:2}")
}

backends=(stgt scst iet)

cleanup() {
	use scst
	target_stop
	use stgt
	logout
	target_stop
	rm -rf --one-file-system "$world"
}

new_world() {
	local b
	for b in "${backends[@]}"; do
		use "$b"
		target_require
	done
	world=$(realpath "$(mktemp -d)") || exit 1
	trap cleanup EXIT
	trap 'exit 1' HUP INT TERM
	root=$world/root
	pool=$world/pool/tank
	mkdir -p "$pool" "$root"/{etc,run,sbin,usr/sbin,proc/sys/kernel}
	setfattr -n user.test -v 1 "$pool" 2>/dev/null ||
		skip_all "needs extended attributes in ${TMPDIR:-/tmp}"
	echo "$prefix" >"$root/etc/iscsi_target_id"
	echo '(none)' >"$root/proc/sys/kernel/domainname"
	sis_args=(--root "$root" --store "dir:$world/pool")
	truncate -s 16M "$world/other"
	for b in "${backends[@]}"; do
		use "$b"
		target_start
		foreign_target "$theirs" "$world/other"
		changes >/dev/null
		eval "empty_$b=\$(everything)"
	done
}

# All that a side had at the beginning.
empty() {	# BACKEND
	local name=empty_$1
	echo "${!name}"
}
