#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The way from the front ends to the real zfs, played by a script: what is handed over, and how.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/front.sh
. "$(dirname "$0")/front.sh"
new_world
new_front
unset SHAREISCSI_STORE
real=$root/usr/sbin

# Notes its words, one line a call, and the pid; then does what the world says: $world/answer is run.
cat >"$real/zfs" <<'END'
#!/bin/bash
world=${0%/root/usr/sbin/*}
if [ $# -gt 0 ]; then printf '%s|' "$@"; fi >>"$world/calls"
echo >>"$world/calls"
env | sort >"$world/env"
echo $$ >"$world/pid"
if [ -e "$world/answer" ]; then . "$world/answer"; fi
END
chmod 755 "$real/zfs"
cp "$real/zfs" "$real/zpool"

answer() {	# bash commands on stdin
	cat >"$world/answer"
}

# The calls since the last time.
words() {
	cat "$world/calls"
	: >"$world/calls"
}

# ---- handed over ----

i=0
while read -r line; do
	eval "set -- $line"
	z "$@"
	is "untouched: $line" "$([ $# -eq 1 ] || printf '%s|' "${@:2}")" \
		"$(words | grep -v '^get|-H|-o|value|type|')" # it may ask what a dataset is
	i=$((i + 1))
done <<'END'
zfs
zfs version
zfs --version
zfs -?
zfs help set
zfs send -R tank@a
zfs receive -o org.zfsonlinux:shareiscsi=off tank/b
zfs snapshot -r tank@a
zfs get -Hp -o name,value used,type tank
zfs get
zfs get -Z shareiscsi tank
zfs list -t all -o name,used
zfs set compression=on org.example:x=shareiscsi=on tank
zfs set quota=1G
zfs inherit -r compression tank
zfs destroy tank@a
zfs destroy -r tank@a,b%c
zfs destroy tank#b
zfs destroy -nv tank/v
zfs destroy
zfs rename tank@a tank@b
zfs rename -r tank@a @b
zfs rollback tank@a
zfs share tank
zfs share -a nfs
zfs unshare /tank
zfs mount -a
zfs create -o compression=on tank/fs
zfs create "tank/a b"
zfs create '-V' 1G -Y tank/v
zfs allow -u joe userprop tank
zfs '' x
zpool
zpool status -v
zpool import
zpool import -d /dev
zpool create -o ashift=12 tank mirror a b
zpool scrub tank
zpool export
END
[ "$i" -gt 30 ]
verdict $? "all lines were tried"

"$world/bin/zfs" send a &
wait $!
is "it takes our place: no process is left between" $! "$(cat "$world/pid")"
export SECRET_OF_TEST=kept
env -u _ "$world/bin/zfs" send a
[ "$(grep -c '^SECRET_OF_TEST=kept$' "$world/env")" -eq 1 ] && grep -q '^SHAREISCSI_ROOT=' "$world/env"
verdict $? "the environment is its own"
answer <<<'exit 255'
z zfs send a
expect_status 255 "an exit status of its own"
z zfs set shareiscsi=off tank/v
expect_status 255 "the same when it was waited for"
answer <<<'kill -TERM $$'
z zfs set shareiscsi=off tank/v
expect_status 143 "ended by a signal: 128 and its number"
answer <<<'cat'
out=$(echo from stdin | "$world/bin/zfs" create -V 1G tank/v)
is "it reads what was for it" "from stdin" "$out"

# ---- translated ----

answer <<<':'
translated() {	# WORDS-LEFT WHAT COMMAND...
	: >"$world/calls"
	z "${@:2}"
	grep -qxF -- "$1" "$world/calls" && ! grep -qE '(^|[|])shareiscsi=' "$world/calls"
	verdict $? "translated: ${*:2}"
}
translated 'set|org.zfsonlinux:shareiscsi=on|tank/v|' zfs set shareiscsi=on tank/v
translated 'org.zfsonlinux:shareiscsi=on|tank/v|' zfs shareiscsi=on tank/v
translated 'set|a:b=1|org.zfsonlinux:shareiscsi=lun=3|c:d=shareiscsi|tank/v|tank/w|' \
	zfs set a:b=1 shareiscsi=lun=3 c:d=shareiscsi tank/v tank/w
translated 'create|-oorg.zfsonlinux:shareiscsi=on|-o|compression=on|tank/fs|' \
	zfs create -oshareiscsi=on -o compression=on tank/fs
translated 'clone|-po|org.zfsonlinux:shareiscsi=off|tank@a|tank/b|' \
	zfs clone -po shareiscsi=off tank@a tank/b
translated 'list|-Ho|name,used|-sorg.zfsonlinux:shareiscsi|-S|name|' \
	zfs list -Ho name,used -sshareiscsi -S name
translated 'create|-f|-O|org.zfsonlinux:shareiscsi=on|-O|a:b=1|tank|disk|' \
	zpool create -f -O shareiscsi=on -O a:b=1 tank disk
z zpool create -O shareiscsi=abc tank disk
expect_refused 1 "cannot create 'tank': 'shareiscsi'" "zpool create with a bad value"
for prop in iscsioptions stmf_sbd_lu; do
	words >/dev/null
	z zfs inherit $prop tank/v
	expect_refused 1 "crashes the kernel" "inherit $prop"
	is "inherit $prop never reaches zfs" "" "$(words)"
done

# ---- what it prints ----

answer <<'END'
case "$*" in
get*) printf '{"output_version":{"command":"zfs get","vers_major":0,"vers_minor":1},"datasets":{%s,%s}}\n' \
	'"tank/v":{"name":"tank/v","type":"VOLUME","pool":"tank","createtxg":"18","properties":{"type":{"value":"volume"},"org.zfsonlinux:shareiscsi":{"value":"lun=3/4","source":{"type":"LOCAL","data":"-"}},"guid":{"value":18446744073709551615}}}' \
	'"tank":{"name":"tank","type":"FILESYSTEM","properties":{"org.zfsonlinux:shareiscsi":{"value":"-","source":{"type":"NONE","data":"-"}}}}' ;;
esac
END
z zfs get --json shareiscsi
is "JSON: named and shown as one of its own" '{"output_version":{"command":"zfs get","vers_major":0,"vers_minor":1},"datasets":{"tank/v":{"name":"tank/v","type":"VOLUME","pool":"tank","createtxg":"18","properties":{"type":{"value":"volume"},"shareiscsi":{"value":"lun=3/4","source":{"type":"LOCAL","data":"-"}},"guid":{"value":18446744073709551615}}},"tank":{"name":"tank","type":"FILESYSTEM","properties":{"shareiscsi":{"value":"off","source":{"type":"DEFAULT","data":"-"}}}}}}' "$out"
answer <<<'printf "{\"datasets\":{\"ta"'
z zfs get -j shareiscsi
is "JSON that zfs cut off is shown as it came" '{"datasets":{"ta' "$out"
answer <<<'echo nonsense'
z zfs get shareiscsi tank
is "an answer that is none is shown as it came" nonsense "$out"
is "and asked for by the stored name" 'get|org.zfsonlinux:shareiscsi|tank|' "$(words | tail -n 1)"
z zfs list -o name,shareiscsi
is "the same for list" nonsense "$out"
answer <<<'echo "bad option" >&2; exit 2'
z zfs get -r shareiscsi tank
is "a complaint of its own is said once" "2 bad option" "$status $err"
printf 'nonsense\n' >"$root/etc/shareiscsi.conf"
answer <<<'echo fine'
z zfs send a
is "a configuration that cannot be read is no matter" "0 fine " "$status $out $err"
z zfs rename tank/a tank/b
is "nor for what has a share to release" "0 fine" "$status $out"
printf '[general]\nstore = dir:%s\n' "$world/pool" >"$root/etc/shareiscsi.conf"
z zfs list -Ho name
is "the configuration chooses the store" tank "$out"
rm "$root/etc/shareiscsi.conf"

# ---- never itself ----

for how in "ln -s" "ln" "cp"; do
	rm "$real/zfs"
	# shellcheck disable=SC2086 # a command with its option
	$how "$(realpath "$program")" "$real/zfs" 2>/dev/null || cp "$(realpath "$program")" "$real/zfs"
	z zfs send a
	expect_refused 1 "no program 'zfs'" "never itself, made by $how"
done
mkdir -p "$root/usr/local/sbin"
printf '#!/bin/sh\necho found "$@"\n' >"$root/usr/local/sbin/zfs"
chmod 755 "$root/usr/local/sbin/zfs"
z zfs send a
is "it looks further" "found send a" "$out"
done_testing
