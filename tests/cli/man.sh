#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The manuals and the example of the configuration say what the program has, and nothing else.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
man=$top/man
tool=$man/shareiscsi.8 front=$man/shareiscsi-zfs.8
options=$man/shareiscsi-options.7 configuration=$man/shareiscsi.conf.5
example=$top/examples/shareiscsi.conf

world=$(mktemp -d) || exit 1
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$world/root/etc"

# The source of one section, or of a part of one.
section() {	# FILE TITLE [PART]
	awk -v title="$2" -v part="${3-}" '
		/^\.Sh / { section = substr($0, 5); sub_section = "" }
		/^\.Ss / { sub_section = substr($0, 5) }
		section == title && (part == "" || sub_section == part)' "$1"
}

# Both lists hold the same words.
same() {	# WHAT PROGRAM MANUAL
	[ -n "$2" ] || { not_ok "$1: the program has none"; return; }
	is "$1" "$(sort -u <<<"$2")" "$(sort -u <<<"$3")"
}

# ---- form ----

for page in "$tool" "$front" "$options" "$configuration"; do
	name=$(basename "$page")
	if command -v mandoc >/dev/null; then
		said=$(mandoc -T lint -W warning "$page" 2>&1)
		is "$name: mandoc has no complaints" "" "$said"
	else
		ok "$name # SKIP needs mandoc"
	fi
	sed -n 's/^\.Xr \(shareiscsi[^ ]*\) \([0-9]\).*/\1.\2/p' "$page" | sort -u | {
		missing=
		while read -r other; do
			[ -e "$man/$other" ] || missing+="$other "
		done
		echo "$missing"
	} >"$world/missing"
	is "$name: other manuals of ours that it names are there" "" "$(<"$world/missing")"
	grep -qF "'man/$name'" "$top/meson.build"
	verdict $? "$name is installed"
done
is "there are no other manuals" "$(basename -a "$tool" "$front" "$options" "$configuration" | sort)" \
	"$(find "$man" -name '*.[1-9]' -printf '%f\n' | sort)"

# ---- shareiscsi-options(7) ----

bare options -j --root "$world/root"
expect_status 0 "options -j"
same "options and their aliases" \
	"$(jq -r '.options[] | .option, (.aliases // empty | split(",")[])' "$world/out")" \
	"$(section "$options" OPTIONS | grep '^\.It' | grep -o 'Cm [A-Za-z]* Ns =' | cut -d ' ' -f 2)"
same "words that type and iomode may be" \
	"$(jq -r '.options[] | select(.option == "type" or .option == "iomode") | .values |
		scan("[a-z]+") | select(. != "also")' "$world/out")" \
	"$(section "$options" OPTIONS | sed -n '/ Ns =/d; s/^\.It Cm //p' | sed 's/ , /\n/g')"

# ---- shareiscsi(8) ----

bare --help
same "verbs" "$(sed -n '/^verbs:/,/^$/p' <<<"$out" | awk 'NR > 1 && NF { print $1 }')" \
	"$(section "$tool" COMMANDS | sed -n 's/^\.It Cm \([a-z]*\).*/\1/p')"
same "options of the command line" \
	"$(sed -n '/^options:/,/^$/s/^ *\(-[A-Za-z], \)\?\(--[a-z-]*\) .*/\2\n\1/p' <<<"$out" | tr -d ', ' | grep .)" \
	"$(section "$tool" OPTIONS | sed -n 's/ Ar .*//; s/^\.It Fl //p' | sed 's/ , /\n/g' | sed 's/^/-/')"
same "exit statuses" "$(sed -n '/^exit status/,$p' <<<"$out" | grep -oE '(: |; |^differences; )[0-9] ' | tr -dc '0-9\n')" \
	"$(section "$tool" 'EXIT STATUS' | sed -n 's/^\.It \([0-9]\)$/\1/p')"
same "states of the status" \
	"$(sed -n '/^static void wanted_row/,/^static const struct sis_col status_cols/p' "$top/src/cli/cmd_status.c" |
		grep -oE '(state = |\] = |[?:] )"[a-z]+"' | grep -o '[a-z]*"$' | tr -d '"')" \
	"$(section "$tool" COMMANDS | sed -n 's/^\.It Ql //p')"

# ---- what each target can do ----

bare backends --capabilities
is "the table of the README" "$out" "$(sed -n '/^CAPABILITY/,/^```/p' "$top/README.md" | grep -v '^```')"
bare backends --capabilities -j
is "the table of shareiscsi(8)" "$(jq -r '.capabilities[] | .capability + " | " + ([.iet, .stgt, .scst, .lio] | join(" "))' \
	"$world/out")" "$(section "$tool" TARGETS | sed -n '/^\.It "[^"]/{ s/^\.It "\([^"]*\)"/\1 |/; s/ Ta / /gp }')"

# ---- versions ----

bare --version
version=${out#shareiscsi }
is "meson.build has the version" "$version" "$(sed -n "s/^  version: '\(.*\)',/\1/p" "$top/meson.build")"
is "debian/changelog, too" "$version" "$(sed -n '1s/^shareiscsi (\(.*\)).*/\1/p' "$top/debian/changelog")"
is "and the RPM spec" "$version $version-1" "$(sed -n 's/^Version: *//p' "$top/rpm/shareiscsi.spec") $(
	sed -n 's/^\* .* - \([0-9.-]*\)$/\1/p' "$top/rpm/shareiscsi.spec" | head -n 1)"
is "and NEWS.md" "$version" "$(sed -n 's/^## //p' "$top/NEWS.md" | head -n 1)"

# ---- environment ----

read_by_program=$(grep -rhoE '(getenv|environment)\("[A-Z_]+"\)' "$top/src" | cut -d '"' -f 2)
same "environment of both programs" "$read_by_program" \
	"$(section "$front" ENVIRONMENT | sed -n 's/^\.It Ev //p')"
same "environment of shareiscsi" "$(grep -v '^SHAREISCSI' <<<"$read_by_program")" \
	"$(section "$tool" ENVIRONMENT | sed -n 's/^\.It Ev //p')"
same "environment of the script" \
	"$(grep -oE 'SHAREISCSI_[A-Z]+=' "$top/src/core/hook.c" | tr -d =)" \
	"$(section "$tool" 'THE SCRIPT' | grep -o 'SHAREISCSI_[A-Z]*')"

# ---- shareiscsi-zfs(8) ----

front_verbs() {	# PART
	section "$front" DESCRIPTION "$1" | sed -n 's/^\.It //p' | sed 's/ , /\n/g' | sed 's/^Cm //; s/ .*//'
}

same "verbs of zfs" "$(sed -n 's/^\t{ "\([a-z-]*\)", "[^"]*", sis_front_.*/\1/p' "$top/src/cli/front.c")" \
	"$(front_verbs zfs)"
same "verbs of zpool" "$(sed -n 's/^\t{ "\([a-z-]*\)", "[^"]*", zpool_.*/\1/p' "$top/src/cli/front_zpool.c")" \
	"$(front_verbs zpool)"
same "verbs of the built-in zfs" "$(sed -n 's/.*zfs_\([a-z]*\)(struct sis_dirzfs \*z)$/\1/p' "$top/src/cli/dirzfs.c")" \
	"$(section "$front" DESCRIPTION 'Without ZFS' | sed -n 's/^\.Cm \([a-z]*\).*/\1/p' | grep -vxE 'list|get')"

# ---- shareiscsi.conf(5) and the example ----

conf_keys=$(sed -n 's/^\t{ "\([a-z]*\)", "\([a-z-]*\)", .*/\1 \2/p' "$top/src/core/conf.c")
same "keys of the configuration" "$conf_keys" "$(awk '
	/^\.Ss Section / { name = $3 }
	/^\.It Cm [a-z-]+ No =/ { print name, $3 }' "$configuration")"
same "keys in the example" "$conf_keys" "$(awk '
	/^\[/ { name = substr($0, 2, length($0) - 2) }
	/^#?[a-z-]+ = / { sub(/^#/, "", $1); print name, $1 }' "$example")"
cp "$example" "$world/root/etc/shareiscsi.conf"
bare backends --root "$world/root"
expect_quiet 0 "the example is understood"
sed 's/^#\([a-z-]* = \)/\1/' "$example" >"$world/root/etc/shareiscsi.conf"
bare backends --root "$world/root"
expect_quiet 0 "also with all it has commented out"
section "$configuration" EXAMPLES | awk '/^\.Ed/ { on = 0 } on; /^\.Bd/ { on = 1 }' \
	>"$world/root/etc/shareiscsi.conf"
[ -s "$world/root/etc/shareiscsi.conf" ]
verdict $? "the manual has an example"
bare backends --root "$world/root"
expect_quiet 0 "which is understood, too"

done_testing
