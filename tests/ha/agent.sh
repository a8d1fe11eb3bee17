#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The resource agent of Pacemaker, without a cluster: what ocf-tester asks of every agent, and what
# each action says and does with shares. usage: agent.sh AGENT
# shellcheck disable=SC2119 # start_tgtd has options
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
new_world
# ocf-tester starts it as nobody, who may not enter everything that lies above the build folder.
chmod 711 "$world"
agent=$world/shareiscsi.agent
install -m 755 "$1" "$agent"
start_tgtd

# The program in this world; what an agent does not say itself.
cat >"$world/shareiscsi" <<END
#!/bin/sh
verb=\$1
shift
exec ${through[*]} '$program' "\$verb" --root '$root' --backend stgt "\$@"
END
chmod +x "$world/shareiscsi"
mkdir "$world/tmp"
export OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=shares HA_RSCTMP=$world/tmp HA_LOGFILE=$world/log
export HA_LOGFACILITY=none HA_logfacility=none HA_debug=0
export OCF_RESKEY_binary=$world/shareiscsi OCF_RESKEY_store=dir:$world/pool OCF_RESKEY_dataset=tank
iqn=$prefix:tank.v1

action() {	# ACTION
	ran="agent $1"
	status=0
	"$agent" "$1" >"$world/out" 2>"$world/err" </dev/null || status=$?
	out=$(<"$world/out")
	err=$(<"$world/err")
}

# Runs it and expects its status.
expect() {	# STATUS ACTION WHAT...
	action "$2"
	expect_status "$1" "${@:3}"
}

tester() {	# WHAT
	ran=ocf-tester
	status=0
	ocf-tester -v -n shares -o dataset=tank -o "store=$OCF_RESKEY_store" -o "binary=$OCF_RESKEY_binary" \
		"$agent" >"$world/out" 2>"$world/err" </dev/null || status=$?
	out=$(tail -n 30 "$world/out")
	err=$(<"$world/err")
	[ "$status" -eq 0 ] && [[ $out == *"passed all tests"* ]]
	verdict $? "$1"
}

# ---- conventions ----

tester "ocf-tester is content, with a pool without volumes"
volume tank/v1 10M on
volume tank/fs/v2 10M on
tester "and with volumes"
action meta-data
is "the agent shipped names itself" shareiscsi "$(sed -n 's/.*<resource-agent name="\([^"]*\)".*/\1/p' <<<"$out")"
same=$(sed -n 's/.*<parameter name="\([^"]*\)".*/\1/p' <<<"$out" | sort | paste -sd' ')
is "all its parameters are told" "$same" \
	"$(grep -o 'OCF_RESKEY_[a-z]*' "$agent" | sort -u | sed 's/OCF_RESKEY_//' | paste -sd' ')"
expect 3 promote "what it does not do it says"
OCF_RESKEY_dataset='' expect 6 validate-all "a dataset is needed"
OCF_RESKEY_dataset='-a' expect 6 start "no option can be smuggled in"
OCF_RESKEY_binary=$world/none expect 5 monitor "a node without the program"
OCF_RESKEY_backend=tgt expect 2 monitor "a back end that does not exist"
[[ $err == *"ocf-exit-reason:unknown back end 'tgt'"* && $err != *'"error"'* ]]
verdict $? "is told in words"
OCF_RESKEY_dataset=elsewhere expect 7 monitor "a pool that is not here"
OCF_RESKEY_dataset=elsewhere expect 0 stop "can be stopped"
sis sync --release elsewhere

# ---- a life ----

expect 7 monitor "stopped"
sis sync
is "a sync by timer, event or boot shares nothing then" "" "$(targets)"
sis share tank/v1
expect_error 1 "sync --release tank" "a share by hand is refused with the way out"
sis status
expect_quiet 0 "which is no difference"
expect_out "held " "but held back"
expect 0 start "start"
is "shares all" "$prefix:tank.fs.v2 $iqn" "$(targets)"
serial=$(serial_of "$iqn")
identity=$(identity tank/v1)
expect 0 monitor "runs"
calls >/dev/null
expect 0 start "start again"
is "does nothing" "" "$(calls)"

volume tank/v3 10M on
expect 0 monitor "a volume that is not shared yet is no failure"
set_property tank/v3 nonsense
expect 0 monitor "nor is one with a bad property"
expect 0 start "which does not keep the others from starting"
set_property tank/v3 on
sis sync
adm --op delete --mode target --tid "$(tid_of "$prefix:tank.v3")"
sis status
expect_out "lost " "what the target has lost is lost"
expect 1 monitor "and a failure"
expect 0 start "that start repairs"
expect 0 monitor "so that it runs"

# ---- stop with sessions ----

volume other/v1 10M on
sis share other/v1
hold_session "$(url "$iqn")"
expect 0 stop "stop with an initiator logged in"
wait_until grep -q '^ended' "$session_log"
verdict $? "ends its session"
release_session
is "what is not in the pool stays" "$prefix:other.v1" "$(targets)"
[ -z "$(find "/proc/$tgtd/fd" -lname "$pool/*")" ]
verdict $? "nothing has a volume open, so the pool can be exported"
expect 7 monitor "stopped"
expect 0 stop "stop again"
expect 0 start "start"
is "brings the serial number" "$serial" "$(serial_of "$iqn")"
is "and the identity" "$identity" "$(identity tank/v1)"

# ---- what goes wrong ----

mv "$pool" "$world/away"
expect 0 monitor "LUNs of a pool that went away are still there"
expect 0 stop "and stop takes them away"
is "all of them" "$prefix:other.v1" "$(targets)"
mv "$world/away" "$pool"
expect 0 start "back"
stop_tgtd
expect 7 monitor "without its daemon it does not run"
expect 1 start "and cannot start"
expect 0 stop "but stop"
start_tgtd
sis sync
is "and stays stopped when the daemon is back" "$prefix:other.v1" "$(targets)"
expect 0 start "until it is started"
expect 0 stop "cleanup"

done_testing
