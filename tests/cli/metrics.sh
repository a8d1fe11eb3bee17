#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# status --prometheus: what a collector reads, and status as a check of monitoring.
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
volume tank/one 10M on
volume tank/bad 10M on,lun=x
volume tank/none 10M

# The text format: https://prometheus.io/docs/instrumenting/exposition_formats/
lint() {
	! command -v promtool >/dev/null || promtool check metrics <"$world/out" || return 1
	LC_ALL=C.UTF-8 awk '
	function bad(why) { print "# line " NR ": " why ": " $0; failed = 1 }
	/^# HELP [a-z_]+ [^ ]/ { if ($3 in help) bad("HELP twice"); help[$3] = 1; next }
	/^# TYPE [a-z_]+ gauge$/ { if (!($3 in help) || $3 in type) bad("TYPE"); type[$3] = 1; next }
	!/^[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [0-9]+$/ { bad("form"); next }
	{
		name = $0; sub(/[{ ].*/, "", name)
		if (!(name in type)) bad("no TYPE before")
		if (name != last && name in seen) bad("not in one piece")
		series = $0; sub(/ [0-9]+$/, "", series)
		if (series in all) bad("twice")
		seen[name] = all[series] = 1; last = name
	}
	END { exit failed || !NR }' "$world/out"
}

metric() {	# NAME [VOLUME]
	awk -v series="shareiscsi_$1${2+{volume=\"$2\"\}}" '$1 == series { print $2 }' "$world/out"
}

sis status --prometheus
expect_error 5 "is not running" "without a target the status is 5"
lint
verdict $? "the metrics are well-formed"
is "and say so" 0 "$(metric up)"

start_tgtd
sis status --prometheus
expect_quiet 0 "before the share"
lint
verdict $? "the metrics are well-formed"
is "up" 1 "$(metric up)"
is "not shared" 0 "$(metric volume_shared tank/one)"
is "differs" 1 "$(metric volume_differs tank/one)"
is "what is off is not shown" "" "$(metric volume_shared tank/none)"
sis status
expect_status 3 "as a check, status ends with 3"

sis share tank/one
sis status --prometheus
expect_quiet 0 "after the share"
is "shared" 1 "$(metric volume_shared tank/one)"
is "does not differ" 0 "$(metric volume_differs tank/one)"
is "its size" 10485760 "$(metric volume_size_bytes tank/one)"
is "nobody is logged in" 0 "$(metric volume_sessions tank/one)"
is "a bad value is not shared" 0 "$(metric volume_shared tank/bad)"
is "and differs" 1 "$(metric volume_differs tank/bad)"
grep -q "^shareiscsi_volume_info{volume=\"tank/one\",state=\"shared\",iqn=\"$prefix:tank.one\",lun=\"1\",serial=\"[0-9a-f]\{16\}\",backend=\"stgt\"} 1\$" "$world/out"
verdict $? "the rest are labels"
if [ -n "$initiator" ]; then
	hold_session "$(url "$prefix:tank.one")"
	sis status --prometheus
	is "somebody is" 1 "$(metric volume_sessions tank/one)"
	release_session
fi

adm --lld iscsi --op new --mode target --tid 77 -T iqn.2001-04.com.example:other
sis status --prometheus
is "what others made is counted" 1 "$(metric foreign_luns)"

# A successor of the same name must not be a second series.
rm "$world/pool/tank/one"
volume tank/one 20M on
sis status --prometheus
lint
verdict $? "a successor of the same name: well-formed"
is "the successor speaks for the name" 20971520 "$(metric volume_size_bytes tank/one)"

set_property tank/bad off
sis sync
sis status
expect_quiet 0 "as a check, status ends with 0 when all is in order"
done_testing
