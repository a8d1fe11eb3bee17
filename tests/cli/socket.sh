#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# tgtd's management socket in place of tgtadm: the same shares and the same words, also where there
# is no tgtadm; a tgtd that hangs is named; one that speaks otherwise is left to tgtadm.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
transport=socket
new_world
start_tgtd
many=32
iqn=$prefix:tank.v1
volume tank/v1 10M on

# ---- share, twice, unshare: as by tgtadm ----

# TIDs from 1 on again: in one tgtd none is given twice.
restart_tgtd() {
	stop_tgtd
	start_tgtd
}

commands() {
	grep '^tgtadm' <<<"$out"
}

said() {
	sed -n 's/^shareiscsi: //p' <<<"$err"
}

sis plan
steps=$(commands)
is "plan prints the commands of tgtadm" 4 "$(wc -l <<<"$steps")"
is "and does nothing" "" "$(live)"
sis share -v tank/v1
is "share -v says the same" "0 $steps" "$status $(said)"
over_socket=$(live)
sis share -v tank/v1
expect_quiet 0 "share once more has nothing to say"
is "and changes nothing" "$over_socket" "$(live)"
sis unshare -n tank/v1
undo=$(commands)
sis unshare -v tank/v1
is "unshare -v says what unshare -n said" "0 $undo" "$status $(said)"
is "nothing is left" "" "$(live)"
is "tgtadm was not asked to change anything" "" "$(calls)"

transport=tgtadm
configure
restart_tgtd
calls >/dev/null
sis share tank/v1
is "tgtadm makes the same of the commands" "$over_socket" "$(live)"
is "which are the ones that were told" "$steps" "$(calls)"
sis unshare tank/v1
is "these too" "$undo" "$(calls)"

# ---- in use ----

transport=socket
configure
restart_tgtd
sis share tank/v1
hold_session "$(url "$iqn")"
verdict $? "an initiator logs in"
sis unshare tank/v1
expect_status 4 "unshare of what is in use is refused"
is "the share stays" "$over_socket" "$(live | sed '/I_T nexus: /,/IP Address:/d')"
sis unshare -f tank/v1
expect_quiet 0 "unshare -f"
wait_until grep -q '^ended' "$session_log"
verdict $? "ends the session"
is "and the share" "" "$(live)"
release_session

# ---- many at once, without a tgtadm ----

restart_tgtd
mv "$root/usr/sbin/tgtadm" "$world/tgtadm"
for ((i = 2; i <= many; i++)); do
	volume "tank/v$i" 10M on
done

sis backends
grep -q '^stgt *running' <<<"$out"
verdict $? "without tgtadm, a tgtd that answers is running"
is "$many times share at once" "$many succeeded" "$(at_once "$many" share tank/v)"
is "make as many targets" "$(seq 1 "$many")" "$(live | sed -n 's/^Target \([0-9]*\): .*/\1/p' | sort -n)"
sis status
expect_quiet 0 "status finds all in order"
is "$many times unshare at once" "$many succeeded" "$(at_once "$many" unshare tank/v)"
is "leave nothing" "" "$(live)"

# ---- a tgtd that hangs, and none ----

configure '[general]' 'timeout = 1'
kill -STOP "$tgtd"
sis share tank/v1
expect_error 1 "--op show --mode system': tgtd did not answer within 1000 ms; if it is only busy, raise 'timeout' in section [general] of /etc/shareiscsi.conf, if it hangs, restart it" \
	"a tgtd that hangs is named, and what to do about it"
kill -CONT "$tgtd"
stop_tgtd
sis share tank/v1
expect_error 5 "not running" "a tgtd that ended is not there"
configure
start_tgtd
sis share tank/v1
expect_quiet 0 "and is there again"

done_testing
