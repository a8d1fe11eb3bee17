#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The administrator's script: when it is run, with what, and that nobody waits for it; and the
# examples, each on its target: tgtd, and the simulated IET and SCST.
#
# From the environment, besides those of lib.sh: IET_SIM_CTL, SCST_SIM and SCST_SIM_CTL, programs.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
examples=$(realpath "$here/../../examples")
new_world
start_tgtd
hook=$root/sbin/zfs_share_iscsi.sh
# It is started beside the share: what it leaves appears at once, or not yet.
told=$world/told

write_hook() {	# LINE...
	rm -f "$hook" "$told"
	printf '%s\n' '#!/bin/sh' "$@" >"$hook"
	chmod 755 "$hook"
}

share_again() {
	sis unshare tank/v
	sis share tank/v
}

# A second hook tells that the first one, had it been run, would have been done.
not_run() {	# WHAT
	[ ! -e "$told" ]
	verdict $? "$1"
}

volume tank/v 10M on
volume 'tank/a b' 10M on,lun=3

# ---- what it gets ----

write_hook "{ echo \"\$# \$*\"; env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= | sort; ls /proc/self/fd | paste -sd' '; readlink /proc/self/fd/0 /proc/self/fd/1; ps -o sid= -p \$\$ | tr -d ' ' | sed \"s/^\$\$\\\$/own session/\"; } >$told.new" \
	"mv $told.new $told" 'echo said on stdout; echo said on stderr >&2; exit 7'
adm --lld iscsi --op new --mode target --tid 1 -T iqn.2001-04.com.example:other
SECRET=word sis share 'tank/a b'
expect_quiet 0 "share with a hook that talks and fails"
is "nothing of it is seen" "" "$out"
wait_until test -e "$told"
is "it gets the TID, what was shared, and nothing else" "1 2
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
SHAREISCSI_BACKEND=stgt
SHAREISCSI_DATASET=tank/a b
SHAREISCSI_IQN=$prefix:tank.a-b
SHAREISCSI_LUN=3" "$(head -n 7 "$told")"
is "no descriptors but 0 to 2, the one that ls has its folder by, and its output" "0 1 2 3" "$(sed -n 8p "$told")"
is "stdin is /dev/null" /dev/null "$(sed -n 9p "$told")"
is "it is a session of its own" "own session" "$(tail -n 1 "$told")"

# ---- when it is run ----

write_hook "echo x >>$told"
sis share tank/v
wait_until test -e "$told"
rm -f "$told"
sis share tank/v
sis sync
sis unshare -n tank/v
sis unshare tank/v
sis plan
sis share -n tank/v
not_run "not for what is shared already, nor when a share ends, nor in a dry run"
sis share -a
wait_until test -e "$told"
is "once for each share" x "$(cat "$told")"

# ---- nobody waits ----

write_hook "echo \$\$ >$told" 'exec sleep 1000'
start=$SECONDS
share_again
expect_quiet 0 "share with a hook that does not end"
[ $((SECONDS - start)) -lt 60 ]
verdict $? "does not wait for it"
wait_until test -s "$told"
slow=$(cat "$told")
sis sync
expect_quiet 0 "nor does the next run, for the lock"
kill -0 "$slow"
verdict $? "and it still runs"
kill "$slow"

# ---- whose it is ----

for mode in 775 757 777 722; do
	write_hook "echo x >>$told"
	chmod $mode "$hook"
	share_again
	expect_error 0 "warning: '$hook' is not run: it must belong to root" "mode $mode is warned of"
	not_run "and not run"
done
write_hook "echo x >>$told"
chown 65534 "$hook"
share_again
expect_error 0 "warning: '$hook' is not run: it must belong to root" "somebody else's is warned of"
not_run "and not run"
write_hook "echo x >>$told"
chmod 644 "$hook"
share_again
expect_quiet 0 "one that is not executable is just not there"
not_run "and not run"
rm "$hook"
mkdir "$hook"
share_again
expect_quiet 0 "nor is a folder"
rmdir "$hook"
write_hook "echo x >>$told"
mv "$hook" "$world/linked"
ln -s "$world/linked" "$hook"
share_again
expect_quiet 0 "a link to a good one"
wait_until test -e "$told"
verdict $? "is run"
rm "$told"
chmod 777 "$world/linked"
share_again
expect_error 0 "warning: '$hook' is not run" "a link to one that others can write is warned of"
not_run "and not run"
rm "$hook"
ln -s "$world/nowhere" "$hook"
share_again
expect_quiet 0 "a link to nothing is nothing"
rm "$hook"
printf 'not a program\n' >"$hook"
chmod 755 "$hook"
share_again
expect_quiet 0 "what cannot be executed is nobody's concern"
rm "$hook"

# ---- the examples ----

mkdir "$world/bin"
cat >"$world/bin/logger" <<END
#!/bin/sh
echo "\$*" >$told
END
chmod 755 "$world/bin/logger"

# The example as it is, told where this world has its target.
example() {	# BACKEND [VARIABLE=VALUE...]
	write_hook "PATH=$world/bin:\$PATH" "export PATH ${*:2}" "exec $examples/zfs_share_iscsi.$1 \"\$@\" 2>$told.err"
}

done_example() {	# BACKEND
	wait_until test -e "$told"
	verdict $? "the example for $1 runs to its end"
	[ ! -s "$told.err" ] || explain <"$told.err"
}

example stgt "TGT_IPC_SOCKET=$TGT_IPC_SOCKET"
share_again
done_example stgt
parameters=$(adm --lld iscsi --op show --mode target --tid "$(tid_of "$prefix:tank.v")")
for line in nop_interval=30 nop_count=3 MaxQueueCmd=256 HeaderDigest=CRC32C; do
	[[ $parameters == *"$line"* ]]
	verdict $? "stgt: $line"
done
example iet
share_again
rm -f "$told"
example stgt "TGT_IPC_SOCKET=$TGT_IPC_SOCKET"
share_again
done_example "stgt, after that of another target, which minds its own business,"
stop_tgtd

if [ -x "${IET_SIM_CTL-}" ]; then
	"$IET_SIM_CTL" "$root" init --version 1.4.20.3
	"$IET_SIM_CTL" "$root" install sbin
	sis_args=(--root "$root" --store "dir:$world/pool" --backend iet)
	example iet "PATH=$root/sbin:$world/bin:/usr/bin:/bin"
	sis share tank/v
	expect_quiet 0 "share on IET"
	done_example iet
	parameters=$("$root/sbin/ietadm" --op show --tid 1; "$root/sbin/ietadm" --op show --tid 1 --sid 0)
	for line in QueuedCommands=64 NOPInterval=30 NOPTimeout=30 HeaderDigest=CRC32C; do
		[[ $parameters == *"$line"* ]]
		verdict $? "iet: $line"
	done
	sis unshare tank/v
fi

if [ -x "${SCST_SIM-}" ] && [ -w /dev/fuse ]; then
	tree=$root/sys/kernel/scst_tgt
	mkdir -p "$tree" "$root/var/lib/scst/pr"
	mkfifo "$world/ready"
	LSAN_OPTIONS=detect_leaks=0 "$SCST_SIM" -f --files-are-blocks --control "$world/ctl" "$tree" >"$world/ready" &
	sim=$!
	trap 'kill $sim; wait $sim; cleanup' EXIT
	read -r -t 60 _ <"$world/ready"
	"$SCST_SIM_CTL" "$world/ctl" put targets/iscsi/enabled 1 2>/dev/null || echo 1 >"$tree/targets/iscsi/enabled"
	sis_args=(--root "$root" --store "dir:$world/pool" --backend scst)
	example scst "SCST_TREE=$tree"
	sis share tank/v
	expect_quiet 0 "share on SCST"
	done_example scst
	target=$tree/targets/iscsi/$prefix:tank.v
	is "scst: QueuedCommands" 128 "$(head -n 1 "$target/QueuedCommands")"
	is "scst: NopInInterval" 30 "$(head -n 1 "$target/NopInInterval")"
	is "scst: NopInTimeout" 30 "$(head -n 1 "$target/NopInTimeout")"
	is "scst: HeaderDigest" None,CRC32C "$(head -n 1 "$target/HeaderDigest")"
	sis unshare tank/v
fi

done_testing
