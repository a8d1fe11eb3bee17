# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Many volumes made and set at once, with zed killed on the way: after one sync all is right; 500 events cost few runs.
# init: systemd
# limit: 7200

share=org.zfsonlinux:shareiscsi
# How many volumes: long/zed-storm has more.
storm=${STORM:-500}
events=${EVENTS:-500}
# How many processes make them at once.
at_once=4

shared() {
	tgtadm --lld iscsi --op show --mode target | grep -c '^Target.*:tank.storm.v' || true
}

no_queue() {
	! [ -e /run/shareiscsi/queue ] && ! systemctl is-active -q shareiscsi-queue.service
}

runs() {
	journalctl -u shareiscsi-queue.service | grep -c ': Finished ' || true
}

create() {	# FROM TO
	seq "$1" "$2" | xargs -P $at_once -I% zfs create -s -V 16M -o $share=on tank/storm/v%
}

# One transaction for all: so fast comes no other storm.
set_all() {	# ROUNDS
	cat >/tmp/set <<-END
		for round = 1, $1 do
			for i = 1, $storm do
				value = 'on'
				if i % 3 == 0 then value = 'off' end
				zfs.sync.set_prop('tank/storm/v' .. i, '$share', value)
			end
		end
	END
	zfs program tank /tmp/set >/dev/null
}

# An open of a volume that waits longer than a second for a command at work on the pools fails, and
# udev makes no node; emulated, a command takes long.
nodes() {
	udevadm trigger --settle --action=add --subsystem-match=block --sysname-match='zd*'
	[ "$(find /dev/zvol/tank/storm -type l | grep -c .)" = "$storm" ]
}

right() {
	expect_eq "$(shared)" $((storm - storm / 3)) 'shares'
	shareiscsi status >/dev/null
}

say "$storm volumes are made and set; zed is killed on the way"
make_pool tank 2G
zfs create tank/storm
before=$(runs)
create 1 $((storm / 2))
systemctl kill --signal=KILL zfs-zed
create $((storm / 2 + 1)) "$storm"
systemctl kill --signal=KILL zfs-zed
set_all 1
echo "made and set after $SECONDS s, looked at in $(($(runs) - before)) runs"
wait_for 600 nodes
shareiscsi sync
right
echo "one sync more: all is right after $SECONDS s"
wait_for 600 no_queue
right
echo "at rest after $SECONDS s, looked at in $(($(runs) - before)) runs"
[ $(($(runs) - before)) -lt "$storm" ] || fail 'one run for each event'

say "a burst of $events events"
wait_for 60 systemctl is-active zfs-zed
before=$(runs)
start=$SECONDS
set_all $((events / storm + 1))
# The names of zedlets that run, or are about to.
at_rest() {
	no_queue && ! pgrep -f history_event- && no_queue
}
wait_for 60 test -e /run/shareiscsi/queue
wait_for 900 at_rest
echo "at rest after $((SECONDS - start)) s, looked at in $(($(runs) - before)) runs"
[ $(($(runs) - before)) -lt $((events / 10)) ] || fail 'too many runs'
right
