#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# unshare --hold and sync --release: what is held back stays away whoever asks, and nothing else does.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
volume tank/v1 10M on
volume tank/fs/v2 10M on
volume tanker/v1 10M on
all="$prefix:tank.fs.v2 $prefix:tank.v1 $prefix:tanker.v1"
sis sync

held() {
	cat "$root/run/shareiscsi/held" 2>/dev/null
}

# ---- what holds ----

sis unshare --hold tank
expect_quiet 0 "unshare --hold"
is "takes away what is below, and no more" "$prefix:tanker.v1" "$(targets)"
sis share -a
is "share -a leaves it alone" "$prefix:tanker.v1" "$(targets)"
sis sync --later tank/v1
sis sync --queued
is "so does an event" "$prefix:tanker.v1" "$(targets)"
set_property tank/v1 lun=5
sis sync tank
expect_quiet 0 "sync by name"
is "shares nothing" "$prefix:tanker.v1" "$(targets)"
sis share tank/fs/v2
expect_error 1 "held back" "share by name is refused"
sis status tank
is "it is held" "held held" "$(awk 'NR == 2 || NR == 3 { print $1 }' <<<"$out" | paste -sd' ')"
expect_out "sync --release tank" "with the way out"
sis plan
expect_quiet 0 "and nothing is to be done"
sis unshare --hold tank/v1
is "a hold inside a hold adds nothing" tank "$(held)"

# ---- and what releases ----

sis sync --release tank/v1
expect_error 1 "'tank' is held back as a whole" "a part of what is held is not released"
is "it stays as it was" "$prefix:tanker.v1" "$(targets)"
set_property tank/v1 on
sis sync --release tank
expect_quiet 0 "sync --release"
is "brings it back" "$all" "$(targets)"
is "nothing is held" "" "$(held)"
sis sync --release tank
expect_quiet 0 "once more: nothing to do"
sis unshare --hold tank/v1 tanker
sis unshare --hold tank/fs
is "several" "tank/fs tank/v1 tanker" "$(held | sort | paste -sd' ')"
sis sync --release tank
is "release what is below a name" "$prefix:tank.fs.v2 $prefix:tank.v1" "$(targets)"
sis unshare -a
sis sync --release
is "or everything" "$all" "$(targets)"

# ---- in use ----

hold_session "$(url "$prefix:tank.v1")"
sis unshare --hold tank
expect_error 4 "is logged in" "while an initiator is logged in it is refused"
is "but held back" tank "$(held)"
sis sync
is "and the share that is left stays" "$prefix:tank.v1 $prefix:tanker.v1" "$(targets)"
sis unshare --hold -f tank
is "with -f it goes" "$prefix:tanker.v1" "$(targets)"
release_session
sis sync --release

# ---- without a target, a pool, or sense ----

stop_tgtd
sis unshare --hold tank
expect_status 5 "no target runs"
start_tgtd
sis sync
is "the next one shares only the rest" "$prefix:tanker.v1" "$(targets)"
sis sync --release
mv "$pool" "$world/away"
sis unshare --hold tank
expect_quiet 0 "a pool that is gone already"
mv "$world/away" "$pool"
sis sync
is "is not shared when it comes back" "$prefix:tanker.v1" "$(targets)"
mkdir "$world/kept"
mv "$root/run/shareiscsi/held" "$world/kept"
mkdir "$root/run/shareiscsi/held"
sis sync
expect_error 1 "cannot tell what is held back" "a list that cannot be read holds back everything"
rmdir "$root/run/shareiscsi/held"
mv "$world/kept/held" "$root/run/shareiscsi"

sis unshare --hold -a
expect_error 2 "--hold needs the names" "usage: --hold -a"
sis share --hold tank
expect_error 2 "does not take '--hold'" "usage: share --hold"
sis share --release tank
expect_error 2 "does not take '--release'" "usage: share --release"
sis sync --release --later tank
expect_error 2 "--release" "usage: --release --later"
sis sync -n --release tank
expect_error 2 "no dry run" "usage: -n --release"
sis unshare --hold $'tank\nx'
expect_error 2 "is not the name of a dataset" "a line feed is refused"

# ---- what the target lost ----

sis sync --release
adm --op delete --mode target --tid "$(tid_of "$prefix:tank.v1")"
sis status
expect_quiet 3 "a share that the target lost"
is "is lost" lost "$(awk '$2 == "tank/v1" { print $1 }' <<<"$out")"
sis unshare tank
mv "$pool" "$world/away"
sis status tank
expect_error 1 "dataset does not exist" "status of a pool that is gone"
mv "$world/away" "$pool"
sis share tank
mv "$pool" "$world/away"
sis status tank
expect_status 3 "and of one whose shares are still there"
is "tells them" "leftover leftover" "$(awk 'NR == 2 || NR == 3 { print $1 }' <<<"$out" | paste -sd' ')"

done_testing
