#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# sync --later and --queued: many hints are one run, bad ones harm nobody.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
queue=$root/run/shareiscsi/queue
for i in 1 2 3; do
	volume "tank/v$i" 10M on
done
volume 'tank/a b' 10M on

# Under systemd a path unit starts the run, here nobody.
mkdir -p "$root/run/systemd/system"

sis sync --later tank/v1
expect_quiet 0 "a name for later"
is "stands in the queue" "tank/v1" "$(cat "$queue")"
is "and nothing was done" "" "$(calls)"
sis sync --later -- tank/v1 /dev/zvol/tank/a+b tank/gone tank/x@snap tank/v2/%recv ''
expect_quiet 0 "more names"
is "nodes by their names, snapshots not at all, what ZFS makes for itself by the name of the rest" \
	"tank/v1
tank/v1
tank/a b
tank/gone
tank/v2" "$(cat "$queue")"
sis sync --queued
expect_quiet 0 "sync of what is queued"
is "shares just that" "$prefix:tank.a-b $prefix:tank.v1 $prefix:tank.v2" "$(targets)"
[ ! -e "$queue" ]
verdict $? "and the queue is empty"
calls >/dev/null
sis sync --queued
expect_quiet 0 "sync of an empty queue"
is "does nothing" "" "$(calls)"

sis sync --later
sis sync --later tank/v1
sis sync --queued
expect_quiet 0 "no name means everything"
is "all are shared" 4 "$(live | grep -c '^Target')"

sis unshare -a
sis sync --later -- 'tank/v1' 'no/such/pool' 'tank/\x' '-n' '../../etc' "\$(touch $world/evil)"
sis sync --queued
expect_status 0 "names that cannot be are passed over"
[ -n "$(tid_of "$prefix:tank.v1")" ] && [ ! -e "$world/evil" ]
verdict $? "the others have their turn"
sis sync --later $'tank/v1\ntank/v2'
expect_error 2 "is not the name of a dataset" "a line feed is refused"

sis unshare -a
for ((i = 0; i < 101; i++)); do echo "tank/n$i"; done >"$queue"
sis sync --queued
is "more names than are worth it mean everything" 4 "$(live | grep -c '^Target')"
sis unshare -a
yes tank/v1 | head -c 70000 >"$queue"
size=$(stat -c %s "$queue")
sis sync --later tank/v2
is "a full queue does not grow" "$size" "$(stat -c %s "$queue")"
sis sync --queued
is "and means everything" 4 "$(live | grep -c '^Target')"
sis unshare -a
head -c 1000 /dev/urandom >"$queue"
sis sync --queued
expect_status 0 "a queue of rubbish"
is "means everything" 4 "$(live | grep -c '^Target')"
echo secret >"$world/target"
ln -s "$world/target" "$queue"
sis sync --later tank/v1
expect_error 1 "cannot open '$queue'" "a link in its place is not followed"
is "and not written through" secret "$(cat "$world/target")"
rm "$queue"

# A run that fails as a whole keeps the names, and those that come meanwhile, and tries again.
for name in v1 v2; do
	sis unshare "tank/$name"
done
echo nonsense >"$root/etc/shareiscsi.conf"
sis sync --later tank/v1
"$program" sync --queued "${sis_args[@]}" 2>"$world/worker.err" &
worker=$!
wait_until grep -q 'trying again in' "$world/worker.err"
verdict $? "a run that cannot read its configuration will try again"
is "what it was to look at is not forgotten" tank/v1 "$(cat "$queue")"
sis sync --later tank/v2
configure
wait "$worker"
is "and does it when it can" 0 $?
is "with what came meanwhile" "2 1" "$(live | grep -c -e ':tank.v1$' -e ':tank.v2$') $(grep -c 'trying again' "$world/worker.err")"
[ ! -e "$queue" ]
verdict $? "then the queue is empty"

# Without systemd the first one who comes starts a run, all others only add.
rm -r "$root/run/systemd"
sis unshare -a
calls >/dev/null
for ((i = 0; i < 50; i++)); do
	sis sync --later "tank/v$((i % 3 + 1))" 'tank/a b'
done
expect_quiet 0 "50 names without systemd"
# shellcheck disable=SC2317 # called by wait_until
all_shared() {
	[ "$(live | grep -c '^Target')" -eq 4 ]
}
wait_until all_shared
verdict $? "are shared by themselves"
wait_until test ! -e "$queue"
sis sync	# waits for the lock of the run
is "each by just one run" 4 "$(calls | grep -c -- '--op new --mode target')"

for wrong in "status --later" "share -a --queued" "options --prometheus" "sync --queued tank/v1" "sync -n --later"; do
	# shellcheck disable=SC2086 # words
	sis $wrong
	expect_status 2 "usage: $wrong"
done

done_testing
