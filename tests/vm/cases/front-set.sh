# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The front end sets, shows, inherits, lists, creates and clones with shareiscsi on a real pool.
# limit: 600

PATH=$BUILD:$PATH
echo iqn.2010-09.org.zfsonlinux >/etc/iscsi_target_id
start_tgtd
make_pool mypool

targets() {
	tgtadm --lld iscsi --op show --mode target | sed -n 's/^Target [0-9]*: //p' | sort | xargs
}

# refused WHAT COMMAND...: exit status 1 and one line on stderr with this in it.
refused() {
	local status=0
	"${@:2}" 2>/tmp/err || status=$?
	expect_eq "$status" 1 "$*"
	expect_eq "$(wc -l </tmp/err)" 1 "lines of $(cat /tmp/err)"
	grep -qF -- "$1" /tmp/err || fail "'$(cat /tmp/err)' says nothing of '$1'"
}

get() {
	zfs get -H -o value,source shareiscsi "$@" | tr '\t' ' '
}

say 'the lines of the README'
zfs create -s -V10G mypool/test
zfs set shareiscsi=on mypool/test
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:mypool.test
expect_eq "$(get mypool/test)" 'on local'
zfs unshare mypool/test
expect_eq "$(targets)" ''
zfs share mypool/test
zfs share mypool/test
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:mypool.test
zfs unshare -a
expect_eq "$(targets)" ''
zfs share -a
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:mypool.test
zfs set shareiscsi=off mypool/test
expect_eq "$(targets)" ''
refused "cannot share 'mypool/test': property shareiscsi is off" zfs share mypool/test
expect_eq "$(get mypool)" 'off default'

say 'what is no value is refused and not stored'
for value in ON oN Off 0ff disK tape abc '??' type=abc type=DISk TYPE=disk type=on type=off type=123 '' lun=1,lun=2; do
	refused "cannot set property for 'mypool/test': 'shareiscsi'" zfs set "shareiscsi=$value" mypool/test
	refused "cannot create 'mypool/no': 'shareiscsi'" zfs create -s -V 64M -o "shareiscsi=$value" mypool/no
done
expect_eq "$(get mypool/test)" 'off local'
zfs snapshot mypool/test@s
refused 'does not apply to datasets of this type' zfs set shareiscsi=on mypool/test@s

say 'all forms of set'
zfs shareiscsi=on mypool/test
expect_eq "$(get mypool/test)" 'on local'
zfs create -s -V 64M mypool/b
zfs set org.example:a=1 shareiscsi=lun=3 compression=lz4 mypool/b mypool/test
expect_eq "$(get mypool/test mypool/b)" $'lun=3 local\nlun=3 local'
expect_eq "$(zfs get -H -o value org.example:a mypool/b)" 1
expect_eq "$(targets)" 'iqn.2010-09.org.zfsonlinux:mypool.b iqn.2010-09.org.zfsonlinux:mypool.test'

say 'inheritance, with volumes made later, cloned, and destroyed'
zfs inherit shareiscsi mypool/b mypool/test
expect_eq "$(targets)" ''
zfs create -o shareiscsi=on mypool/fs
zfs create -s -V 64M mypool/fs/v1
expect_eq "$(get mypool/fs/v1)" 'on inherited from mypool/fs'
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:mypool.fs.v1
zfs snapshot mypool/fs/v1@s
zfs clone mypool/fs/v1@s mypool/fs/v2
zfs clone -o shareiscsi=off mypool/fs/v1@s mypool/fs/v3
zfs clone -o shareiscsi=on mypool/fs/v1@s mypool/v4
expect_eq "$(targets)" 'iqn.2010-09.org.zfsonlinux:mypool.fs.v1 iqn.2010-09.org.zfsonlinux:mypool.fs.v2 iqn.2010-09.org.zfsonlinux:mypool.v4'
zfs inherit -r shareiscsi mypool/fs
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:mypool.v4
for prop in iscsioptions stmf_sbd_lu; do
	refused 'crashes the kernel' zfs inherit $prop mypool/v4
done

say 'get as for a property of its own'
zfs set shareiscsi=on mypool/fs
zfs get shareiscsi mypool/test | tee /tmp/out
cmp /tmp/out - <<-'END'
	NAME         PROPERTY    VALUE       SOURCE
	mypool/test  shareiscsi  off         default
END
zfs get -r shareiscsi mypool | tee /tmp/out
cmp /tmp/out - <<-'END'
	NAME            PROPERTY    VALUE       SOURCE
	mypool          shareiscsi  off         default
	mypool/b        shareiscsi  off         default
	mypool/fs       shareiscsi  on          local
	mypool/fs/v1    shareiscsi  on          inherited from mypool/fs
	mypool/fs/v1@s  shareiscsi  on          inherited from mypool/fs
	mypool/fs/v2    shareiscsi  on          inherited from mypool/fs
	mypool/fs/v3    shareiscsi  on          inherited from mypool/fs
	mypool/test     shareiscsi  off         default
	mypool/test@s   shareiscsi  -           -
	mypool/v4       shareiscsi  on          local
END
zfs get compression,shareiscsi,type mypool/fs mypool/v4 | tee /tmp/out
expect_eq "$(grep -v shareiscsi /tmp/out)" "$(zfs get compression,type mypool/fs mypool/v4)" 'widths of its own'
zfs get -H -o name,value -t volume -s local,inherited -r shareiscsi mypool | tee /tmp/out
expect_eq "$(cat /tmp/out)" $'mypool/fs/v1\ton\nmypool/fs/v2\ton\nmypool/fs/v3\ton\nmypool/v4\ton'
zfs get all mypool/test | grep -A1 -B1 '  shareiscsi '
expect_eq "$(zfs get all mypool/test | wc -l)" $(($(/usr/sbin/zfs get all mypool/test | wc -l) + 1)) 'rows of all'
expect_eq "$(zfs get -H all mypool/v4 | grep -c shareiscsi)" 2 'the property and its identity'
expect_eq "$(zfs get -Hpo all shareiscsi mypool/v4)" $'mypool/v4\tshareiscsi\ton\t-\tlocal'
status=0
zfs get shareiscsi mypool/nope mypool/b >/tmp/out 2>/tmp/err || status=$?
expect_eq "$status $(cat /tmp/err) $(tail -n 1 /tmp/out | xargs)" \
	"1 cannot open 'mypool/nope': dataset does not exist mypool/b shareiscsi off default"

say 'list'
zfs list -o name,shareiscsi,volsize -r mypool/fs | tee /tmp/out
cmp /tmp/out - <<-'END'
	NAME          SHAREISCSI  VOLSIZE
	mypool/fs     on                -
	mypool/fs/v1  on              64M
	mypool/fs/v2  on              64M
	mypool/fs/v3  on              64M
END
expect_eq "$(zfs list -H -o shareiscsi,name -S shareiscsi -t volume | head -n 1)" $'on\tmypool/fs/v1'

say 'a value cannot pretend to be a row'
zfs set "org.example:evil=x"$'\t'"local"$'\n'"mypool/b"$'\t'"org.zfsonlinux:shareiscsi"$'\t'"on" mypool/test
expect_eq "$(zfs get -H -o value shareiscsi,org.example:evil,shareiscsi mypool/test | grep -c '^off$')" 2
expect_eq "$(zfs get -Hr -o name,value shareiscsi,org.example:evil mypool/b)" $'mypool/b\toff\nmypool/b\t-'

say 'a new size and readonly reach the target, other properties do not disturb it'
zfs set volsize=128M mypool/v4
tgtadm --lld iscsi --op show --mode target | grep 'Size: 134 MB'
zfs set readonly=on mypool/v4
tgtadm --lld iscsi --op show --mode target | grep 'Readonly: Yes'

say 'when no target runs the property is set all the same'
status=0
SHAREISCSI_BACKEND=iet zfs set shareiscsi=on mypool/test 2>/tmp/err || status=$?
cat /tmp/err
expect_eq "$status" 1
expect_eq "$(tail -n 1 /tmp/err)" 'property may be set but unable to share volume'
expect_eq "$(get mypool/test)" 'on local'
zfs share -a
targets | grep -q mypool.test
