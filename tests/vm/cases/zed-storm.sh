# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Many volumes made and set at once, with zed killed on the way: after one sync all is right; the events cost few runs.
# init: systemd
# limit: 2700
# processors: 2

share=org.zfsonlinux:shareiscsi
storm=${STORM:-500}
# How many runs of the queue are few, for twice as many events as there are volumes: about a tenth.
few=$((10 + storm / 5))
# How many processes make them at once.
at_once=8

took() {
	echo "$1 after $SECONDS s, looked at in $(runs) runs"
}

# Every third is not shared at first.
on() {
	seq "$storm" | awk '$1 % 3 { print "tank/storm/v" $1 }'
}

off() {
	seq 3 3 "$storm" | sed 's|^|tank/storm/v|'
}

shared() {
	tgtadm --lld iscsi --op show --mode target >/run/targets
	grep -c '^Target.*:tank.storm.v' /run/targets || true
}

all_shared() {
	[ "$(shared)" = "$storm" ]
}

no_queue() {
	! [ -e /run/shareiscsi/queue ] && ! systemctl is-active -q shareiscsi-queue.service
}

# Nor a zedlet that is about to leave a name there.
at_rest() {
	no_queue && ! pgrep -f history_event- && no_queue
}

runs() {
	journalctl -u shareiscsi-queue.service | grep -c ': Finished ' || true
}

half_made() {
	[ "$(find /sys/block -name 'zd*' | wc -l)" -ge $((storm / 2)) ]
}

kill_zed() {
	systemctl kill --signal=KILL zfs-zed
}

right() {	# SHARES
	expect_eq "$(shared)" "$1" 'shares'
	expect_eq "$(sed -n 's/.*SCSI SN: //p' /run/targets | grep -E '^[0-9a-f]{16}$' | sort -u | wc -l)" "$1" 'serial numbers'
	shareiscsi status >/dev/null
	expect_eq "$(systemctl list-units --failed --no-legend --plain)" '' 'failed units'
}

make_pool tank 2G
zfs create tank/storm

say "$storm volumes are made and set; zed is killed twice on the way"
{ on; off; } | xargs -P $at_once -n 1 zfs create -s -V 16M &
making=$!
wait_for 600 half_made
took 'half made'
kill_zed
wait $making
took made
on | xargs zfs set $share=on
kill_zed
off | xargs zfs set $share=off
took set
shareiscsi sync --wait
took 'one sync'
right "$(on | wc -l)"
wait_for 600 at_rest
right "$(on | wc -l)"
took 'at rest'
[ "$(runs)" -lt $few ] || fail 'too many runs'

say 'a burst of events, and no command'
wait_for 60 systemctl is-active zfs-zed
before=$(runs)
off | xargs zfs set $share=on
wait_for 600 all_shared
wait_for 600 at_rest
took 'at rest'
[ $(($(runs) - before)) -lt $few ] || fail 'too many runs'
right "$storm"
