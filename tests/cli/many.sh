#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Many callers at once: none is lost, no TID is given twice.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
start_tgtd
many=32
for ((i = 1; i <= many; i++)); do
	volume "tank/v$i" 10M on
done

is "$many times share at once" "$many succeeded" "$(at_once "$many" share tank/v)"
is "make as many targets" "$many" "$(live | grep -c "^Target [0-9]*: $prefix:tank.v[0-9]*$")"
is "with all TIDs from 1 on" "$(seq 1 "$many")" "$(live | sed -n 's/^Target \([0-9]*\): .*/\1/p' | sort -n)"
is "and as many serial numbers" "$many" "$(live | sed -n 's/^ *SCSI SN: //p' | grep -E '^[0-9a-f]{16}$' | sort -u | wc -l)"
good=0
for ((i = 1; i <= many; i++)); do
	! "$initiator" read "$(url "$prefix:tank.v$i")" 512 >"$world/data" || good=$((good + 1))
done
is "initiators can log in to all" "$many" "$good"
is "each was made by four commands" $((4 * many)) "$(calls | wc -l)"
sis status
expect_quiet 0 "status finds all in order"

is "$many times sync of all at once" "$many succeeded" "$(at_once "$many" sync)"
is "changes nothing" "" "$(calls)"

is "$many times unshare at once" "$many succeeded" "$(at_once "$many" unshare tank/v)"
is "leave nothing" "" "$(live)"
is "nor a record" "" "$(find "$root/run/shareiscsi" -name 'iqn.*')"

is "$many times sync of all of them, none shared yet" "$many succeeded" "$(at_once "$many" sync)"
is "make each just once" "$many" "$(calls | grep -c -- '--op new --mode target')"

done_testing
