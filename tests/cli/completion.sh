#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# What shells offer: the scripts of completion/ in bash, zsh and fish, and what they ask the program.
# Every verb, option and word of a table is offered, and what is offered is taken.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(realpath "$here")
top=$(realpath "$here/../..")
program=$(realpath "$program")

world=$(realpath "$(mktemp -d)") || exit 1
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$world/bin" "$world/home" "$world/root/etc" "$world/pool/tank/vm" "$world/pool/tank-2"
ln -s "$program" "$world/bin/shareiscsi"
truncate -s 8M "$world/pool/tank/vm/a" "$world/pool/tank/vm/b" "$world/pool/tank-2/c" \
	"$world/pool/tank/my disk"
cd "$world/home" || exit 1 # with no files to offer
export PATH=$world/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=$world/home XDG_CONFIG_HOME=$world/home
export SHAREISCSI_ROOT=$world/root SHAREISCSI_STORE=dir:$world/pool
store="--root $world/root --store dir:$world/pool"

# ---- the program ----

# The candidates for the last of these words.
offered() {	# WORD...
	bare completion -- "$@"
	cut -f 1 <<<"$out" | sort
}

offers() {	# WANT WHAT WORD...
	is "$2" "$1" "$(offered "${@:3}" | paste -sd' ')"
}

bare --help
help=$out
is "all verbs" "$(sed -n '/^verbs:/,/^$/p' <<<"$help" | awk 'NR > 1 && NF { print $1 }' | sort)" \
	"$(offered shareiscsi '')"
is "all options" "$(sed -n '/^options:/,/^$/p' <<<"$help" | grep -oE -- '--[a-z-]+ ' | tr -d ' ' | sort -u |
	grep -vx -- --queued)" "$(offered shareiscsi - | grep -vx -- --queued)"
offers "--from" "options that a verb takes" shareiscsi plan --fr
offers "" "none that it does not take" shareiscsi status --fr
for option in $(offered shareiscsi sync --); do
	[[ $option != --help && $option != --version ]] || continue
	bare sync "$option" 1 --no-such-option
	[[ $err != *"does not take"* && $err == *--no-such-option* ]]
	verdict $? "sync takes the $option that is offered"
done
offers "iet lio scst stgt" "back ends" shareiscsi --backend ''
offers "--backend=scst --backend=stgt" "also behind =" shareiscsi plan --backend=s
offers "--from=lio" "and for --from" shareiscsi sync --from=l
offers "dir: zfs" "stores" shareiscsi --store ''
offers "dir:$world/pool/" "folders of a dir store" shareiscsi --store "dir:$world/po"
offers "$world/root/" "folders for --root" shareiscsi --root "$world/ro"
# shellcheck disable=SC2086 # two words
offers 'tank tank-2 tank-2/c tank/my disk tank/vm tank/vm/a tank/vm/b' "volumes and what is above them" \
	shareiscsi plan $store ''
# shellcheck disable=SC2086
offers 'tank/vm/a tank/vm/b' "below a dataset" shareiscsi plan $store tank/vm/
# shellcheck disable=SC2086
offers "" "no names for a verb without" shareiscsi backends $store t
offers "" "nothing in a store that is not there" shareiscsi plan --store "dir:$world/none" ''
bare completion -- shareiscsi plan --store "dir:$world/none" ''
expect_quiet 0 "and not a word about it"
bare completion
expect_error 2 "needs a command line" "completion without words"

bare options -j
is "all keys of the property" "$( (jq -r '.options[].option + "="' <<<"$out"; echo on; echo off) |
	sed 's/^/shareiscsi=/' | sort)" "$(offered zfs set shareiscsi=)"
for value in $(offered zfs set shareiscsi=type=) $(offered zfs set shareiscsi=on,iomode=) \
	$(offered zfs set shareiscsi=blocksize=); do
	(exec -a zfs "$program" set "$value" tank/vm/a) >"$world/out" 2>"$world/err" || :
	is "zfs set takes the word offered: $value" 0 "$(grep -c 'must be' "$world/err")"
done
offers "shareiscsi=lun=1,type=" "not what is there already" zfs set shareiscsi=lun=1,ty
offers "" "not off behind a comma" zfs set shareiscsi=lun=1,of
offers "shareiscsi" "a name to get" zfs get sharei
offers "name,shareiscsi" "in a list" zfs get name,sharei
offers "" "not as a dataset" zfs get name sharei
offers "shareiscsi=" "for create" zfs create -o sharei
offers "-oshareiscsi=on" "also joined to the option" zfs create -V 1G -oshareiscsi=on
offers "shareiscsi=" "for zpool create" zpool create -O sharei
offers "" "nothing of what ZFS completes itself" zfs destroy ''

# what the target cannot do is not offered
printf '[general]\nbackend = iet\n' >"$world/root/etc/shareiscsi.conf"
mkdir -p "$world/root/proc/net/iet"
offers "shareiscsi=type=blockio shareiscsi=type=disk shareiscsi=type=fileio shareiscsi=type=nullio shareiscsi=type=pt shareiscsi=type=ssc shareiscsi=type=tape" \
	"all kinds while no target runs" zfs set shareiscsi=type=

# ---- bash ----

# shellcheck disable=SC2016 # for the other shell
bash_driver='
. /usr/share/bash-completion/bash_completion
. "$1/completion/shareiscsi.bash"
. "$1/completion/shareiscsi-zfs.bash"
compopt() { :; }
COMP_LINE=$2 COMP_POINT=${#2}
# as readline cuts it
mapfile -t COMP_WORDS < <(grep -oE "[=:]+|[^ =:]+" <<<"$2")
[[ $2 != *" " ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p "${COMP_WORDS[0]}" | sed "s/.*-F \([^ ]*\).*/\1/")
"$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
printf "%s\n" "${COMPREPLY[@]}"'

# shellcheck disable=SC2317 # called by name
in_bash() {
	bash -c "$bash_driver" bash "$top" "$1"
}

# shellcheck disable=SC2317
in_zsh() {
	zsh -f "$here/complete.zsh" "$top/completion" "$1"
}

# shellcheck disable=SC2016,SC2317 # for the other shell
in_fish() {
	fish --no-config -c 'source $argv[1]/completion/shareiscsi.fish
		source $argv[1]/completion/shareiscsi-zfs.fish
		complete -C $argv[2] | string replace -r "\t.*" ""' "$top" "$1"
}

# bash and zsh put in but what is missing; fish tells whole words, and so does zsh.
candidates() {	# SHELL WANT-IN-BASH WANT-ELSEWHERE LINE
	local want=$3
	[ "$1" != bash ] || want=$2
	is "$1: $4" "$want" "$("in_$1" "$4" | grep . | sort | paste -sd' ')"
}

for shell in bash zsh fish; do
	if ! command -v "$shell" >/dev/null; then
		ok "$shell # SKIP needs $shell"
		continue
	fi
	is "$shell: verbs" "$(offered shareiscsi '')" "$("in_$shell" 'shareiscsi ' | grep . | sort)"
	candidates "$shell" plan plan 'shareiscsi pl'
	candidates "$shell" --from --from 'shareiscsi sync --fr'
	candidates "$shell" 'scst stgt' 'scst stgt' 'shareiscsi plan --backend s'
	candidates "$shell" 'scst stgt' '--backend=scst --backend=stgt' 'shareiscsi plan --backend=s'
	candidates "$shell" 'tank/vm/a tank/vm/b' 'tank/vm/a tank/vm/b' "shareiscsi status $store tank/vm/"
	candidates "$shell" type= shareiscsi=type= 'zfs set shareiscsi=ty'
	candidates "$shell" 'blockio' 'shareiscsi=on,type=blockio' 'zfs set shareiscsi=on,type=b'
	candidates "$shell" shareiscsi= shareiscsi= 'zpool create -O sharei'
	candidates "$shell" shareiscsi shareiscsi 'zfs get sharei'
done
# put into a command line, a name must stay one word
is "bash: a name is quoted" 'tank/my\ disk' "$(in_bash "shareiscsi plan $store tank/m")"

# what ZFS completes itself is still completed, and by its own functions
# shellcheck disable=SC2016
is "bash: completion of ZFS is kept" "__zfs_complete __zpool_complete" "$(bash -c '
	. /usr/share/bash-completion/bash_completion
	__load_completion() { [ "$1" = zfs ] && complete -F __zfs_complete zfs && complete -F __zpool_complete zpool; }
	__zfs_complete() { COMPREPLY+=("$FUNCNAME"); }
	__zpool_complete() { COMPREPLY+=("$FUNCNAME"); }
	. "$1/completion/shareiscsi-zfs.bash"
	COMP_WORDS=(zfs mou) COMP_CWORD=1 COMP_LINE="zfs mou" COMP_POINT=7
	_shareiscsi_front zfs mou zfs
	one=${COMPREPLY[*]}
	_shareiscsi_front zpool mou zpool
	echo "$one ${COMPREPLY[*]}"' bash "$top")"
in_zsh 'zfs set share' >"$world/zsh"
grep -qx shareiscsi= "$world/zsh" && grep -qE '^share\.?smb' "$world/zsh"
verdict $? "zsh: completion of ZFS is kept"
# shellcheck disable=SC2016
is "fish: completion of ZFS is kept" "mount shareiscsi=" "$(fish --no-config -c '
	complete -c zfs -f -a mount
	source $argv[1]/completion/shareiscsi-zfs.fish
	complete -C "zfs mou"; complete -C "zfs set sharei"' "$top" | sed 's/\t.*//' | paste -sd' ')"

done_testing
