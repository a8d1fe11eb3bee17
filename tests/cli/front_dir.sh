#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# zfs and zpool over the dir store: the README's lines, what is refused, and output as zfs's own.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/front.sh
. "$(dirname "$0")/front.sh"
new_world
start_tgtd
new_front
mkdir "$world/pool/mypool"
iqn=$prefix:mypool.test

# ---- the lines ----

z zfs create -s -V10G mypool/test
expect_quiet 0 "create"
z zfs get shareiscsi mypool/test
expect_table "get before" <<'END'
NAME         PROPERTY    VALUE       SOURCE
mypool/test  shareiscsi  off         default
END
z zfs set shareiscsi=on mypool/test
expect_quiet 0 "set shareiscsi=on"
is "set shares" "$iqn" "$(targets)"
is "with the commands, the one that opens the target last" "new new update bind" \
	"$(calls | sed 's/.*--op \([a-z]*\) .*/\1/' | xargs)"
z zfs get shareiscsi mypool/test
expect_table "get after" <<'END'
NAME         PROPERTY    VALUE       SOURCE
mypool/test  shareiscsi  on          local
END
said=$("$world/bin/zfs" get shareiscsi mypool/test 2>&1 >/dev/full)
is "what cannot be written is a failure" "1 zfs: cannot write to standard output" "$? $said"
z zfs share mypool/test
expect_quiet 0 "share of what is shared"
is "share of what is shared does nothing" "" "$(calls)"
z zfs unshare mypool/test
expect_quiet 0 "unshare"
is "unshare takes it away" "" "$(targets)"
z zfs get -H -o value shareiscsi mypool/test
is "unshare leaves the property" on "$out"
z zfs share mypool/test
expect_quiet 0 "share"
is "share shares" "$iqn" "$(targets)"
for kind in "" iscsi; do
	z zfs unshare -a $kind
	expect_quiet 0 "unshare -a $kind"
	is "unshare -a $kind takes it away" "" "$(targets)"
	z zfs share -a $kind
	expect_quiet 0 "share -a $kind"
	is "share -a $kind shares" "$iqn" "$(targets)"
done
z zfs set shareiscsi=off mypool/test
expect_quiet 0 "set shareiscsi=off"
is "set shareiscsi=off takes it away" "" "$(targets)"
z zfs share mypool/test
expect_refused 1 "cannot share 'mypool/test': property shareiscsi is off; use 'zfs set shareiscsi=on mypool/test'" \
	"share of what is off"
z zfs shareiscsi=on mypool/test
expect_quiet 0 "set without the word"
is "set without the word shares" "$iqn" "$(targets)"

# ---- values that are none ----

for value in ON oN Off 0ff disK tape abc '??' type=abc type=DISk TYPE=disk type=on type=off type=123 \
	nokey=1 lun=1,lun=2 '' lun= 'on,' 'on,off' $'on\n'; do
	z zfs set "shareiscsi=$value" mypool/test
	expect_refused 1 "cannot set property for 'mypool/test': 'shareiscsi' cannot be set" "set ${value@Q}"
	z zfs create -s -V 10M -o "shareiscsi=$value" mypool/no
	expect_refused 1 "cannot create 'mypool/no': 'shareiscsi' cannot be set" "create with ${value@Q}"
done
z zfs set org.example:a=1 shareiscsi=abc mypool/test
expect_status 1 "a bad value with a good one"
z zfs get -H -o value org.example:a,shareiscsi mypool/test
is "neither is stored" $'-\non' "$out"
is "the share stays" "$iqn" "$(targets)"
[ ! -e "$world/pool/mypool/no" ]
verdict $? "nothing is created"
z zfs set shareiscsi=type=blockio mypool/test
expect_refused 1 "cannot set property for 'mypool/test': STGT" "what the target cannot do"
z zfs set shareiscsi=on mypool/test@snap
expect_refused 1 "'shareiscsi' does not apply to datasets of this type" "a snapshot"
z zfs set shareiscsi=on mypool/nope
expect_refused 1 "cannot open 'mypool/nope': dataset does not exist" "no such dataset"
configure '[policy]' 'allow = mypool/fs' 'options = lun'
z zfs set shareiscsi=on mypool/test
expect_refused 1 "cannot set property for 'mypool/test': 'allow' in" "what policy forbids"
z zfs create -o shareiscsi=name=iqn.2010-09.org.zfsonlinux:x mypool/fs
expect_refused 1 "cannot create 'mypool/fs': 'options' in" "an option that policy forbids"
configure

# ---- several ----

z zfs create -s -V 10M -b 4K mypool/b
z zfs set org.example:a=1 shareiscsi=lun=3 mypool/b mypool/test
expect_quiet 0 "set of several properties and datasets"
z zfs get -H -o name,property,value,source org.example:a,shareiscsi mypool/b mypool/test
is "all are stored" "mypool/b	org.example:a	1	local
mypool/b	shareiscsi	lun=3	local
mypool/test	org.example:a	1	local
mypool/test	shareiscsi	lun=3	local" "$out"
is "all are shared" "$prefix:mypool.b $iqn" "$(targets)"
z zfs set shareiscsi=on org.zfsonlinux:shareiscsi=off mypool/b
expect_status 1 "the property under both names"
z zfs set shareiscsi=off mypool/nope mypool/b
expect_status 1 "one of two datasets missing"
is "the other is done" "$iqn" "$(targets)"

# ---- inheritance ----

z zfs inherit shareiscsi mypool/test mypool/b
expect_quiet 0 "inherit"
is "inherit of nothing takes the share away" "" "$(targets)"
z zfs create -o shareiscsi=on mypool/fs
expect_quiet 0 "create of a folder that shares"
z zfs create -s -V 10M mypool/fs/v1
expect_quiet 0 "create below it"
is "a volume created below is shared" "$prefix:mypool.fs.v1" "$(targets)"
z zfs set shareiscsi=off mypool/fs/v1
z zfs inherit -r shareiscsi mypool/fs
is "inherit -r" "off default off default" "$(q zfs get -rH -o value,source shareiscsi mypool/fs)"
is "inherit -r takes shares away" "" "$(targets)"
z zfs set shareiscsi=on mypool

# ---- tables ----

z zfs get -r shareiscsi,volsize mypool
expect_table "get -r of several" <<'END'
NAME          PROPERTY    VALUE       SOURCE
mypool        shareiscsi  on          local
mypool        volsize     -           -
mypool/b      shareiscsi  on          inherited from mypool
mypool/b      volsize     10M         local
mypool/fs     shareiscsi  on          inherited from mypool
mypool/fs     volsize     -           -
mypool/fs/v1  shareiscsi  on          inherited from mypool
mypool/fs/v1  volsize     10M         local
mypool/test   shareiscsi  on          inherited from mypool
mypool/test   volsize     10G         local
END
z zfs get -o source,value,name shareiscsi mypool mypool/b
expect_table "get with columns in another order" <<'END'
SOURCE                  VALUE       NAME
local                   on          mypool
inherited from mypool   on          mypool/b
END
z zfs get -Hp -d1 -t volume -s inherited -o name,value shareiscsi mypool
is "get -Hp -d -t -s" $'mypool/b\ton\nmypool/test\ton' "$out"
z zfs get -H shareiscsi mypool/b -o value
is "options behind operands" on "$out"
z zfs get -H -o property all mypool/b
is "all" "type used available referenced volsize volblocksize readonly guid shareiscsi org.example:a org.zfsonlinux:shareiscsi:identity" \
	"$(xargs <<<"$out")"
z zfs get -H -o value all mypool/test
[ "$status" -eq 0 ]
verdict $? "all of a volume"
z zfs list -o name,shareiscsi,volsize
expect_table "list" <<'END'
NAME          SHAREISCSI  VOLSIZE
mypool        on                -
mypool/b      on              10M
mypool/fs     on                -
mypool/fs/v1  on              10M
mypool/test   on              10G
tank          off               -
END
z zfs list -t volume -o name,shareiscsi -S volsize
expect_table "list with the column at the end" <<'END'
NAME          SHAREISCSI
mypool/test   on
mypool/b      on
mypool/fs/v1  on
END
z zfs set shareiscsi=lun=5 mypool/fs/v1
z zfs list -tvolume -roname,shareiscsi mypool/b
expect_table "list with attached arguments" <<'END'
NAME      SHAREISCSI
mypool/b  on
END
z zfs list -Ho shareiscsi,name -s shareiscsi -r mypool
is "list -H sorted by it" $'lun=5\tmypool/fs/v1\non\tmypool\non\tmypool/b\non\tmypool/fs\non\tmypool/test' "$out"
evil=$'x\tlocal\nmypool/b\torg.zfsonlinux:shareiscsi\toff'
z zfs set "org.example:evil=$evil" mypool/b
z zfs get -H -o value org.example:evil,shareiscsi mypool/b
is "a value cannot pretend to be a row" "$evil"$'\non' "$out"
z zfs get -H -o value shareiscsi mypool/nope mypool/b
is "get says what is missing and shows the rest" "1 on cannot open 'mypool/nope': dataset does not exist" "$status $out $err"

# ---- other commands ----

z zfs share -a
calls >/dev/null
z zfs rename mypool/test mypool/new
expect_quiet 0 "rename"
is "rename keeps the name of the target" "$iqn" "$(targets | grep -o "$iqn")"
is "and tells it the new path" "$world/pool/mypool/new" "$(live | sed -n 's/.*Backing store path: //p' | grep new)"
z zfs set volsize=11G mypool/new
expect_quiet 0 "set volsize"
is "a new size is one update" "update" "$(calls | sed 's/.*--op \([a-z]*\) .*/\1/' | tail -n 1)"
z zfs destroy mypool/fs
expect_status 1 "destroy with children"
is "and says which" $'use \'-r\' to destroy the following datasets:\nmypool/fs/v1' "$(sed 1d <<<"$err")"
is "what is not destroyed stays shared" "$prefix:mypool.fs.v1" "$(targets | grep -o "$prefix:mypool.fs.v1")"
z zfs destroy -r mypool/fs
expect_quiet 0 "destroy -r"
is "destroy takes the share along" "$prefix:mypool.b $iqn" "$(targets)"
z zfs set shareiscsi=off mypool/new org.example:a=1
expect_refused 2 "invalid argument order" "properties behind datasets"

# ---- usage ----

z zfs
expect_status 2 "no command"
z zfs --help
expect_quiet 0 "--help"
expect_out "create [-Pnpsuv]" "tells the commands"
z zfs version
expect_quiet 0 "version"
expect_out "shareiscsi" "tells whose it is"
z zfs snapshot mypool/b@x
expect_refused 2 "unrecognized command 'snapshot'" "a command that the store has not"
z zfs get
expect_refused 2 "missing property argument" "get without property"
z zfs set shareiscsi=on
expect_refused 2 "missing dataset name(s)" "set without dataset"
z zfs create -s mypool/x
expect_refused 2 "'-s' and '-b' can only be used when creating a volume" "-s without -V"
z zfs get nope mypool
expect_refused 2 "bad property list: invalid property 'nope'" "an unknown property"
z zfs inherit nope mypool
expect_refused 2 "invalid property 'nope'" "inherit of an unknown property"
z zfs destroy -x mypool
expect_refused 2 "invalid option 'x'" "an unknown option"
z zfs share
expect_refused 2 "missing filesystem argument (specify -a for all)" "share without operand"
z zfs share -a ftp
expect_refused 2 "share type must be" "an unknown kind of share"
z zfs share mypool
expect_refused 1 "cannot share 'mypool': " "share of a folder"
z zfs share mypool/nope
expect_refused 1 "cannot open 'mypool/nope': dataset does not exist" "share of nothing"
z zpool list
expect_refused 1 "zpool: " "zpool over folders"

# ---- without a record ----

z zfs create -s -V 10M -o shareiscsi=on tank/forgotten
rm -r "$root/run/shareiscsi"
z zfs set shareiscsi=off tank/forgotten
expect_quiet 0 "off, of a share without a record"
is "ends it all the same" "" "$(targets | tr ' ' '\n' | grep forgotten)"

# ---- without a target ----

stop_tgtd
z zfs create -s -V 10M tank/quiet
expect_quiet 0 "create without a target, when nothing is to be shared"
z zfs set shareiscsi=on tank/quiet
expect_status 1 "set without a target"
is "set says why, and what is the case" "property may be set but unable to share volume" "$(tail -n 1 <<<"$err")"
is "in two lines" 2 "$(wc -l <<<"$err")"
is "the property is set" "on local" "$(q zfs get -H -o value,source shareiscsi tank/quiet)"
z zfs create -s -V 10M mypool/later
is "create below a folder that shares" "1 volume successfully created, but not shared" "$status $(tail -n 1 <<<"$err")"
z zfs rename mypool/later mypool/late
expect_quiet 0 "rename does not care"
z zfs destroy mypool/late
expect_quiet 0 "destroy neither"
z zfs unshare -a
expect_quiet 0 "unshare -a neither"
z zfs set -u shareiscsi=off mypool
expect_quiet 0 "set -u only stores"
z zfs set shareiscsi=off tank/quiet mypool/b mypool/new
expect_quiet 0 "off needs no target"
done_testing
