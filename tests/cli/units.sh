#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# What is installed beside the program is well-formed: units, udev rule, zedlet, examples.
# usage: units.sh SOURCE BUILD
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
source=$1
build=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# A verdict on what said what is in $dir/said.
checked() {	# STATUS WHAT
	err=$(<"$dir/said")
	verdict "$@"
}

# Run with the program's true place, which is not there before it is installed.
for unit in "$build"/systemd/shareiscsi*; do
	sed "s|^\(Exec[A-Za-z]*=-\{0,1\}\)[^ ]*/shareiscsi |\1$build/shareiscsi |" "$unit" >"$dir/${unit##*/}"
done
if command -v systemd-analyze >/dev/null; then
	# It also finds what cannot be started in any order.
	systemd-analyze verify --man=no "$dir"/shareiscsi* >"$dir/said" 2>&1 && ! grep shareiscsi "$dir/said"
	checked $? "systemd-analyze verify"
else
	ok "systemd-analyze verify # SKIP no systemd"
fi

if udevadm verify --help >"$dir/said" 2>&1; then
	udevadm verify "$build/udev/59-shareiscsi.rules" >"$dir/said" 2>&1
	checked $? "udevadm verify"
else
	ok "udevadm verify # SKIP this udev has none"
fi

for script in "$build/zed/history_event-shareiscsi.sh" "$source/udev/is-shared" "$source"/examples/zfs_share_iscsi.*; do
	shellcheck -s sh "$script" >"$dir/said" 2>&1 && [ -x "$script" ]
	checked $? "shellcheck ${script##*/}"
	if command -v dash >/dev/null; then
		dash -n "$script" >"$dir/said" 2>&1
		checked $? "dash reads ${script##*/}"
	fi
done

# ---- what is installed leads to what is installed ----

DESTDIR=$dir/dest meson install -C "$build" --no-rebuild --quiet >"$dir/said" 2>&1
checked $? "meson install below DESTDIR"
for event in history_event pool_import pool_export pool_destroy; do
	link=$dir/dest/etc/zfs/zed.d/$event-shareiscsi.sh
	[ -L "$link" ] && [ -x "$dir/dest$(readlink "$link")" ]
	checked $? "the zedlet is there for $event"
done
find "$dir/dest" \( -path '*/systemd/*' -o -path '*/udev/*' -o -path '*/zed.d/*' \) -type f -exec grep -hoE '/[^ "]*/(shareiscsi|is-shared) ' {} + |
	tr -d ' ' | sort -u >"$dir/paths"
[ -s "$dir/paths" ]
checked $? "they name programs"
while read -r path; do
	[ -x "$dir/dest$path" ]
	checked $? "there is $path"
done <"$dir/paths"

# ---- the zedlet: which events leave which names ----

sed "s|[^ (]*/shareiscsi sync|$dir/shareiscsi sync|" "$build/zed/history_event-shareiscsi.sh" >"$dir/zedlet"
cat >"$dir/shareiscsi" <<END
#!/bin/sh
{
	[ ! -e /proc/self/fd/3 ] || echo 'inherited the event queue'
	[ "\$1 \$2 \$3" = "sync --later --" ] || echo "called with \$*"
	shift 3
	for name; do echo "\$name"; done
} >>"$dir/names"
END
chmod 755 "$dir/shareiscsi" "$dir/zedlet"

event() {	# WHAT WANTED-NAMES [VARIABLE=VALUE...]
	: >"$dir/names"
	env -i "${@:3}" "$dir/zedlet" 3</dev/null >"$dir/said" 2>&1
	printf '%s' "$2" | cmp -s - <(printf '%s' "$(cat "$dir/names")") && [ ! -s "$dir/said" ]
	checked $? "zedlet: $1"
}

# shellcheck disable=SC2016 # the quotes are text
history_event() {	# WANTED-NAMES INTERNAL-NAME DATASET [TEXT]
	event "$2 of '$3'${4+, '${4:0:60}'}" "$1" ZEVENT_SUBCLASS=history_event ZEVENT_POOL=tank \
		"ZEVENT_HISTORY_INTERNAL_NAME=$2" "ZEVENT_HISTORY_DSNAME=$3" ${4+"ZEVENT_HISTORY_INTERNAL_STR=$4"}
}

history_event tank/v set tank/v org.zfsonlinux:shareiscsi=on
history_event tank/v inherit tank/v org.zfsonlinux:shareiscsi=
history_event tank/v set tank/v
history_event 'tank/a b ' set 'tank/a b ' volsize=1
history_event tank/v set tank/v readonly=1
history_event '' set tank/v org.zfsonlinux:shareiscsi:identity=x
history_event '' set tank/v org.example:x=org.zfsonlinux:shareiscsi=on
history_event '' set tank/v "x:y=\$(touch $dir/evil)\`touch $dir/evil\`\"';touch $dir/evil;
volsize=1"
history_event tank/v set tank/v "org.zfsonlinux:shareiscsi=\$(touch $dir/evil)\`touch $dir/evil\`;"
history_event tank/v create tank/v ' '
history_event tank/c clone tank/c 'origin=tank/v@s (42)'
history_event 'tank/old
tank/new' rename tank/old '-> tank/new'
history_event '' rename tank/v@old '-> @new'
history_event '' snapshot tank/v@s ' '
history_event '' destroy tank/v@s ' '
history_event tank/v destroy tank/v '(bptree, mintxg=1)'
history_event tank/v/%rollback 'clone swap' tank/v/%rollback parent=v
history_event tank/v 'finish receiving' tank/v snap=s
history_event '' receive tank/v
history_event '' 'permission update' tank/v
history_event '' open '' 'pool version 5000'
event "pool_import" tank ZEVENT_SUBCLASS=pool_import ZEVENT_POOL=tank
event "pool_destroy" tank ZEVENT_SUBCLASS=pool_destroy ZEVENT_POOL=tank
event "another class" '' ZEVENT_SUBCLASS=config_sync ZEVENT_POOL=tank
event "nothing at all" ''
[ ! -e "$dir/evil" ]
checked $? "zedlet: nothing in an event is executed"

done_testing
