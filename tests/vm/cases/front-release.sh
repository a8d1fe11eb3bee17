# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: With a session, destroy, export and the like are refused before anything is lost; after logout they are done.
# limit: 900

PATH=$BUILD:$PATH
echo iqn.2010-09.org.zfsonlinux >/etc/iscsi_target_id
iqn=iqn.2010-09.org.zfsonlinux:tank.d.vol
start_tgtd
make_pool tank
zfs create tank/d
zfs create -s -V 64M -o shareiscsi=on tank/d/vol
zfs create -s -V 64M tank/d/other
zfs snapshot tank/d/vol@s tank/d/other@s

targets() {
	tgtadm --lld iscsi --op show --mode target | sed -n 's/^Target [0-9]*: //p' | sort | xargs
}

# refused VERB COMMAND...
refused() {
	local status=0
	"${@:2}" 2>/tmp/err || status=$?
	cat /tmp/err
	expect_eq "$status" 1 "${*:2}"
	grep -q "^cannot $1 'tank/d/vol': .*logged in" /tmp/err || fail "${*:2} does not say why"
}

disk=$(iscsi_login $iqn 1)
same_data "$disk" /dev/zvol/tank/d/vol

say 'with a session'
refused 'set property for' zfs set shareiscsi=off tank/d/vol
refused 'set property for' zfs set shareiscsi=lun=7 tank/d/vol
refused 'inherit shareiscsi for' zfs inherit shareiscsi tank/d/vol
refused 'set property for' zfs set volmode=none tank/d/vol
refused unshare zfs unshare tank/d/vol
refused unshare zfs unshare -a
refused destroy zfs destroy -r tank/d/vol
refused destroy zfs destroy -r tank/d
refused rename zfs rename tank/d/vol tank/d/new
refused rename zfs rename tank/d tank/e
refused rollback zfs rollback tank/d/vol@s
refused export zpool export tank
refused export zpool export -a
refused destroy zpool destroy tank
expect_eq "$(zfs list -H -o name -t all -r tank | xargs)" \
	'tank tank/d tank/d/other tank/d/other@s tank/d/vol tank/d/vol@s' 'all is still there'
expect_eq "$(zfs get -H -o value,source shareiscsi tank/d/vol)" $'on\tlocal'
dd if="$disk" of=/dev/null bs=1M count=1 iflag=direct status=none

say 'what does not end it is done'
zfs set volsize=128M tank/d/vol
iscsiadm -m node -T $iqn -R >/dev/null
wait_for 30 eval "[ \$(blockdev --getsize64 $disk) -eq $((128 << 20)) ]"
zfs set shareiscsi=on tank/d
zfs inherit shareiscsi tank/d/vol
zfs destroy tank/d/other@s
iscsi_logout $iqn

say 'without one'
zfs rename tank/d/vol tank/d/new
targets | grep -qw "$iqn" || fail "rename does not keep the name: $(targets)"
wait_for 30 test -b /dev/zvol/tank/d/new
tgtadm --lld iscsi --op show --mode target | grep -q 'Backing store path: /dev/zvol/tank/d/new'
zfs rename tank/d tank/e
targets | grep -qw "$iqn" || fail "rename of a parent does not keep the name: $(targets)"
zfs rollback tank/e/new@s
targets | grep -qw "$iqn" || fail "rollback does not share again: $(targets)"
before=$(targets)
zpool export tank
expect_eq "$(targets)" '' 'targets after export'
zpool import -d /tmp tank home
expect_eq "$(targets)" "$before" 'targets after import under another name'
status=0
zfs destroy home/e/new 2>/tmp/err || status=$?
expect_eq "$status" 1 'destroy of a volume with snapshots'
targets | grep -qw "$iqn" || fail "a destroy that failed took the share: $(targets)"
zfs destroy -r home/e/new
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:tank.d.other
zfs set volmode=none home/e/other
expect_eq "$(targets)" ''
zfs inherit volmode home/e/other
expect_eq "$(targets)" iqn.2010-09.org.zfsonlinux:tank.d.other

say '-f of the command ends sessions'
disk=$(iscsi_login iqn.2010-09.org.zfsonlinux:tank.d.other 1)
zfs destroy -rf home/e
expect_eq "$(targets)" ''
expect_eq "$(zfs list -H -o name | xargs)" home

say 'keys'
echo 'a long enough phrase' >/tmp/key
zfs create -s -V 64M -o encryption=on -o keyformat=passphrase -o keylocation=file:///tmp/key -o shareiscsi=on home/secret
targets | grep -q home.secret
zfs unload-key home/secret
expect_eq "$(targets)" ''
zfs load-key home/secret
targets | grep -q home.secret
zfs unload-key -a
expect_eq "$(targets)" ''
zfs share -l home/secret
targets | grep -q home.secret
zpool destroy home
expect_eq "$(targets)" ''
