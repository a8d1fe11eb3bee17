#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The command line: verbs, exit statuses, errors of usage, output for people and as JSON.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
new_world
volume mypool/test 10M on

# ---- without a target ----

for verb in share unshare sync plan status sessions; do
	names=()
	case $verb in share | unshare) names=(-a) ;; esac
	sis "$verb" "${names[@]}"
	expect_error 5 'STGT (tgtd, user space) is not running' "$verb without tgtd exits 5"
	is "and prints nothing" "" "$out"
	sis "$verb" -j "${names[@]}"
	expect_error 5 'STGT (tgtd, user space) is not running' "so it does with -j"
	expect_json "keys == [\"error\"] and \"shareiscsi: \" + .error == $(jq -R . <<<"$err")" \
		"$verb -j without tgtd prints the error"
done
bare sync --root "$root" --store "dir:$world/pool"
expect_error 5 'no iSCSI target is running' "without any target sync exits 5"
is "nothing was tried" "" "$(calls)"
sis backends
expect_quiet 0 "backends works without a target"
[[ $out =~ stgt\ +stopped.*systemctl\ start\ tgt ]]
verdict $? "backends says how to start STGT"
[[ $out =~ scst\ +absent ]]
verdict $? "backends says that SCST is absent"

start_tgtd
sis backends
[[ $out =~ stgt\ +running\ +1\. ]]
verdict $? "backends shows the version of the tgtd that runs"
sis backends -j
# shellcheck disable=SC2016 # a variable of jq
expect_json '[.backends[].backend] as $b | ["iet", "stgt", "scst", "lio"] | map(select(IN($b[]))) == $b' \
	"backends -j has them in probe order"
expect_json '.backends[] | select(.backend == "stgt") | .state == "running" and .hint == null' \
	"backends -j tells the state"
bare backends --root "$root"
expect_quiet 0 "backends needs no store"

# ---- usage ----

usage() {	# TEXT ARGUMENT...
	bare "${@:2}"
	expect_error 2 "$1" "usage: shareiscsi ${*:2}"
}

usage 'no verb given'
usage "unknown verb 'frob'" frob
usage "unknown option '--frob'" status --frob
usage "unknown option" status -x
usage 'share needs a volume or dataset' share
usage 'unshare needs a volume or dataset' unshare -f
usage "-a takes no names, but there is 'a/b'" share -a a/b
usage "this verb does not take '-f'" status -f
usage "this verb does not take '-a'" options -a
usage "options takes no name" options frob
usage "backends takes no name" backends frob
usage 'iqn needs a volume' iqn
usage 'control port must be 0 to 65535' status -C 65536
usage 'control port must be 0 to 65535' status -C one
usage "a value is missing behind '--root'" status --root
usage "do not go with '-j'" status --prometheus -j
usage "do not go with '-j'" sync --later -j
usage "do not go with '-j'" sync --queued -j
for order in "-j --frob" "--frob --json"; do
	# shellcheck disable=SC2086 # two words
	bare status frob $order
	expect_error 2 "unknown option '--frob'" "$order"
	expect_json ".error | startswith(\"unknown option '--frob'\")" "$order: as JSON, too"
done
sis status --backend frob
expect_error 2 "unknown back end 'frob'; there are: " "an unknown back end"
sis status --store frob
expect_error 2 "no store 'frob'; there are: zfs, dir" "an unknown store"
sis status --store /srv/disks
expect_error 2 "no store '/srv/disks'; there are: zfs, dir; for a folder: dir:/srv/disks" "a folder that is no store"
sis status --store dir
expect_error 2 "dir:PATH" "the dir store without a folder"
sis status --store "dir:$world/none"
expect_error 1 "cannot open store 'dir:$world/none'" "a store that is not there"
sis status --root "$world/none"
expect_error 1 "--root '$world/none'" "a root that is not there"

bare --help
expect_quiet 0 "--help"
expect_out "usage: shareiscsi VERB" "--help shows the usage"
for verb in share unshare sync plan status sessions options backends iqn; do
	expect_out "  $verb " "--help names $verb"
done
bare --version
expect_out "shareiscsi " "--version"

# ---- names ----

for verb in share unshare sync plan status sessions iqn; do
	sis "$verb" mypool/none
	expect_error 1 "cannot open 'mypool/none': dataset does not exist" "$verb of what is not there"
done
sis share ''
expect_error 1 "" "an empty name"
sis share 'mypool/test@snap'
expect_error 1 "mypool/test@snap" "a snapshot"
sis share ../../etc
expect_error 1 "../../etc" "a name that leaves the store"

# ---- looking ----

sis status
expect_quiet 3 "status exits 3 when something is to be done"
expect_out "mypool/test: it is to be shared; \`shareiscsi sync\` does that" "status says what, and what to do"
sis plan
expect_quiet 3 "plan exits 3 when something is to be done"
sis share -n -a
expect_quiet 3 "share -n is a plan"
sis sync -n
expect_quiet 3 "sync -n is a plan"
is "none of these changed anything" "" "$(calls)"
is "nor kept an identity" "" "$(identity mypool/test)"
sis plan -j
expect_json '.steps | length == 3' "plan -j has the steps"
expect_json '[.steps[].commands[]] | length == 4 and all(startswith("tgtadm --lld iscsi --op "))' \
	"plan -j has the commands"
expect_json 'all(.steps[]; .reason and .iqn == "iqn.2010-09.org.zfsonlinux:mypool.test"
	and .volume == "mypool/test")' "plan -j has a reason for each step"
expect_json '.problems == [] and .shared == 1 and .unshared == 0 and .changed == 0' "plan -j counts"

sis share -v -j mypool/test
expect_status 0 "share -v -j"
expect_json '.steps | length == 3' "share -j tells the steps it did"
is "share -v says each command" "$(calls)" "${err//shareiscsi: /}"
sis status
is "the header of status" "STATE VOLUME IQN LUN TID TARGET SIZE SESSIONS" \
	"$(head -n 1 <<<"$out" | tr -s ' ')"
is "a row of status" "shared mypool/test $prefix:mypool.test 1 1 stgt 10M 0" \
	"$(sed -n 2p <<<"$out" | tr -s ' ')"
expect_quiet 0 "status exits 0 when all is as it should be"
is "and says no more than that" 2 "$(wc -l <<<"$out")"
sis status -j
expect_json ".status == [{state: \"shared\", volume: \"mypool/test\", iqn: \"$prefix:mypool.test\",
	lun: 1, tid: 1, target: \"stgt\", size: \"10M\", bytes: 10485760, sessions: 0,
	serial: .status[0].serial, type: \"disk\", iomode: \"rdwr\", blocksize: 512, readonly: false,
	path: \"$world/pool/mypool/test\", differs: false, reason: null}]" "status -j"
sis plan
expect_quiet 0 "plan exits 0 when nothing is to be done"
is "and prints nothing" "" "$out"
sis plan -j
expect_json '.steps == [] and .problems == []' "plan -j without steps"
sis sessions
expect_quiet 0 "sessions without any"
is "prints nothing" "" "$out"
sis sessions -j
expect_json '.sessions == []' "sessions -j without any"

! said=$("$program" status "${sis_args[@]}" 2>&1 >/dev/full) &&
	[ "$said" = "shareiscsi: cannot write to standard output" ]
verdict $? "results that nobody can read are a failure"
"$program" unshare -n -a "${sis_args[@]}" >/dev/full 2>"$world/err"
is "also where there is a difference to tell" 1 $?

# ---- options and iqn ----

sis options
expect_quiet 0 "options"
for option in name lun type iomode blocksize initiator auth authname authpass portal; do
	grep -q "^$option " <<<"$out"
	verdict $? "options has $option"
done
sis options -j
expect_json '.options | length == 10 and all(.option and .values and .default and .meaning)' "options -j"

volume mypool/a/One_Two 10M on
volume mypool/a/plain 10M
sis iqn -j mypool/test mypool/none
expect_json 'keys == ["error"]' "iqn -j of what is not there is one object"
sis iqn mypool/test
expect_out "$prefix:mypool.test" "iqn of a volume"
sis iqn -j mypool/a
expect_json "[.iqn[].iqn] == [\"$prefix:mypool.a.one-two\", \"$prefix:mypool.a.plain\"]" \
	"iqn of a tree, folded and cleaned, shared or not"
set_property mypool/a/plain name=iqn.2001-04.com.example:own
sis iqn mypool/a/plain
expect_out "iqn.2001-04.com.example:own" "iqn of a volume that has name="

done_testing
