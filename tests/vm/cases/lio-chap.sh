# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Who may connect to LIO: CHAP one way and mutual, by libiscsi and open-iscsi; rules and secrets that change while in use.
# limit: 400

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id
iqn=iqn.2010-09.org.example:tank.v
me=$(sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi)
tpg=/sys/kernel/config/target/iscsi/$iqn/tpgt_1
mkdir -p /etc/shareiscsi
make_pool tank
make_volume tank/v 16M

sis() {
	shareiscsi --backend lio "$@"
}
prop() {
	command -p zfs set "org.zfsonlinux:shareiscsi=$1" tank/v
}
in_sync() {
	sis plan >/tmp/steps || fail "$1: still to do: $(cat /tmp/steps)"
}
follows() { # VALUE [OPTION]
	prop "$1"
	sis sync "${@:2}"
	in_sync "$1"
}
sees() { # INITIATOR [USER%SECRET@] [?target_user=...]
	iscsi-inq -i "$1" "iscsi://${2-}127.0.0.1/$iqn/0${3-}" >/tmp/inq 2>&1
}
refuses() { # INITIATOR WHAT [USER%SECRET@]
	if sees "$1" "${3-}"; then
		fail "$2 can log in"
	fi
}
sessions() {
	cat /sys/kernel/config/target/iscsi/$iqn/fabric_statistics/iscsi_instance/sessions
}
secrets() { # SECRET [MUTUAL]
	printf '[one]\nuser = joe\npassword = %s\n' "$1" >/etc/shareiscsi/secrets
	[ -z "${2-}" ] || printf 'mutual-user = disk\nmutual-password = %s\n' "$2" >>/etc/shareiscsi/secrets
	chmod 600 /etc/shareiscsi/secrets
}
other=iqn.2020-01.org.example:other

say 'no secret, no share; and what is shared stays'
prop auth=one
! sis share tank/v 2>/tmp/err || fail 'shared without a secrets file'
grep -q secrets /tmp/err
[ ! -e $tpg ]

say 'open to everyone who knows the secret'
secrets a-secret-of-joe
sis -v plan >/tmp/plan 2>&1 || true
! grep -r a-secret /tmp/plan || fail 'the plan shows the secret'
grep -q '\*\*\*\*' /tmp/plan
sis -v share tank/v >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
! grep a-secret /tmp/out || fail 'share shows the secret'
in_sync auth=one
sees "$other" joe%a-secret-of-joe@ || fail "the right secret: $(cat /tmp/inq)"
refuses "$other" 'the wrong secret' joe%a-secret-of-jim@
refuses "$other" 'the wrong user' jim%a-secret-of-joe@
refuses "$other" 'no secret'

say 'open-iscsi, one way'
start_iscsid
iscsiadm -m discovery -t sendtargets -p 127.0.0.1 >/dev/null
node() {
	iscsiadm -m node -T $iqn -p 127.0.0.1:3260 "$@"
}
auth() { # NAME VALUE
	node -o update -n "node.session.auth.$1" -v "$2"
}
auth authmethod CHAP
auth username joe
auth password a-secret-of-jim
! node --login >/dev/null 2>&1 || fail 'open-iscsi logs in with the wrong secret'
auth password a-secret-of-joe
node --login >/dev/null

say 'a new secret is for the next login, the session stays'
secrets another-of-joe
! sis plan >/tmp/plan || fail 'a new secret is no difference'
! grep another-of-joe /tmp/plan || fail 'the plan shows the secret'
sis sync
in_sync 'another secret'
expect_eq "$(sessions)" 1 'sessions'
refuses "$other" 'the old secret' joe%a-secret-of-joe@
sees "$other" joe%another-of-joe@ || fail "the new secret: $(cat /tmp/inq)"

say 'what somebody changes in the tree is put right'
printf tampered-with >$tpg/auth/password
! sis plan >/dev/null || fail 'another secret in the tree is no difference'
sis sync
sees "$other" joe%another-of-joe@ || fail "after the repair: $(cat /tmp/inq)"

say 'rules beside the secret; who is logged in and allowed stays'
follows "initiator=$me;$other=ro,auth=one"
expect_eq "$(sessions)" 1 'sessions'
refuses iqn.2020-01.org.example:third 'a third one' joe%another-of-joe@
refuses "$other" 'one of the list without secret'
sees "$other" joe%another-of-joe@ || fail "one of the list: $(cat /tmp/inq)"

say 'rules that shut out who is logged in need force, and end that session'
prop "initiator=$other,auth=one"
status=0
sis sync 2>/tmp/err || status=$?
expect_eq "$status" 4 "$(cat /tmp/err)"
grep -q "$me" /tmp/err
expect_eq "$(sessions)" 1 'sessions'
follows "initiator=$other,auth=one" -f
expect_eq "$(sessions)" 0 'sessions'
refuses "$me" 'who was shut out' joe%another-of-joe@
node --logout >/dev/null 2>&1 || true

say 'mutual'
secrets another-of-joe that-of-the-disk
follows "initiator=$me,auth=one"
auth password another-of-joe
auth username_in disk
auth password_in that-of-a-thief
! node --login >/dev/null 2>&1 || fail 'open-iscsi takes the wrong secret of the target'
auth password_in that-of-the-disk
node --login >/dev/null
expect_eq "$(sessions)" 1 'sessions'

say 'from all that back to none, in use'
follows "auth=one"
expect_eq "$(sessions)" 1 'sessions'
sees "$other" joe%another-of-joe@ || fail "open with a secret: $(cat /tmp/inq)"
refuses "$other" 'open with a secret: none'
follows on
expect_eq "$(sessions)" 1 'sessions'
sees "$other" || fail "without secret: $(cat /tmp/inq)"
! grep -r -e of-joe -e that-of $tpg/auth $tpg/acls/*/auth 2>/dev/null || fail 'secrets are left behind'

say 'and who came in open cannot come back when it is closed'
prop "initiator=$me"
sis sync -f
in_sync "initiator=$me"
refuses "$other" 'who was let in before'

node --logout >/dev/null
sis unshare tank/v
