# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# Adds the property shareiscsi to the completion of zfs and zpool that came with ZFS, in bash. That
# one is loaded when it is needed first, and asked for everything else.

# What completes the program without this: "-F FUNCTION", if there is such a thing.
_shareiscsi_front_load() {
	local spec
	complete -r zfs zpool 2>/dev/null
	__load_completion zfs 2>/dev/null
	for spec in zfs zpool; do
		[[ $(complete -p "$spec" 2>/dev/null) =~ \ -F\ ([^ ]+) ]] || continue
		printf -v "_shareiscsi_before_$spec" %s "${BASH_REMATCH[1]}"
	done
	declare -F _shareiscsi_words >/dev/null || __load_completion shareiscsi 2>/dev/null
	complete -F _shareiscsi_front zfs zpool
}

_shareiscsi_front() {
	local words before
	if [[ -z ${_shareiscsi_loaded-} ]]; then
		_shareiscsi_front_load
		_shareiscsi_loaded=1
	fi
	before=_shareiscsi_before_${1##*/}
	before=${!before-}
	COMPREPLY=()
	if declare -F _shareiscsi_words >/dev/null; then
		_shareiscsi_words
		[[ ${words[-1]} != *shareiscsi=* ]] || _shareiscsi_reply shareiscsi
	fi
	[[ ${#COMPREPLY[@]} -eq 0 ]] || return 0
	[[ -z $before ]] || "$before" "$@"
	[[ -z ${words[*]-} ]] || _shareiscsi_reply shareiscsi
}

complete -F _shareiscsi_front zfs zpool
