#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Hostile names and values (injection.txt): what a target is told, what is written and what is there
# afterwards is what was to be expected, and nothing else.
# usage: injection.sh stgt|scst|iet|lio_plan [BUILD]
#
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
mkdir "$world/cwd"
cd "$world/cwd" || exit 1

text=
# \{TEXT}N first, so that TEXT may hold the other ones.
decode() {	# LINE; sets text
	local rest=$1 many
	text=
	while [[ $rest =~ ^([^{]*)\\\{([^}]*)\}([0-9]+)(.*)$ ]]; do
		printf -v many '%*s' "${BASH_REMATCH[3]}" ''
		text+=${BASH_REMATCH[1]}${many// /"${BASH_REMATCH[2]}"}
		rest=${BASH_REMATCH[4]}
	done
	printf -v text '%b.' "$text$rest"
	text=${text%.}
}

# Sets the array `texts` to those of this kind.
read_list() {	# KIND
	local line
	texts=()
	while IFS= read -r line; do
		decode "$line"
		texts+=("$text")
	done < <(sed -n "s/^$1 //p" "$folder/injection.txt")
	[ "${#texts[@]}" -gt 5 ] || { echo "Bail out! no $1 in the list"; exit 1; }
}

# Every file below the root but those of the kernel and of the target's daemon, with what is in it.
tree() {
	find "$root" "$world/cwd" -xdev \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/var/lib/iet-sim" -o -name '*.lock' -o -name lock -o -name retired -o -name 'said.*' \) -prune \
		-o -printf '%y %m %U %p %l\n' -type f ! -size +1M -exec cksum {} + | LC_ALL=C sort
}

# setfattr would read quotes and backslashes.
set_bytes() {	# NAME VALUE
	set_property "$1" "0x$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')"
}

carry_out() {
	if [ -n "${dry-}" ]; then
		sis plan
	else
		sis sync
	fi
}

# Each line on stderr is clean, and is about one volume.
clean_errors() {
	! LC_ALL=C grep -qE '[[:cntrl:]]' "$world/err" &&
		! LC_ALL=C grep -qvE "^shareiscsi: (cannot (sync|share|open) '[^']*'|warning): " "$world/err"
}

# ---- a share, and a target of somebody else, that all this must not touch ----

volume tank/good 1M on
if [ -z "${dry-}" ]; then
	sis share tank/good
	expect_quiet 0 "a share"
	truncate -s 1M "$world/foreign"
	foreign_target iqn.2001-04.com.example:foreign "$world/foreign"
fi
changes >/dev/null
before=$(everything)
files=$(tree)
had=$([ -n "${dry-}" ] || targets)

unchanged() {	# WHAT
	is "$1: nothing is told to the target" "" "$(changes)"
	is "$1: the target is as it was" "$before" "$(everything)"
	is "$1: no other file" "$files" "$(tree)"
}

# ---- values ----

read_list value
values=("${texts[@]}")
for i in "${!values[@]}"; do
	volume "tank/v$i" 1M
	set_bytes "tank/v$i" "${values[i]}" || { echo "Bail out! the file system does not take value $i"; exit 1; }
done
carry_out
for i in "${!values[@]}"; do
	grep -q "'tank/v$i':" "$world/err" || not_ok "value $i is refused: ${values[i]:0:60}"
done
[ "$(wc -l <"$world/err")" -eq "${#values[@]}" ]
verdict $? "each of ${#values[@]} values is refused in one line"
clean_errors
verdict $? "the lines are clean"
unchanged "hostile values"
rm "$world"/pool/tank/v*

# By the front end: nothing is stored. What no extended attribute could hold, too.
if [ "$backend" = stgt ]; then
	ln -sf "$(realpath "$program")" "$world/zfs"
	read_list long
	stored=$(attribute tank/good shareiscsi)
	bad=0
	for text in "${values[@]}" "${texts[@]}"; do
		SHAREISCSI_ROOT=$root SHAREISCSI_STORE=dir:$world/pool SHAREISCSI_BACKEND=$backend \
			"$world/zfs" set "shareiscsi=$text" tank/good >"$world/out" 2>"$world/err"
		if [ $? -ne 1 ] || [ "$(wc -l <"$world/err")" -ne 1 ] || [ "$(attribute tank/good shareiscsi)" != "$stored" ]; then
			bad=$((bad + 1))
			not_ok "zfs set shareiscsi=${text:0:60}: $(head -c 300 "$world/err")"
		fi
	done
	is "zfs set refuses each of $((${#values[@]} + ${#texts[@]})) values and stores none" 0 "$bad"
	unchanged "zfs set"
fi

# ---- names ----

read_list none
i=0
for text in "${texts[@]}"; do
	mkdir -p "$world/pool/tank/x$i"
	truncate -s 1M "$world/pool/tank/x$i/$text"
	set_property "tank/x$i/$text" on
	i=$((i + 1))
done
carry_out
clean_errors
verdict $? "$i names that are none: what is said is clean"
[ -z "${dry-}" ] || is "nothing is planned for them" "$prefix:tank.good" "$(targets)"
unchanged "names that are none"
rm -r "$world"/pool/tank/x*

read_list name
declare -A path=()
all=$had
i=0
for text in "${texts[@]}"; do
	volume "tank/n$i/$text" 1M on
	# shellcheck disable=SC2001 # what sed does here no expansion does in every locale
	name=$(LC_ALL=C sed 's,/,.,g;y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/;s/[^a-z0-9.:-]/-/g' <<<"tank/n$i/$text")
	name=$prefix:$name
	path[$name]=$world/pool/tank/n$i/$text
	if [ "${#name}" -gt 223 ] || { [ "$backend" = scst ] && [[ $text == *' '* ]]; }; then
		path[$name]=
	else
		all+=" $name"
	fi
	i=$((i + 1))
done
carry_out
[ -z "${dry-}" ] || all+=" $prefix:tank.good"
is "$i names: one target for each that the target can have" "$(tr ' ' '\n' <<<"$all" | sed '/^$/d' | sort | paste -sd' ')" "$(targets)"
clean_errors
verdict $? "the others are refused in clean lines"
is "as many as there are" "$(for name in "${!path[@]}"; do [ -n "${path[$name]}" ] || echo; done | wc -l)" "$(wc -l <"$world/err")"
bad=0
for name in "${!path[@]}"; do
	[ -z "${path[$name]}" ] || [ "$(lun_is "$name" "$first_lun" path)" = "${path[$name]}" ] ||
		{ bad=$((bad + 1)); not_ok "$name: path '$(lun_is "$name" "$first_lun" path)', should be '${path[$name]}'"; }
done
is "each has its own disk" 0 "$bad"
if [ -n "${dry-}" ]; then
	grep -v '^#' <<<"$out" | LC_ALL=C grep -vE "^(mkdir|rmdir|ln -s [^ ]+|echo [^ ]+|echo '[^']*'( >)?|echo \"[^\"]*\") .*/sys/kernel/config/target/[^ ]*\$"
	[ $? -eq 1 ]
	verdict $? "all that is planned is in LIO's tree"
	! grep -v '^#' <<<"$out" | grep -qE '/\.\.?(/|$)'
	verdict $? "and no path leads up"
	is "each share takes the same steps" 1 "$(sed -n 's/^# add LUN \([^ ]*\):.*/\1/p' <<<"$out" | while read -r name; do
		grep -cF "/$name/" <<<"$out"
	done | sort -u | wc -l)"
fi
unrelated=$(tree | grep -vE "$root/run/shareiscsi/$backend/|^[0-9]+ |/initiators\.")
is "no other file than records" "$(grep -vE "$root/run/shareiscsi/$backend/|^[0-9]+ |/initiators\." <<<"$files")" "$unrelated"
sis status
LC_ALL=C grep -q '[^ -~]' "$world/out"
[ $? -eq 1 ]
verdict $? "status is clean"
sis status -j
jq -e . "$world/out" >/dev/null
verdict $? "status -j is JSON"
for ((n = 0; n < i; n++)); do
	rm -r "$world/pool/tank/n$n"
done
carry_out
changes >/dev/null
unchanged "when they are gone"
is "nothing was run" "" "$(ls -A "$world/cwd")"
done_testing
