# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Commands that are not about sharing print and end the same with and without the front end.
# limit: 600

echo iqn.2010-09.org.zfsonlinux >/etc/iscsi_target_id
start_tgtd
make_pool tank
"$BUILD/zfs" create -s -V 64M -o shareiscsi=on tank/shared

# run FILE PROGRAM ARGUMENT...: output, errors and exit status into the file.
run() {
	local file=$1 status=0
	shift
	"$@" >"$file" 2>"$file.err" </dev/null || status=$?
	{ echo "-- status $status, stderr:"; cat "$file.err"; } >>"$file"
}

# same PROGRAM ARGUMENT...: first without the front end, then with it. What changes something is
# such that it can be done twice.
count=0
same() {
	run /tmp/without "/usr/sbin/$1" "${@:2}"
	run /tmp/with "$BUILD/$1" "${@:2}"
	cmp -s /tmp/without /tmp/with || {
		diff /tmp/without /tmp/with || true
		fail "$* differs"
	}
	count=$((count + 1))
}

zfs create tank/fs
zfs create -s -V 32M tank/vol
zfs snapshot tank/fs@a tank/vol@a

same zfs
same zfs version
same zfs nonsense
same zfs -?
same zfs list
same zfs list -t all -r tank
same zfs list -Hp -o name,used,volsize -S used
same zfs list tank/nope
same zfs list -o nonsense
same zfs get compression,type tank/vol
same zfs get -Hp used,guid tank/vol tank/fs
same zfs get
same zfs get nonsense tank
same zfs get -s local all tank/fs@a
same zfs set
same zfs set compression=lz4 tank/fs
same zfs set compression=nonsense tank/fs tank/vol
same zfs set nonsense=1 tank/fs
same zfs set org.example:a=1 org.example:b=2 tank/fs tank/vol
same zfs set volsize=48M tank/vol
same zfs set volsize=33 tank/vol
same zfs set readonly=on tank/vol
same zfs set a:b=1
same zfs org.example:a=2 tank/fs
same zfs inherit compression tank/fs
same zfs inherit nonsense tank/fs
same zfs inherit readonly tank/vol
same zfs create
same zfs create tank/fs
same zfs create -V 32M tank/fs
same zfs create -V nonsense tank/x
same zfs create -s tank/x
same zfs create -nvP -V 32M -o compression=on tank/x
same zfs create -p tank/fs
same zfs clone tank/fs@a
same zfs clone tank/nope@a tank/x
same zfs destroy
same zfs destroy tank/nope
same zfs destroy tank/fs
same zfs destroy tank
same zfs destroy -nvp -r tank/fs
same zfs destroy tank/fs@nope
same zfs destroy -x tank/fs
same zfs rename tank/fs
same zfs rename tank/nope tank/x
same zfs rename tank/fs tank/vol
same zfs rollback tank/vol
same zfs rollback tank/vol@a
same zfs rollback tank/fs@a
same zfs rollback tank/vol@nope
same zfs snapshot tank/fs@a
same zfs holds tank/fs@a
same zfs share
same zfs share tank
same zfs share tank/nope
same zfs share tank/fs@a
same zfs share -a nfs
same zfs share -a ftp
same zfs share tank tank/fs
same zfs unshare
same zfs unshare /tank
same zfs unshare tank/fs
same zfs unshare -a smb
same zfs load-key tank/fs
same zfs load-key -a
same zfs unload-key tank/fs
same zfs unload-key
same zfs mount
same zfs allow tank
same zfs userspace tank/fs
same zfs send -nvP tank/vol@a
same zfs send tank/vol@a
same zpool
same zpool list
same zpool status
same zpool get size,health tank
same zpool import
same zpool import nope
same zpool export
same zpool export nope
same zpool destroy
same zpool destroy nope
same zpool create
same zpool history nope

say "$count commands alike"
expect_eq "$(tgtadm --lld iscsi --op show --mode target | grep -c ^Target)" 1 'targets, through all this'

say 'what it costs to hand a command over'
time for _ in 1 2 3 4 5 6 7 8 9 10; do /usr/sbin/zfs get -H type tank >/dev/null; done
time for _ in 1 2 3 4 5 6 7 8 9 10; do "$BUILD/zfs" get -H type tank >/dev/null; done
