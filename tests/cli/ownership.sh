#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Whose a target and a LUN are: one volume is never taken for another one, nor does it get at
# another's target; what stays as it is has its access unchanged; copies of one disk.
#
# From the environment, besides those of lib.sh: IET_SIM_CTL, a program.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
t=$prefix:t
rules=10.0.0.1

# ---- words ----

# What a target has: number, serial number and path of each LUN, then who may log in.
has() {	# IQN
	live_of "$1" | awk '$1 == "LUN:" { n = $2 } /SCSI SN:/ { serial = $3 }
		/Backing store path:/ && n > 0 { print n, serial, $4 }
		acl { print $1 } /ACL information:/ { acl = 1 }'
}

guid_of() {	# NAME
	attribute "$1" shareiscsi:guid | cut -d: -f1
}

# How has() tells the LUN that is this volume.
lun() {	# NAME NUMBER
	echo "$2 $(guid_of "$1") $world/pool/$1"
}

# What tgtd really has open.
opened() {
	readlink "/proc/$tgtd/fd/"* | grep "^$world/pool/" | sort | paste -sd' '
}

# The volume is off, but has a guid.
known() {	# NAME SIZE
	volume "$1" "$2"
	sis status "$1"
}

# As a pool that was copied block by block: the volume has the other one's guid and identity.
twin() {	# NAME COPY
	mkdir -p "$(dirname "$world/pool/$2")"
	cp --preserve=all "$world/pool/$1" "$world/pool/$2"
	setfattr -n user.org.zfsonlinux:shareiscsi:guid \
		-v "$(guid_of "$1"):$(stat -c %i "$world/pool/$2")" "$world/pool/$2"
}

untouched() {	# WHAT BEFORE
	is "$1: nothing is done" "" "$(calls)"
	is "$1: all is as it was" "$2" "$(live)"
}

refused() {	# STATUS ERROR WHAT VERB...
	local before
	before=$(live)
	calls >/dev/null
	sis "${@:4}"
	expect_error "$1" "$2" "$3 is refused"
	untouched "$3" "$before"
}

does_nothing() {	# WHAT VERB...
	local before
	before=$(live)
	calls >/dev/null
	sis "${@:2}"
	expect_quiet 0 "$1"
	untouched "$1" "$before"
}

# As refused(), where two volumes have something to be told of.
refused_both() {	# WHAT ERROR ERROR VERB...
	local before
	before=$(live)
	calls >/dev/null
	sis "${@:4}"
	[ "$status" -eq 1 ]
	verdict $? "$1 is refused"
	is "$1: the errors" "$2
$3" "$err"
	untouched "$1" "$before"
}

synced() {
	sis sync
	expect_quiet 0 "sync"
	calls >/dev/null
}

records() {
	ls "$root/run/shareiscsi/stgt" 2>/dev/null | grep -vx retired # numbers, as long as tgtd lives
}

# What one part leaves behind must not make the next ones fail.
no_more() {	# WHAT
	rm -rf "${world:?}/pool"
	mkdir -p "$pool"
	sis sync
	is "$1: nothing stays behind" "0" "$status$err$(live)$(records)"
	[ -z "$(live)$(records)" ] || start_over
	calls >/dev/null
}

start_over() {
	stop_tgtd
	rm -rf "$root/run/shareiscsi"
	start_tgtd
}

wider="initiators: $rules, should be all; but"

# ---- another file in the place of a shared one ----

iqn=$prefix:tank.v
volume tank/v 10M on
synced
old=$(guid_of tank/v)
rm "$world/pool/tank/v"
volume tank/v 10M on
sis plan tank/v
expect_status 3 "a new file with the name of a shared one is a difference"
expect_out "serial number is $old, should be $(guid_of tank/v)" "plan says so"
sis sync
expect_quiet 0 "sync"
is "the LUN is hidden, made anew and shown" "unbind delete new update update bind" \
	"$(calls | sed -n 's/.* --op \([a-z]*\) .*/\1/p' | paste -sd' ')"
[ "$old" != "$(guid_of tank/v)" ]
verdict $? "it is another volume"
is "tgtd has the new one" "$(lun tank/v 1)
ALL" "$(has "$iqn")"
is "and not the old one any more" "$world/pool/tank/v" "$(opened)"
is "so says the record" "$(guid_of tank/v)	1	tank/v	$world/pool/tank/v" \
	"$(<"$root/run/shareiscsi/stgt/$iqn")"

old=$(guid_of tank/v)
hold_session "$(url "$iqn")"
cp --preserve=all "$world/pool/tank/v" "$world/new"
mv "$world/new" "$world/pool/tank/v"
refused 4 "cannot sync 'tank/v': 1 initiator is logged in to '$iqn'" \
	"a new file while an initiator is logged in" sync
is "it still has its disk" "$old" "$(serial_of "$iqn")"
release_session
no_more "another file"

# ---- renamed, and a new volume in its place ----

iqn=$prefix:tank.a
volume tank/a 10M on
synced
mv "$world/pool/tank/a" "$world/pool/tank/b"
volume tank/a 10M on
taken="target name '$iqn' is already that of 'tank/b'; choose another one with name="
refused 1 "cannot share 'tank/a': $taken" "the new volume" share tank/a
is "the LUN is the renamed volume's" "$(guid_of tank/b)" "$(serial_of "$iqn")"
is "whose file tgtd has open" "$world/pool/tank/b" "$(opened)"
is "the new one gets no identity" "" "$(identity tank/a)"
[[ $(identity tank/b) == *"iqn=$iqn" ]]
verdict $? "the renamed one keeps its"
sis status
expect_quiet 3 "status tells"
is "that one is an error and the other one shared" "error tank/a,shared tank/b" \
	"$(sed -n '2,3p' <<<"$out" | tr -s ' ' | cut -d' ' -f1-2 | paste -sd,)"
refused 1 "cannot sync 'tank/a': $taken" "the same for all" sync
does_nothing "unshare of the new one takes nothing from the other" unshare tank/a
no_more "renamed"

# ---- a target by hand, of our name and on our volume ----

iqn=$prefix:tank.v
known tank/v 10M
set_property tank/v on
adm --lld iscsi --op new --mode target --tid 1 -T "$iqn"
adm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b "$world/pool/tank/v"
adm --lld iscsi --op bind --mode target --tid 1 --initiator-address "$rules"
foreign="target '$iqn' exists and was not made by this tool; remove it or choose another name with name="
refused 1 "cannot sync 'tank/v': $foreign" "a target that somebody made for the volume" sync
refused 1 "cannot share 'tank/v': $foreign" "also by force" share -f tank/v
does_nothing "unshare leaves it alone" unshare tank/v
adm --lld iscsi --op delete --mode target --tid 1 --force
no_more "a target by hand"

# ---- access is the whole target's ----

volume tank/a 10M "name=$t,lun=1,initiator=$rules"
volume tank/b 10M "name=$t,lun=2,initiator=$rules"
synced
both="$(lun tank/a 1)
$(lun tank/b 2)
$rules"
is "two LUNs in one target" "$both" "$(has "$t")"
kept="$wider 'tank/b', which stays as it is, is in the same target '$t': see to that one first"
set_property tank/a "name=$t,lun=1"
refused 1 "cannot sync 'tank/a': $kept" "wider access of one, the other one not asked for," sync tank/a
refused_both "wider access of one, the other one as it was," \
	"shareiscsi: cannot sync 'tank/a': $kept" \
	"shareiscsi: cannot sync 'tank/b': initiator= differs from that of 'tank/a', which is in the same target '$t'; make them equal" \
	sync
set_property tank/b lun=x
refused_both "wider access of one, a bad value at the other," \
	"shareiscsi: cannot sync 'tank/a': $kept" \
	"shareiscsi: cannot sync 'tank/b': lun 'x' must be a number from 0 to 16383" sync
set_property tank/b off
refused 1 "cannot share 'tank/a': $kept" "wider access of one, the other one off but shared," share tank/a
is "the access is what it was" "$both" "$(has "$t")"
set_property tank/b "name=$t,lun=2"
synced
is "of both it changes" "${both/$rules/ALL}" "$(has "$t")"

set_property tank/a "name=$t,lun=1,initiator=$rules"
set_property tank/b "name=$t,lun=2,initiator=$rules"
volume tank/c 10M "name=$t,lun=3,initiator=$rules"
sis sync
expect_quiet 0 "narrower access and one more LUN"
is "the access comes first" "bind unbind new update update" \
	"$(calls | sed -n 's/.* --op \([a-z]*\) .*/\1/p' | paste -sd' ')"
no_more "access"

# ---- an identity written by hand ----

iqn=$prefix:tank.v
volume tank/v 10M "initiator=$rules"
synced
mine="$(lun tank/v 1)
$rules"
known tank/a 10M

claim() {	# LUN [VALUE]
	setfattr -n user.org.zfsonlinux:shareiscsi:identity \
		-v "guid=$(guid_of tank/a),lun=$1,iqn=$iqn" "$world/pool/tank/a"
	set_property tank/a "${2-on}"
}

claim 7
refused 1 "cannot sync 'tank/a': initiator= differs from that of 'tank/v', which is in the same target '$iqn'" \
	"an identity that opens another's target" sync tank/a
claim 1 "initiator=$rules"
refused 1 "cannot sync 'tank/a': LUN 1 of target '$iqn' is already 'tank/v'" \
	"one that says it is another's LUN" sync tank/a
refused 1 "cannot sync 'tank/a': LUN 1 of target '$iqn' is already 'tank/v'" "the same for all" sync
configure '[policy]' 'options = none'
claim 7
refused 1 "cannot sync 'tank/a': its stored identity (LUN 7 of '$iqn') is not what it would get by itself" "nor where no options are allowed" sync tank/a
configure
is "the target is its owner's" "$mine" "$(has "$iqn")"
does_nothing "unshare of the other one takes nothing" unshare tank/a
no_more "an identity by hand"

# ---- copies of one disk ----

volume tank/v 10M on
synced
mine="$(lun tank/v 1)
ALL"
twin tank/v backup/v

copy_of() {	# NAME
	echo "it has the guid of '$1', a copy of the same disk; two disks with one serial number are not shared: set shareiscsi=off on one of them and unshare it"
}

refused 1 "cannot sync 'backup/v': $(copy_of tank/v)" "a copy of a shared disk" sync
refused 1 "cannot share 'backup/v': $(copy_of tank/v)" "also by name" share backup/v
is "the record is of the first one" "tank/v $world/pool/tank/v" \
	"$(cut -f3- "$root/run/shareiscsi/stgt/$iqn" | tr '\t' ' ')"
sis status
expect_quiet 3 "status tells"
is "the rows" "error backup/v,shared tank/v" \
	"$(sed -n '2,3p' <<<"$out" | tr -s ' ' | cut -d' ' -f1-2 | paste -sd,)"
stop_tgtd
start_tgtd
sis sync
expect_error 1 "cannot sync 'backup/v': $(copy_of tank/v)" "after tgtd was restarted"
is "the first one is shared again" "$mine" "$(has "$iqn")"
set_property backup/v off
does_nothing "the copy is off" sync
does_nothing "and unshared" unshare backup/v
is "the first one stays" "$world/pool/tank/v" "$(opened)"
set_property backup/v on
stop_tgtd
start_tgtd
rm -r "$root/run/shareiscsi"
refused_both "where no record tells which one is meant, both" \
	"shareiscsi: cannot sync 'backup/v': $(copy_of tank/v)" \
	"shareiscsi: cannot sync 'tank/v': $(copy_of backup/v)" sync
set_property backup/v off
sis sync
expect_quiet 0 "one is off"
is "the other one is shared" "$mine" "$(has "$iqn")"

set_property tank/v off
set_property backup/v on
hold_session "$(url "$iqn")"
refused_both "the copy instead, while an initiator is logged in," \
	"shareiscsi: cannot sync 'tank/v': 1 initiator is logged in to '$iqn' (iqn.2010-09.org.zfsonlinux:initiator from 127.0.0.1); log out first, or end the session with \`shareiscsi unshare -f tank/v\`" \
	"shareiscsi: cannot sync 'backup/v': $(copy_of tank/v)" sync
release_session
sis sync
expect_error 1 "cannot sync 'backup/v': $(copy_of tank/v)" "the copy waits until the first is gone"
is "the first is gone" "" "$(has "$iqn")"
sis sync
expect_quiet 0 "the copy instead"
is "it is what tgtd has" "$(guid_of tank/v) $world/pool/backup/v" \
	"$(has "$iqn" | sed -n 's/^1 //p')"
is "and has open" "$world/pool/backup/v" "$(opened)"
no_more "copies"

# Sorted before the shared ones and after them.
for folder in backup zz; do
	for v in a b c d; do
		volume "tank/$v" 10M on
	done
	synced
	all=$(targets)
	for v in a b c d; do
		twin "tank/$v" "$folder/$v"
		set_property "$folder/$v" off
	done
	does_nothing "copies in '$folder' that are off end no share" sync
	sis status
	is "all are shared" "0 4" "$status $(grep -c '^shared  tank/' <<<"$out")"
	does_nothing "nor does unshare of them" unshare "$folder"
	is "the targets are there" "$all" "$(targets)"
	rm -r "$world/pool/$folder"
	no_more "copies that are off"
done

# ---- what was not asked for stays where it is ----

volume tank/a 10M "name=$t,lun=1"
volume tank/b 10M "name=$t,lun=2"
synced
set_property tank/b "name=$prefix:t2,lun=2"
does_nothing "share beside a LUN that is to go elsewhere" share tank/a
sis unshare tank/a
expect_quiet 0 "unshare beside it"
is "takes just its own" "$(lun tank/b 2)
ALL" "$(has "$t")"
sis sync
expect_quiet 0 "sync"
is "lets it go" "$prefix:t $prefix:t2" "$(targets)"
is "there it is" "$(lun tank/b 2)
ALL" "$(has "$prefix:t2")"
no_more "elsewhere"

volume tank/a 10M "name=$t,lun=1"
volume tank/b 10M "name=$t,lun=2"
volume tank/c 10M "name=$t,lun=3"
synced
set_property tank/a "name=$t,lun=1,blocksize=4096"
sis unshare tank/b
expect_quiet 0 "unshare beside a LUN whose block size cannot change"
is "one is gone" "$(lun tank/a 1)
$(lun tank/c 3)
ALL" "$(has "$t")"
set_property tank/b off
set_property tank/c off
sis sync
expect_error 1 "cannot sync 'tank/a': block size is 512, should be 4096; that changes only after \`shareiscsi unshare tank/a\`" \
	"sync tells of it"
is "and ends the other one" "$(lun tank/a 1)
ALL" "$(has "$t")"
no_more "block size"

# ---- what is not there ----

volume tank/fs/a 10M on
volume tank/fs/b 10M on
volume tank/c 10M on
synced
rm "$world/pool/tank/fs/a"
sis sync tank/fs
expect_quiet 0 "sync of a tree in which a volume was destroyed"
is "ends its share, and only that" "$prefix:tank.c $prefix:tank.fs.b" "$(targets)"
rm "$world/pool/tank/fs/b"
sis unshare tank/fs/b
expect_quiet 0 "unshare of a destroyed volume that is still shared"
is "ends its share" "$prefix:tank.c" "$(targets)"
for verb in sync share unshare plan status; do
	for name in tank/nosuch nopool/x nosuch tank/fs/a; do
		refused 1 "cannot open '$name': dataset does not exist" "$verb of '$name'" "$verb" "$name"
	done
done
is "what is shared is still recorded" "$prefix:tank.c" "$(records)"
mkdir "$world/pool/tank/none"
volume tank/none/off 10M
for verb in sync unshare plan status; do
	does_nothing "$verb of a tree in which nothing is on" "$verb" tank/none
done
is "what is shared is recorded all the same" "$prefix:tank.c" "$(records)"
rm "$world/pool/tank/c"
sis sync
expect_quiet 0 "sync when that was destroyed"
is "ends its share" "" "$(live)"
no_more "what is not there"

volume tank/a 10M on
volume tank/off 10M
for names in "tank/a tank/off" "tank/off tank/a"; do
	# shellcheck disable=SC2086 # two names
	sis share $names
	expect_error 1 "cannot share 'tank/off': property shareiscsi is off; set it: zfs set shareiscsi=on tank/off" \
		"share $names: one of them is off"
	is "share $names: the other one is shared" "$prefix:tank.a" "$(targets)"
	sis unshare -a
done
no_more "one of two is off"

# ---- identities that were lost ----

volume tank/a 10M "name=$prefix:old,initiator=$rules"
synced
setfattr -x user.org.zfsonlinux:shareiscsi:identity "$world/pool/tank/a"
set_property tank/a on
sis sync tank/a
expect_quiet 0 "sync of a volume that lost its identity and is called otherwise now"
is "the old target is gone" "$prefix:tank.a" "$(targets)"
is "the new one is there" "$(lun tank/a 1)
ALL" "$(has "$prefix:tank.a")"
does_nothing "once more" sync
no_more "lost identity"

volume tank/v 10M "name=$prefix:wrong"
stop_tgtd
sis share tank/v
expect_error 5 "is not running" "share without a target"
is "gives the volume no identity" "" "$(identity tank/v)"
start_tgtd
: >"$world/count"
echo "change 2 fail-before" >"$world/fault"
sis share tank/v
rm "$world/fault"
expect_error 1 "cannot share 'tank/v': add LUN: " "a first share that fails"
is "leaves no identity" "" "$(identity tank/v)"
is "nor a record" "" "$(records)"
is "nor a target" "" "$(live)"
set_property tank/v on
sis share tank/v
expect_quiet 0 "with another name"
is "the first one is forgotten" "$prefix:tank.v" "$(targets)"
no_more "failed share"

# ---- two volumes whose names become one ----

volume tank/b-c 10M on
synced
sis unshare -a
taken="target name '$prefix:tank.b-c' is already that of 'tank/b-c'; choose another one with name="
for value in on "lun=2,initiator=$rules" lun=2; do
	volume tank/b_c 10M "$value"
	refused 1 "cannot share 'tank/b_c': $taken" "$value: the name of a volume that is not shared" \
		share tank/b_c
	is "$value: it gets no identity" "" "$(identity tank/b_c)"
done
sis share -a
expect_error 1 "cannot share 'tank/b_c': $taken" "share of all"
is "whose name it is has the target alone" "$(lun tank/b-c 1)
ALL" "$(has "$prefix:tank.b-c")"
refused 1 "cannot share 'tank/b_c': $taken" "the name of one that is shared" share tank/b_c
no_more "one name of two"

# ---- a record that is none ----

iqn=$prefix:tank.v
record=$root/run/shareiscsi/stgt/$iqn
volume tank/v 10M on
synced
line=$(<"$record")
before=$(live)
for verb in sync share; do
	echo junk >"$record"
	sis "$verb" tank/v
	expect_status 0 "$verb with a record that is none"
	is "$verb: the warning" "shareiscsi: warning: '$record' is not a record of this tool" \
		"$(sort -u <<<"$err")"
	untouched "$verb" "$before"
	is "$verb: the record is one again" "$line" "$(<"$record")"
done
echo junk >"$record"
sis unshare tank/v
expect_status 0 "unshare with a record that is none"
is "it is unshared" "" "$(live)"
no_more "a record that is none"

# ---- another target is started ----

# IET tells no serial numbers: there the record says whose a LUN is.
with_iet() {
	"$IET_SIM_CTL" "$root" init --version 1.4.20.3
	"$IET_SIM_CTL" "$root" install sbin
	cp "$here/../backend/ietadm-wrapper" "$root/usr/sbin/ietadm"
	: >"$world/allow"
}

iet_has() {
	sed -nE 's,^tid:[0-9]+ name:,,p; s,^\tlun:([0-9]+) .* path:,\1 ,p' "$root/proc/net/iet/volume"
}

if [ -x "${IET_SIM_CTL-}" ]; then
	sis_args=(--root "$root" --store "dir:$world/pool")
	volume tank/v 10M on
	synced
	with_iet
	does_nothing "a target that is started later does not get what another one has" sync
	is "it has nothing" "" "$(iet_has)"
	set_property tank/v off
	sis sync
	expect_quiet 0 "sync when it is off"
	is "the share ends where it is" "" "$(live)$(iet_has)"
	is "the record is gone" "" "$(records)"

	sis_args=(--root "$root" --store "dir:$world/pool" --backend iet)
	set_property tank/v on
	synced
	mv "$world/pool/tank/v" "$world/pool/tank/moved"
	sis sync
	expect_quiet 0 "sync after a rename, on IET"
	is "nothing is done" "" "$(calls)"
	sis status
	is "it is shared" "0 shared tank/moved $iqn" \
		"$status $(sed -n 2p <<<"$out" | tr -s ' ' | cut -d' ' -f1-3)"
	does_nothing "sync once more" sync
	sis unshare tank/moved
	expect_quiet 0 "unshare by the new name"
	is "ends it" "" "$(iet_has)"
else
	ok "another target is started # SKIP needs the simulator iet-sim-ctl"
fi

done_testing
