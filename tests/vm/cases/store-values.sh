# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The zfs store lists volumes and properties as they are, also values made to look like other volumes' rows.

share=org.zfsonlinux:shareiscsi
list=$BUILD/tests/vm/store-list

look() {
	"$list" 20000 "$@" >/tmp/list
}

# field VOLUME FIELD: the value of one field of what was listed, or the word of those without value that stands there.
field() {
	awk -F ' [|] ' -v name="$1" -v field="$2" '$1 == name {
		for (i = 2; i <= NF; i++)
			if (index($i, field "=") == 1) print substr($i, length(field) + 2)
			else if ($i == field) print $i
	}' /tmp/list
}

# expect_field VOLUME FIELD VALUE
expect_field() {
	expect_eq "$(field "$1" "$2")" "$3" "$2 of $1"
}

# The user of a delegated volume has the whole value to himself.
delegated_set() {
	setpriv --reuid 65534 --regid 65534 --clear-groups zfs set "$1=$2" "$3"
}

say 'without the module, that is what it says'
"$list" 0 2>/tmp/said && fail 'listed without ZFS'
grep 'ZFS is not there' /tmp/said

make_pool tank
zfs create tank/d
for name in 'tank/d/a b' 'tank/d/x ' tank/d/a tank/d/b tank/d/c; do
	zfs create -s -V 64M "$name"
done
zfs create -V 64M -o volblocksize=16K tank/thick
zfs allow -u nobody userprop tank/d/a
zfs snapshot tank/thick@s

say 'plain facts'
zfs set $share=on tank
zfs set "$share=lun=2" tank/thick
look
expect_field tank/thick guid "$(zfs get -Hp -o value guid tank/thick)"
expect_field tank/thick size 67108864
expect_field tank/thick block 16384
expect_field tank/thick sparse ''
expect_field tank/thick share lun=2
expect_field tank/thick source local
expect_field tank/thick ready ready
expect_field tank/d/b sparse sparse
expect_field tank/d/b source inherited
expect_field tank/d/b from tank
expect_eq "$(cut -d '|' -f 1,2 /tmp/list | tr '\n' ';')" \
	'tank/d/a | ready ;tank/d/a b | ready ;tank/d/b | ready ;tank/d/c | ready ;tank/d/x  | ready ;tank/thick | ready ;' list

say 'names with blanks'
expect_field 'tank/d/a b' device /dev/zvol/tank/d/a+b
expect_field 'tank/d/x ' device /dev/zvol/tank/d/x+

say 'names that do not exist, and such that are none'
"$list" 0 tank/thick tank/no nopool | grep -c '| missing' | grep -x 2
"$list" 0 'tank/a+b' 2>/tmp/said && fail 'a+b is no name'
grep "22: cannot open 'tank/a+b': invalid character '+' in name" /tmp/said
"$list" 0 tank/thick@s 2>/tmp/said && fail 'a snapshot is no volume'
grep 'is not expected here' /tmp/said

say 'the identity is kept, and not inherited'
"$list" set tank/d/b 'iqn.2010-09.org.example:b lun 0'
zfs set $share:identity=everybody tank
look tank/d
expect_field tank/d/b identity 'iqn.2010-09.org.example:b lun 0'
expect_field tank/d/c identity '(none)'
"$list" set tank/no x 2>/tmp/said && fail 'set on nothing'
grep "2: cannot open 'tank/no': dataset does not exist" /tmp/said

say 'a value with rows of other volumes stays the value of its own'
guid=$(zfs get -Hp -o value guid tank/d/b)
tab=$'\t'
evil="on${tab}local
tank/d/a$tab$share:identity${tab}x${tab}local
tank/d/b${tab}zoned$tab-$tab-
tank/d/b${tab}guid$tab$guid$tab-
tank/d/b$tab$share${tab}initiator=*${tab}local
tank/d/b$tab$share:identity${tab}y"
delegated_set $share "$evil" tank/d/a
delegated_set $share:identity "$evil" tank/d/a
look
cat /tmp/list
expect_eq "$(wc -l </tmp/list)" 6 'number of volumes'
grep -c 'initiator=\*' /tmp/list | grep -x 1
expect_field tank/d/b share on
expect_field tank/d/b identity 'iqn.2010-09.org.example:b lun 0'
coded=${evil//$tab/\\x09}
coded=${coded//$'\n'/\\x0a}
expect_field tank/d/a share "$coded"
expect_field tank/d/a identity "$coded"

say 'other values: a tab, a newline at the end, bytes that are no text, as long as can be, empty, a dash'
expect_identity() {
	delegated_set $share:identity "$1" tank/d/a
	look tank/d/a
	expect_field tank/d/a identity "$2"
}

expect_identity "a${tab}b${tab}local" 'a\x09b\x09local'
expect_identity $'x\n' 'x\x0a'
expect_identity $'\xff\xc3(\x01' '\xff\xc3(\x01'
long=$(printf '%08191d' 0)
expect_identity "$long" "$long"
expect_identity '' ''
expect_identity - -

say 'the source of a value: inherited from a long name, received'
deep=tank/$(printf 'n%.0s' {1..120})
zfs create "$deep"
zfs create -s -V 64M "$deep/v"
zfs set $share=on "$deep"
zfs send -p tank/thick@s | zfs receive tank/copy
look "$deep" tank/copy
expect_field "$deep/v" source inherited
expect_field "$deep/v" from "$deep"
expect_field tank/copy source received
expect_field tank/copy share lun=2
