# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: What may be left of a restricted LIO target by a run that was cut off, or done to it by others, lets nobody reach more.
# limit: 600

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
org=iqn.2010-09.org.example
iqn=$org:both
tpg=/sys/kernel/config/target/iscsi/$iqn/tpgt_1
me=$org:me
other=$org:other

sis() {
	shareiscsi --backend lio "$@"
}
prop() { # VOLUME OPTIONS
	command -p zfs set "org.zfsonlinux:shareiscsi=name=$iqn,$2" "tank/$1"
}
both() { # OPTIONS
	prop a "lun=0${1:+,$1}"
	prop b "lun=1${1:+,$1}"
}
in_sync() { # WHAT
	sis plan >/tmp/steps || fail "$1: still to do: $(cat /tmp/steps)"
}
sees() { # INITIATOR
	iscsi-inq -i "$1" "iscsi://127.0.0.1/$iqn/0" >/dev/null 2>&1
}
writes() { # INITIATOR LUN
	head -c 4096 /dev/zero | "$PROGRAMS/initiator" -i "$1" write "iscsi://127.0.0.1/$iqn/$2" 2>/tmp/err
}
only_reads() { # INITIATOR LUN
	sees "$1" || fail "$1 is not let in"
	! writes "$1" "$2" || fail "$1 may write to LUN $2"
}
exit_is() { # STATUS VERB...
	local status=0
	sis "${@:2}" >/tmp/out 2>&1 || status=$?
	expect_eq "$status" "$1" "$(cat /tmp/out)"
}
hold() { # INITIATOR
	"$PROGRAMS/initiator" -i "$1" hold "iscsi://127.0.0.1/$iqn/0" >/tmp/held <&9 &
	held+=($!)
	wait_for 20 grep -q ready /tmp/held
	: >/tmp/held
}
release() {
	kill "${held[@]}" || true
	held=()
	wait_for 20 grep -qx 0 /sys/kernel/config/target/iscsi/$iqn/fabric_statistics/iscsi_instance/sessions
}
held=()
mkfifo /tmp/never
exec 9<>/tmp/never

make_pool tank
for name in a b; do
	make_volume tank/$name 16M
done

say 'an entry that was being taken away'
both "initiator=$me;$other"
sis share -a
both "initiator=$me"
rm $tpg/acls/$other/lun_1/lun
sees $other
sis sync
[ ! -e $tpg/acls/$other ]
in_sync 'one less'

say 'an entry with a LUN under a second number'
both "initiator=$me=ro"
sis sync
only_reads $me 0
mkdir $tpg/acls/$me/lun_5
ln -s $tpg/lun/lun_0 $tpg/acls/$me/lun_5/lun
sis sync
[ ! -e $tpg/acls/$me/lun_5 ]
in_sync 'a second number'

say 'an entry whose LUNs are exchanged'
rm $tpg/acls/$me/lun_[01]/lun
ln -s $tpg/lun/lun_0 $tpg/acls/$me/lun_1/lun
ln -s $tpg/lun/lun_1 $tpg/acls/$me/lun_0/lun
sis sync
expect_eq "$(basename "$(readlink $tpg/acls/$me/lun_0/lun)")" lun_0
expect_eq "$(basename "$(readlink $tpg/acls/$me/lun_1/lun)")" lun_1
only_reads $me 0
only_reads $me 1
in_sync 'exchanged'

say 'an entry that was being protected'
both "initiator=$me"
sis sync
writes $me 1
both "initiator=$me=ro"
echo 1 >$tpg/acls/$me/lun_0/write_protect
sis sync
only_reads $me 0
only_reads $me 1
in_sync '=ro'

say 'a LUN that stays as it is, which this initiator may only read'
prop a nonsense=1
prop b "lun=1,initiator=$me=ro,iomode=ro"
exit_is 1 sync
rm $tpg/acls/$me/lun_1/lun
exit_is 1 sync
[ -e $tpg/acls/$me/lun_1/lun ]
only_reads $me 0
rm $tpg/acls/$me/lun_0/lun
exit_is 1 sync
[ -e $tpg/acls/$me/lun_0/lun ]
only_reads $me 0

say 'a LUN that stays as it is, which nobody may write to'
both ''
prop a lun=0,type=fileio,iomode=ro
prop b lun=1,type=fileio,iomode=ro
sis sync
only_reads $other 0
prop a nonsense=1
prop b lun=1,type=fileio
exit_is 1 sync
grep 'has read-only LUNs and others' /tmp/out
only_reads $other 0
only_reads $other 1
prop b lun=1,type=fileio,iomode=ro
exit_is 1 sync

say 'a LUN whose number another one wants stays protected'
make_volume tank/c 16M
prop b lun=0,type=fileio
prop c lun=1,type=fileio
exit_is 1 sync
only_reads $other 0
only_reads $other 1
expect_eq "$(cat $tpg/attrib/demo_mode_write_protect)" 1
command -p zfs set org.zfsonlinux:shareiscsi=off tank/c

say 'no LUN can be written while it is still being protected'
sis unshare -a
both "initiator=$me=ro"
sis share -a
expect_eq "$(cat $tpg/attrib/prod_mode_write_protect)" 1
mkdir $tpg/acls/$me/lun_7
ln -s $tpg/lun/lun_0 $tpg/acls/$me/lun_7/lun
only_reads $me 7
sis sync
in_sync 'protected'

say 'authentication, which keeps out who was in while it was open'
both ''
sis sync
for name in one two three; do
	sees $org:$name
done
both "initiator=$me"
sis sync
! sees $org:one || fail 'closed'
echo 0 >$tpg/attrib/authentication
sees $org:two || fail 'the kernel forgets by itself who was in: what is this for?'
sis sync
! sees $org:three || fail 'still open for who was in before'
sees $me
in_sync 'authentication'

say 'an initiator with two sessions is no stranger'
hold $me
hold $me
expect_eq "$(cat /sys/kernel/config/target/iscsi/$iqn/fabric_statistics/iscsi_instance/sessions)" 2 sessions
sis sync
sis sync -f
both "initiator=$me;$other"
sis sync
both "initiator=$other"
exit_is 4 sync
sis sync -f
in_sync 'shut out'
! sees $me || fail 'shut out'
release

say 'CHAP that somebody asks for without credentials does not keep it from going'
hold $other
echo 1 >$tpg/acls/$other/attrib/authentication
exit_is 4 unshare -a
sis unshare -f -a
[ ! -e /sys/kernel/config/target/iscsi/$iqn ]

say 'one initiator is logged off, and every entry stays what it was'
sis unshare -a
both "initiator=$me;$other=ro"
sis share -a
hold $me
hold $other
prop a nonsense=1
chap=$(cat $tpg/acls/$other/attrib/authentication)
for lun in 0 1; do
	rm $tpg/acls/$other/lun_$lun/lun
	rmdir $tpg/acls/$other/lun_$lun
done
command -p zfs set org.zfsonlinux:shareiscsi=off tank/b
exit_is 4 unshare tank/b
expect_eq "$(cat /sys/kernel/config/target/iscsi/$iqn/fabric_statistics/iscsi_instance/sessions)" 2 sessions
exit_is 0 unshare -f tank/b
cat /tmp/out
expect_eq "$(cat $tpg/acls/$me/cmdsn_depth)" 64
expect_eq "$(cat $tpg/acls/$other/attrib/authentication)" "$chap"
[ ! -e $tpg/acls/$other/lun_0/lun ] || fail 'more than it had'
! writes $other 0 || fail "$other may write"
writes $me 0
release

say 'opened on one address only, which is not to be had: it stays closed'
sis unshare -a
both "initiator=$me"
make_volume tank/d 16M
command -p zfs set org.zfsonlinux:shareiscsi=on tank/d
sis share -a
both portal=127.0.0.1
rm $tpg/acls/$me/lun_1/lun
exit_is 1 sync
grep 'set access\|add target' /tmp/out
expect_eq "$(cat $tpg/attrib/generate_node_acls)" 0
sees $me
! sees $other || fail 'open'
command -p zfs set org.zfsonlinux:shareiscsi=off tank/d
sis sync
sees $other
in_sync 'opened'
