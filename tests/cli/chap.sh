#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# CHAP with a real tgtd and a real initiator: who gets in and who does not, secrets that change while
# sessions last, and where a secret must never be seen. tgtd is asked over its socket, where a secret
# is in no command line.
#
# shellcheck disable=SC2034,SC2317 # transport is lib.sh's; functions are called by name
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/front.sh
. "$(dirname "$0")/front.sh"

iqn=$prefix:tank.v1
iqn2=$prefix:tank.v2
secrets=
secret=Sesame-Oeffne-1
second=Sesame-Oeffne-2
back=Echo-Berg-Antwort

# The file, from lines.
write_secrets() {	# LINE...
	mkdir -p "$root/etc/shareiscsi"
	secrets=$root/etc/shareiscsi/secrets
	(umask 077 && printf '%s\n' "$@" >"$secrets")
}

one_way() {	# SECRET [USER [NAME]]
	printf '%s\n' "[${3-lab}]" "user = ${2-alice}" "password = $1"
}

# Can it read the LUN with these options of the initiator?
gets_in() {	# IQN [OPTION...]
	"$initiator" "${@:2}" read "$(url "$1")" 512 >"$world/read" 2>"$world/read.err" &&
		[ "$(stat -c %s "$world/read")" -eq 512 ]
}

in_with() {	# WHAT IQN [OPTION...]
	if gets_in "${@:2}"; then
		ok "$1"
	else
		not_ok "$1"
		explain <"$world/read.err"
	fi
}

out_with() {	# WHAT IQN [OPTION...]
	if ! gets_in "${@:2}" && grep -q 'cannot log in' "$world/read.err"; then
		ok "$1"
	else
		not_ok "$1"
		explain <"$world/read.err"
	fi
}

accounts() {
	adm --op show --mode account | sed -n 's/^    //p' | sort | paste -sd' '
}

bound() {	# IQN
	live_of "$1" | sed -n '/Account information/,/ACL information/s/^        //p' | paste -sd' '
}

synced() {	# WHAT
	sis sync
	expect_quiet 0 "$1"
	sis plan
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	verdict $? "$1: then nothing is left to do"
}

transport=socket
new_world
start_tgtd
volume tank/v1 16M auth=lab
volume tank/v2 16M

# ---- the file ----

sis sync
expect_error 1 "there is no '$root/etc/shareiscsi/secrets'; shareiscsi(8) tells" "no file of secrets: one line says so"
is "and nothing is shared" "" "$(targets)"
write_secrets "$(one_way "$secret")"
chmod 644 "$secrets"
sis sync
expect_error 1 "chmod 600 $secrets" "a file that others can read is refused, with what to do"
chmod 600 "$secrets"
chown 65534 "$secrets"
sis sync
expect_error 1 "chown root $secrets" "so is one of another user"
chown 0 "$secrets"
mv "$secrets" "$world/elsewhere"
ln -s "$world/elsewhere" "$secrets"
sis sync
expect_error 1 "cannot open '$secrets': it is a symbolic link; put the file itself in its place" "and a link"
rm "$secrets"
write_secrets '[lab]' 'user = alice' "passwort = $secret"
sis sync
expect_error 1 "/etc/shareiscsi/secrets:3:" "a wrong line is named by its number"
[[ $err != *"$secret"* ]]
verdict $? "and not repeated"
write_secrets "$(one_way "$secret" alice other)"
sis sync
expect_error 1 "has no entry [lab]" "an entry that is not there"
write_secrets "$(one_way "$secret" a,lice)"
sis sync
expect_error 1 "has a character that STGT cannot take" "a user that tgtd would cut off"
is "nothing is shared yet" "" "$(targets)"

# ---- one way ----

write_secrets "$(one_way "$secret")"
sis plan -v
planned=$out
[[ $planned == *"--mode account --user alice --password '********'"* && $planned != *"$secret"* ]]
verdict $? "plan tells of the account and masks its secret"
sis plan -j
[[ $out == *alice* && $out != *"$secret"* ]]
verdict $? "plan -j, too"
is "the account comes before the target is opened" "account account target" \
	"$(grep -oE -- '--op (new|bind) --mode (account|target) .*' <<<"$planned" |
		grep -vE 'new --mode target' | awk '{ print $4 }' | paste -sd' ')"
synced "share with CHAP"
is "tgtd has the account" alice "$(bound "$iqn")"
in_with "the right secret gets in" "$iqn" -c alice "$secret"
out_with "a wrong one does not" "$iqn" -c alice "$second"
out_with "nor another user" "$iqn" -c mallory "$secret"
out_with "nor who has none" "$iqn"
sis status -j
[[ $out != *"$secret"* ]]
verdict $? "status tells no secret"
! grep -rqF -- "$secret" "$root/run" "$world/tgtd.log" "$world/calls"
verdict $? "it is in no file and no log of ours"
is "the accounts are root's alone to read" 600 "$(stat -c %a "$root/run/shareiscsi/stgt/accounts")"
grep -q "^alice"$'\t''\$6\$' "$root/run/shareiscsi/stgt/accounts"
verdict $? "and have a digest"

# What makes the file unreadable takes no share away.
chmod 644 "$secrets"
sis sync
expect_error 1 "chmod 600" "a file that has become readable: one line"
is "the share stays" alice "$(bound "$iqn")"
chmod 600 "$secrets"

# ---- a changed secret, of several targets ----

set_property tank/v2 auth=lab
synced "a second share with the same user"
is "has the same account" "alice alice" "$(bound "$iqn") $(bound "$iqn2")"
is "there is but one" alice "$(accounts)"
hold_session "$(url "$iqn")" "$prefix:initiator" -c alice "$secret"

# Somebody tries all the time to get in without.
"$initiator" poll "$(url "$iqn")" >"$world/poll1" 2>/dev/null &
poll1=$!
"$initiator" poll "$(url "$iqn2")" >"$world/poll2" 2>/dev/null &
poll2=$!
trap 'kill $poll1 $poll2 2>/dev/null; cleanup' EXIT
tried() {	# FILE
	[ "$(wc -c <"$1")" -gt "$2" ]
}
wait_until tried "$world/poll1" 10
wait_until tried "$world/poll2" 10
old=$secret
for new in "$second" "$secret" "$second"; do
	write_secrets "$(one_way "$new")"
	synced "a changed secret"
	before=$(wc -c <"$world/poll1")
	wait_until tried "$world/poll1" $((before + 3))
	in_with "the new secret gets in to the first" "$iqn" -c alice "$new"
	in_with "and to the second" "$iqn2" -c alice "$new"
	out_with "the old one does not" "$iqn" -c alice "$old"
	out_with "to neither" "$iqn2" -c alice "$old"
	old=$new
done
kill "$poll1" "$poll2"
wait "$poll1" "$poll2" 2>/dev/null
is "nobody got in without in between" "" "$(tr -d . <"$world/poll1")$(tr -d . <"$world/poll2")"
session_lives
verdict $? "the session stays all the while"
release_session

# Alone it may not be changed for others.
write_secrets "$(one_way "$secret")"
sis sync tank/v1
expect_error 1 "which target '$iqn2' has, too" "a sync of one does not change what the other has"
in_with "what it was is still so" "$iqn" -c alice "$second"
synced "a sync of both does"
set_property tank/v2 auth=lab2
write_secrets "$(one_way "$secret")" "$(one_way "$second" alice lab2)"
sis sync
expect_error 1 "CHAP user 'alice' has another secret for 'tank/v1'" "one user with two secrets"
in_with "the first stays" "$iqn" -c alice "$secret"
in_with "the second stays as it was" "$iqn2" -c alice "$secret"
write_secrets "$(one_way "$secret")" "$(one_way "$second" bob lab2)"
synced "another user for the second"
is "now there are two accounts" "alice bob" "$(accounts)"
in_with "bob gets in" "$iqn2" -c bob "$second"
out_with "alice no more" "$iqn2" -c alice "$secret"

# ---- mutual ----

write_secrets "$(one_way "$secret")" 'mutual-user = mountain' "mutual-password = $back" \
	"$(one_way "$second" bob lab2)"
synced "mutual CHAP"
is "both accounts are bound" "alice mountain (outgoing)" "$(bound "$iqn")"
in_with "mutual: the right secrets" "$iqn" -c alice "$secret" -m mountain "$back"
out_with "mutual: the target has another secret" "$iqn" -c alice "$secret" -m mountain "$second-other"
out_with "mutual: and the initiator" "$iqn" -c alice "$second" -m mountain "$back"
in_with "who does not ask the target gets in as well" "$iqn" -c alice "$secret"
write_secrets "$(one_way "$secret")" "$(one_way "$second" bob lab2)"
synced "mutual CHAP is taken away"
is "with its account" "alice bob" "$(accounts)"

# ---- initiator= beside it ----

set_property tank/v1 "auth=lab,initiator=$prefix:one;$prefix:two"
synced "auth= and initiator="
in_with "a right name with the right secret" "$iqn" -i "$prefix:one" -c alice "$secret"
out_with "a right name with a wrong one" "$iqn" -i "$prefix:one" -c alice "$second"
out_with "a wrong name with the right one" "$iqn" -i "$prefix:three" -c alice "$secret"
hold_session "$(url "$iqn")" "$prefix:one" -c alice "$secret"
set_property tank/v1 "auth=lab,initiator=$prefix:one"
synced "one less in initiator="
session_lives
verdict $? "who may stay stays"
is "the other is gone in the target" "$prefix:one" \
	"$(live_of "$iqn" | sed -n '1,/ACL information/d;s/^ *//p' | paste -sd' ')"
set_property tank/v1 "auth=lab,initiator=$prefix:two"
sis sync
expect_error 4 "$prefix:one" "who is logged in is not shut out"
session_lives
verdict $? "and stays"
sis sync -f
expect_quiet 0 "by force it is"
wait_until grep -q '^ended' "$session_log"
verdict $? "the session has ended"
release_session
out_with "it does not come back" "$iqn" -i "$prefix:one" -c alice "$secret"

# ---- what is not ours ----

set_property tank/v1 auth=lab
synced "without initiator="
sis unshare tank/v2
expect_quiet 0 "unshare"
is "its account goes with the last target" alice "$(accounts)"
adm --lld iscsi --op new --mode account --user bob --password "$second"
sis share tank/v2
expect_error 1 "tgtd has an account 'bob' that was not made by this tool" "an account of others is refused"
is "and left alone" "alice bob" "$(accounts)"
is "nothing is left half made" "$iqn" "$(targets)"
unset_property tank/v2
adm --lld iscsi --op new --mode target --tid 99 -T "$prefix:foreign"
adm --lld iscsi --op bind --mode account --tid 99 --user alice
write_secrets "$(one_way "$second")"
before=$(live)
sis sync tank/v1
expect_error 1 "which target '$prefix:foreign' has, too" "nor is one that others use"
is "nothing was touched" "$before" "$(live)"
adm --lld iscsi --op delete --mode target --tid 99
synced "once it is gone"
in_with "the secret is changed" "$iqn" -c alice "$second"

# Somebody binds another account to our target: it would let in who should not be.
adm --lld iscsi --op bind --mode account --tid "$(tid_of "$iqn")" --user bob
synced "another account in our target"
is "goes out of it" alice "$(bound "$iqn")"
is "and stays" "alice bob" "$(accounts)"
adm --lld iscsi --op delete --mode account --user bob

# What is remembered is lost: secrets that nobody tells are set anew.
rm -r "$root/run/shareiscsi"
synced "without record"
in_with "the secret is right" "$iqn" -c alice "$second"

# ---- it goes ----

set_property tank/v1 on
synced "without auth="
in_with "anybody gets in" "$iqn"
is "the account is gone" "" "$(accounts)$(cat "$root/run/shareiscsi/stgt/accounts" 2>/dev/null)"
set_property tank/v1 auth=lab
synced "auth= for a share that is there"
out_with "nobody gets in without" "$iqn"
sis unshare -a
expect_quiet 0 "unshare -a"
is "nothing is left" "" "$(targets)$(accounts)"

# ---- tgtd ends, and its accounts with it ----

sis share -a
is "an account of ours" alice "$(accounts)"
stop_tgtd
start_tgtd
adm --lld iscsi --op new --mode account --user alice --password "$back"
sis sync
expect_error 1 "was not made by this tool" "an account of the same name since tgtd was started anew"
is "no target has it" "" "$(targets)"
sis unshare -a
is "it is not ours to delete" alice "$(accounts)"
adm --lld iscsi --op delete --mode account --user alice
synced "once it is gone"
in_with "the secret is ours" "$iqn" -c alice "$second"

# Another tgtd can get the pid of the one before.
started() {	# TICKS
	mkdir -p "$root/proc/$tgtd"
	echo "$tgtd (t) S g) S$(seq -s ' ' -f ' %.0f' 4 21 | tr -s ' ') $1 99 98" >"$root/proc/$tgtd/stat"
}
started 1000
synced "tgtd tells when it was started"
started 1001
sis plan
[ "$status" -eq 3 ] && [[ $out == *"--op new --mode account --user alice"* ]]
verdict $? "one that was started later is another: its secrets are not known"
synced "they are set anew"
in_with "and right" "$iqn" -c alice "$second"
sis unshare -a
rm -r "$root/proc/$tgtd"

# ---- the front end ----

new_front
z zfs set shareiscsi=auth=nosuch tank/v1
expect_refused 1 "has no entry [nosuch]" "zfs set refuses an entry that is not there"
is "and stores nothing" auth=lab "$(attribute tank/v1 shareiscsi)"
z zfs set shareiscsi=authname=carol,authpass=Carol-Passwort tank/v1
[ "$status" -eq 0 ] && [[ $err == *"anyone may read authname and authpass"* && $err != *Carol-P* ]]
verdict $? "zfs set of credentials warns, and does not repeat them"
in_with "carol gets in" "$iqn" -c carol Carol-Passwort
z zfs set shareiscsi=auth=lab tank/v1
expect_status 0 "and back"
is "carol's account is gone" alice "$(accounts)"
sis unshare -a

# ---- killed at any moment ----

# tgtadm-wrapper counts the changes, and kills who made the Nth.
transport=tgtadm
configure
killed_after() {	# N VERB...
	rm -f "$world/fault.done"
	: >"$world/count"
	echo "change $1 kill-after" >"$world/fault"
	{ sis "${@:2}"; } 2>/dev/null
	rm "$world/fault"
	[ -e "$world/fault.done" ]
}

# Kills at every change; nobody gets in without, and the next sync puts all right.
walk() {	# WHAT PREPARE FINALLY VERB...
	local n bad=
	for ((n = 1; ; n++)); do
		"$2"
		killed_after "$n" "${@:4}" || break
		! gets_in "$iqn" && ! gets_in "$iqn2" || bad="$bad $n:open"
		sis sync
		[ "$status" -eq 0 ] && "$3" || bad="$bad $n:sync"
	done
	is "$1: killed after each of $((n - 1)) changes" "" "$bad"
	[ "$n" -gt 3 ]
	verdict $? "there were some"
	"$3"
	verdict $? "and undisturbed"
}
both_in() {
	gets_in "$iqn" -c alice "$now" && gets_in "$iqn2" -c alice "$now" && ! gets_in "$iqn" &&
		[ "$(accounts)" = alice ] && sis plan && [ "$status" -eq 0 ]
}
unshared() {
	sis unshare -a
	now=$secret
	write_secrets "$(one_way "$now")"
}
other_secret() {
	[ "$now" = "$secret" ] && now=$second || now=$secret
	write_secrets "$(one_way "$now")"
}
set_property tank/v2 auth=lab
walk "share with CHAP" unshared both_in sync
walk "another secret" other_secret both_in sync
gone() {
	sis unshare -a
	[ -z "$(targets)$(accounts)" ] && [ ! -e "$root/run/shareiscsi/stgt/accounts" ]
}
shared() {
	sis share -a
}
walk "unshare" shared gone unshare -a
transport=socket
configure

# ---- a secret is in no command line ----

# The pattern stands in a file: no command line of the test's own has it while it is looked for.
printf '%s\n' "$secret" "$second" >"$world/patterns"
watch_commands() {
	while echo >>"$world/samples"; do
		cat /proc/[0-9]*/cmdline 2>/dev/null | grep -aqFf "$world/patterns" && echo seen >>"$world/seen"
	done
}
samples() {	# N
	[ "$(wc -l <"$world/samples")" -ge "$1" ]
}
# Until a look that may have begun before this moment has ended.
looked() {
	wait_until samples $(($(wc -l <"$world/samples") + 2))
}
sis unshare -a
calls >/dev/null
watch_commands &
watcher=$!
trap 'kill $watcher 2>/dev/null; cleanup' EXIT
bash -c 'read -r <"$1"' "$second" <(wait_until test -e "$world/seen")
[ -e "$world/seen" ]
verdict $? "who looks at command lines sees a secret in one"
looked
rm "$world/seen"
for ((i = 0; i < 5; i++)); do
	sis share -a
	sis unshare -a
done
looked
kill "$watcher"
wait "$watcher" 2>/dev/null
[ ! -e "$world/seen" ] && [ -z "$(calls)" ]
verdict $? "over the socket none is seen while shares come and go"
done_testing
