#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The store of zfs seen through the program, with a zfs that plays pools which can be suspended or
# exported, and IET simulated: its null devices need no volume.
#
# From the environment, besides those of lib.sh: IET_SIM_CTL, a program.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
"$IET_SIM_CTL" "$root" init --version 1.4.20.3
"$IET_SIM_CTL" "$root" install sbin
sis_args=(--root "$root" --store zfs --backend iet)

# A folder for each pool with a file for each volume, its value of the property in it; beside it
# the identity. A pool with a file "suspended" answers as zfs does then.
pools=$world/pools
mkdir -p "$root/usr/sbin" "$pools"
cat >"$root/usr/sbin/zpool" <<'END_OF_ZPOOL'
#!/bin/sh
[ "$1" = list ] || exit 1
ls POOLS
END_OF_ZPOOL
cat >"$root/usr/sbin/zfs" <<'END_OF_ZFS'
#!/bin/bash
status=0
verb=$1 recursive=false
shift
cd POOLS || exit

cannot() {	# NAME WHY
	echo "cannot open '$1': $2" >&2
	status=1
}

value() {	# NAME PROPERTY: value and source
	local file=$1
	case $2 in
	guid) printf '%d\t-' $((0x$(printf %s "$1" | md5sum | cut -c 1-8) + 1)) ;;
	volsize) printf '1048576\t-' ;;
	volblocksize) printf '8192\t-' ;;
	org.zfsonlinux:shareiscsi) [ -s "$file" ] && printf '%s\tlocal' "$(cat "$file")" || printf -- '-\t-' ;;
	org.zfsonlinux:shareiscsi:identity)
		[ -s "$file.identity" ] && printf '%s\tlocal' "$(cat "$file.identity")" || printf -- '-\t-' ;;
	volmode) printf 'default\tdefault' ;;
	readonly) printf 'off\tdefault' ;;
	*) printf -- '-\t-' ;;
	esac
}

rows() {	# NAME PROPERTIES
	local property
	for property in ${2//,/ }; do
		printf '%s\t%s\t%s\n' "$1" "$property" "$(value "$1" "$property")"
	done
}

keep() {	# NAME VALUE
	[ -e "$1" ] || return
	echo "$2" >"$1.identity"
	[ -n "$2" ] || rm "$1.identity"
}

[ ! -e ../log ] || [ "$verb" = get ] || echo "$verb $# ${*: -1}" >>../log
case $verb in
set)
	keep "$2" "${1#*=}" && exit
	cannot "$2" 'dataset does not exist'
	exit 1
	;;
inherit)
	keep "$2" ''
	exit
	;;
program)	# -j POOL - PROPERTY NAME VALUE...
	if [ -e ../no-program ]; then
		cat ../no-program >&2
		exit 1
	fi
	failed= i=0
	shift 4
	while [ $# -gt 0 ]; do
		keep "$1" "$2" || failed="$failed$i "
		i=$((i + 1))
		shift 2
	done
	echo "{\"return\":\"$failed\"}"
	exit
	;;
esac
while [[ $1 == -* ]]; do
	case $1 in
	-r) recursive=true ;;
	-t | -o) shift ;;
	esac
	shift
done
properties=$1
shift
# Without names it is all pools that can be opened, the others are not mentioned.
if [ $# = 0 ]; then
	for pool in $(ls); do
		[ -e "$pool/suspended" ] || set -- "$@" "$pool"
	done
fi
for name; do
	if [ -e "${name%%/*}/suspended" ]; then
		cannot "$name" 'pool I/O is currently suspended'
	elif [ ! -e "$name" ]; then
		cannot "$name" 'dataset does not exist'
	elif $recursive && [ -d "$name" ]; then
		for volume in $(ls -d "$name"/* | grep -v identity); do
			rows "$volume" "$properties"
		done
	else
		rows "$name" "$properties"
	fi
done
exit $status
END_OF_ZFS
sed -i "s|POOLS|$pools|" "$root"/usr/sbin/z*
chmod 755 "$root"/usr/sbin/z*

zvol() {	# NAME [VALUE]
	mkdir -p "$pools/${1%/*}" "$root/dev/zvol/${1%/*}"
	printf %s "${2-}" >"$pools/$1"
	: >"$root/dev/zvol/$1"
}

targets() {
	sed -n 's/.*name:[^ ]*:\([^ ]*\).*/\1/p' "$root/proc/net/iet/volume" | sort | paste -sd' '
}

state() {	# VOLUME
	sis status -j
	jq -r ".status[] | select(.volume == \"$1\") | .state" <<<"$out"
}

for name in good/a gone/a bad/a bad/b; do
	zvol $name on,type=nullio
done
zvol bad/off off
sis sync
expect_quiet 0 "sync of three pools"
is "shares what is to be shared" "bad.a bad.b gone.a good.a" "$(targets)"

# ---- a pool that is suspended is not one that is gone ----

: >"$pools/bad/suspended"
mv "$pools/gone" "$world/exported"
printf off >"$pools/good/a"
zvol good/new on,type=nullio
sis plan
[[ $out != *bad.* && $out == *gone.a* && $out == *good.a* ]]
verdict $? "a suspended pool: the plan leaves its shares alone, and only them"
sis sync
expect_quiet 0 "sync with a suspended pool, one that was exported, and changes in the third"
is "keeps, releases and shares" "bad.a bad.b good.new" "$(targets)"
is "status: the share is kept" kept "$(state bad/a)"
is "and the pool pending" pending "$(state bad)"
sis status
expect_out "bad: it cannot be read, so what is shared of it stays shared: cannot open 'bad': pool I/O is currently suspended" "with the reason"
sis status --prometheus
is "as metrics the share is still there" 1 "$(grep -c '^shareiscsi_volume_shared{volume="bad/a"} 1$' <<<"$out")"
for names in bad/a bad "bad/a bad/b good/new" "bad/off good"; do
	# shellcheck disable=SC2086 # words
	sis sync $names
	expect_quiet 0 "sync $names"
	is "changes nothing" "bad.a bad.b good.new" "$(targets)"
done
sis share bad/a
expect_error 1 "cannot share 'bad/a': it cannot be read" "share by name tells"
sis iqn bad/a
expect_error 1 "pool I/O is currently suspended" "iqn does, too"
sis unshare bad/b
expect_quiet 0 "unshare of a volume in it"
is "ends its share" "bad.a good.new" "$(targets)"
sis unshare -a
expect_quiet 0 "unshare of all, as at shutdown"
is "ends all" "" "$(targets)"

rm "$pools/bad/suspended"
sis sync
expect_quiet 0 "sync when the pool can be read again"
is "shares all of it" "bad.a bad.b good.new" "$(targets)"

# ---- the first share of many ----

for i in 1 2 3 4 5 6; do
	zvol many/v$i on,type=nullio
done
zvol few/v1 on,type=nullio

identities() {	# how many of them have one
	find "$pools/many" -name '*.identity' | wc -l
}

sis plan
[ "$(grep -c "^zfs set org.zfsonlinux:shareiscsi:identity=guid=.*[:.]many.v[1-6] many/v[1-6]$" <<<"$out")" = 6 ]
verdict $? "plan tells the identities that would be kept"
is "and keeps none" 0 "$(identities)"
: >"$world/log"
sis sync
expect_quiet 0 "sync of many new volumes"
is "keeps their identities at once, of a few one by one" "program 16 
set 2 few/v1" "$(sed 's/guid=.*//' "$world/log")"
is "all of them" 6 "$(identities)"
is "and shares them" "few.v1 many.v1 many.v2 many.v3 many.v4 many.v5 many.v6" \
	"$(targets | tr ' ' '\n' | grep -E '^(few|many)' | paste -sd' ')"
: >"$world/log"
sis sync
is "then there is nothing to keep" "" "$(<"$world/log")"

anew() {
	sis unshare many few
	rm "$pools"/many/*.identity
	: >"$world/log"
}

anew
echo "cannot execute channel program: not permitted" >"$world/no-program"
sis sync many
expect_quiet 0 "where such programs are refused"
is "each identity is kept by itself" "6 6" "$(identities) $(grep -c '^set' "$world/log")"
rm "$world/no-program"

# One volume's trouble is its own: a target that cannot be made leaves no identity.
anew
mv "$root/sbin/ietadm" "$root/sbin/ietadm.real"
cat >"$root/sbin/ietadm" <<END_OF_IETADM
#!/bin/bash
[[ "\$*" == *--op\ new*many.v3* ]] && exit 1
[[ "\$*" != *--op\ new*--lun* ]] || find "/proc/\$PPID/fd" -lname '*/dev/zvol/*' -printf '%l\n' |
	sed 's|.*/||' | sort | paste -sd' ' >>"$world/open"
exec "$root/sbin/ietadm.real" "\$@"
END_OF_IETADM
chmod 755 "$root/sbin/ietadm"
sis sync many
expect_error 1 "cannot sync 'many/v3'" "one of many cannot be shared"
is "the others are" "many.v1 many.v2 many.v4 many.v5 many.v6" \
	"$(targets | tr ' ' '\n' | grep '^many' | paste -sd' ')"
[ "$(identities)" = 5 ] && [ ! -e "$pools/many/v3.identity" ]
verdict $? "and only they keep their identities"
is "nodes stay open until their own volume is done" "v1 v2 v3 v4 v5 v6
v2 v3 v4 v5 v6
v4 v5 v6
v5 v6
v6" "$(<"$world/open")"
mv "$root/sbin/ietadm.real" "$root/sbin/ietadm"
sis sync
expect_quiet 0 "once it can be shared, it is"

# ---- a node that is not there ----

# Udev gave it up, and makes it when it is asked to look again.
zvol good/given-up on,type=nullio
rm "$root/dev/zvol/good/given-up"
cat >"$root/usr/sbin/udevadm" <<END_OF_UDEVADM
#!/bin/sh
echo "\$*" >>"$world/asked"
: >"$root/dev/zvol/good/given-up"
END_OF_UDEVADM
chmod 755 "$root/usr/sbin/udevadm"
configure '[general]' 'device-wait = 2'
mkdir -p "$root/run/udev"
: >"$root/run/udev/queue"
sis sync good/given-up
expect_status 0 "sync of a volume whose node does not come while udev is busy"
sis plan
[ ! -e "$world/asked" ]
verdict $? "asks udev for nothing then, nor does plan"
rm "$root/run/udev/queue"
configure '[general]' 'device-wait = 600'
sis sync good/given-up
expect_quiet 0 "sync when udev has nothing to do"
[[ " $(targets) " == *" good.given-up "* ]]
verdict $? "shares it"
is "as udev was asked once" "trigger --action=add --subsystem-match=block --sysname-match=zd* --initialized-nomatch" \
	"$(<"$world/asked")"
rm "$root/usr/sbin/udevadm"

configure '[general]' 'device-wait = 600'
zvol good/late on,type=nullio
rm "$root/dev/zvol/good/late"
ran="status" status=0
timeout 60 "$program" status "${sis_args[@]}" >"$world/out" 2>"$world/err" || status=$?
out=$(<"$world/out") err=$(<"$world/err")
expect_status 3 "status does not wait for the node"
expect_out "good/late: its device node '/dev/zvol/good/late' has not appeared yet" "but says that it is missing"

done_testing
