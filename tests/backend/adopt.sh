#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Taking over targets: there and back for what the program itself makes, and what people make by
# hand. Nothing live changes, and made again it is the same.
# usage: adopt.sh stgt|scst|iet|lio [BUILD]
#
# shellcheck disable=SC2317,SC2154 # parts are called by name; $foreign is the adapter's
# shellcheck source=tests/backend/lib.sh
. "$(dirname "$0")/lib.sh"

x=iqn.2001-04.com.example:x
i=iqn.2001-04.com.example:i

# Value of the property, and how it reads when it comes back where that is not the same.
values() {
	cat <<-EOF
	on
	name=$x
	lun=5
	iomode=ro
	name=$prefix:tank.v1 on
	EOF
	case $backend in
	stgt) cat <<-EOF ;;
		iomode=rdwr on
		iomode=wt
		iomode=aio
		blocksize=4096
		initiator=10.0.0.1;10.1.0.0/16
		EOF
	scst) cat <<-EOF ;;
		iomode=wb on
		iomode=wt
		blocksize=512
		portal=127.0.0.1 portal=127.0.0.1:3260
		initiator=$i
		initiator=$i:*;$i=ro initiator=$i=ro;$i:*
		EOF
	iet) cat <<-EOF ;;
		iomode=wb
		initiator=$i;10.0.0.0/8;$i:*
		EOF
	lio) cat <<-EOF ;;
		iomode=wb
		blocksize=4096
		portal=127.0.0.1 portal=127.0.0.1:3260
		initiator=$i
		initiator=$i;$i.ro=ro
		EOF
	esac
}

# As if this tool had never been here.
forget() {	# NAME
	rm -rf "$root/run/shareiscsi/$backend"
	setfattr -x user.org.zfsonlinux:shareiscsi "$world/pool/$1"
	setfattr -x user.org.zfsonlinux:shareiscsi:identity "$world/pool/$1"
}

# IET tells no serial numbers, and that is said.
expect_adopted() {	# WHAT
	if [ "$backend" = iet ]; then
		expect_status 0 "$1"
		[[ $err == *"IET does not tell the serial number of LUN"* ]]
		verdict $? "$1: says what IET does not tell"
	else
		expect_quiet 0 "$1"
	fi
}

part_round_trip() {
	local value back before
	volume tank/v1 16M
	while read -r value back; do
		set_property tank/v1 "$value"
		sis share tank/v1
		expect_quiet 0 "$value: share"
		before=$(everything)
		forget tank/v1
		changes >/dev/null
		sis adopt tank/v1
		expect_adopted "$value: adopt"
		same "$value: adopt"
		is "$value: the target is as it was" "$before" "$(everything)"
		is "$value: comes back" "${back:-$value}" "$(attribute tank/v1 shareiscsi)"
		! grep -q 'serial=\|t10=\|naa=\|product=\|unmap=' <<<"$(identity tank/v1)"
		verdict $? "$value: nothing of it is not ours"
		settled "$value"
		sis unshare tank/v1
		sis share tank/v1
		is "$value: made again it is the same" "$before" "$(everything)"
		changes >/dev/null
		sis unshare tank/v1
		forget tank/v1
	done < <(values)
}

# What initiators see of a LUN: with what the target was told, and what it chose itself.
ids() {	# IQN LUN
	local what
	for what in serial naa blocksize readonly size; do
		lun_is "$1" "$2" "$what"
	done
	[ "$backend" != scst ] || ids_of_scst "$@"
}

ids_of_scst() {	# IQN LUN
	head -qn 1 "$(device "$1" "$2")"/{t10_dev_id,naa_id,prod_id}
}

part_by_hand() {
	local before seen
	volume tank/v1 16M
	foreign_target "$x" "$pool/v1"
	before=$(everything)
	seen=$(ids "$x" "$first_lun")
	changes >/dev/null
	sis adopt -n "$x"
	expect_status 3 "dry run"
	sis adopt "$x"
	expect_adopted "adopt what was made by hand"
	same "adopt what was made by hand"
	is "the target is as it was" "$before" "$(everything)"
	settled "what was made by hand"
	[ "$backend" != iet ] || return 0
	sis unshare tank/v1
	expect_quiet 0 "it is ours"
	is "and goes" "" "$(targets)"
	sis share tank/v1
	is "made again it is the same for initiators" "$seen" "$(ids "$x" "$first_lun")"
	changes >/dev/null
}

part_scst_group() {
	local before
	[ "$backend" = scst ] || return 0
	volume tank/v1 16M
	foreign_target "$x" "$pool/v1"
	put "create allowed" "targets/iscsi/$x/ini_groups/mgmt"
	put "add foreign$foreign 0" "targets/iscsi/$x/ini_groups/allowed/luns/mgmt"
	put "add $i" "targets/iscsi/$x/ini_groups/allowed/initiators/mgmt"
	changes >/dev/null
	refused 1 "it has the access group 'allowed' beside other groups or LUNs for everyone" \
		"a group beside LUNs for everyone" adopt "$x"
	put "del 0" "targets/iscsi/$x/luns/mgmt"
	changes >/dev/null
	before=$(everything)
	sis adopt "$x"
	expect_quiet 0 "adopt with an access group"
	is "the group is the access list" "name=$x,blocksize=512,initiator=$i" \
		"$(attribute tank/v1 shareiscsi)"
	same "adopt with an access group"
	is "the target is as it was" "$before" "$(everything)"
	settled "with an access group"
	is "who may log in" "$i" "$(rules "$x")"
	set_property tank/v1 "name=$x,blocksize=512,initiator=$i;$i.more"
	does "another initiator" sync
	is "may log in, too" "$i $i.more" "$(rules "$x")"
	set_property tank/v1 "name=$x,blocksize=512,initiator=$i;$i.more=ro"
	refused 1 "the group 'allowed' that target '$x' was taken over with stands before one for reading only" \
		"reading only beside a group" sync
	set_property tank/v1 "name=$x,blocksize=512,iomode=ro,initiator=$i"
	does "another device" sync
	is "who may log in stays" "$i=ro" "$(rules "$x")"
	set_property tank/v1 "name=$x,blocksize=512"
	does "for everyone" sync
	set_property tank/v1 "name=$x,blocksize=512,initiator=$i.new"
	does "for a new one" sync
	is "who may log in is the new one alone" "$i.new:" \
		"$(rules "$x"):$(ls "$tree/targets/iscsi/$x/ini_groups" | grep allowed)"
	sis unshare tank/v1
	forget tank/v1
	foreign_target "$x" "$pool/v1"
	put 16 "targets/iscsi/$x/QueuedCommands"
	changes >/dev/null
	refused 1 "its QueuedCommands is '16', which this tool cannot say" "a queue depth" adopt "$x"
	foreign_gone "$x"
	changes >/dev/null
}

# SECRET of [door], by which one gets in; the other entries are wrong ones.
write_secrets() {	# SECRET
	mkdir -p "$root/etc/shareiscsi"
	(umask 077 && printf '%s\n' '[door]' 'user = joe' "password = $1" 'mutual-user = disk' \
		'mutual-password = secretsecret56' '[other]' 'user = jim' "password = $1" '[half]' 'user = joe' \
		"password = $1" >"$root/etc/shareiscsi/secrets")
}

# Keeps what is said, to look for secrets in it.
tell() {	# VERB...
	sis "$@"
	printf '%s\n' "$out" "$err" >>"$world/said"
}

# Users are told by targets, and their secrets by some; which ones they are is said with their name.
part_chap() {
	[ "$backend" != stgt ] || return 0 # there they are no target's
	volume tank/v1 16M
	foreign_target "$x" "$pool/v1"
	foreign_chap "$x" joe secretsecret12 disk secretsecret56
	changes >/dev/null
	refused 1 "it asks for CHAP (user 'joe'): put the credentials into /etc/shareiscsi/secrets and name them with -o auth=NAME" \
		"CHAP without -o" adopt "$x"
	refused 1 "there is no '$root/etc/shareiscsi/secrets'" "no file of secrets" adopt -o auth=door "$x"
	write_secrets secretsecret12
	refused 1 "CHAP user: joe" "another user" adopt -o auth=other "$x"
	refused 1 "CHAP user: joe (mutual: disk), should be joe with the secret of auth=half" "without the mutual one" adopt -o auth=half "$x"
	refused 1 "has no entry [none]" "an entry that is not there" adopt -o auth=none "$x"
	if [ "$backend" != iet ]; then
		write_secrets secretsecret34
		refused 1 "with the secret of auth=door" "another secret" adopt -o auth=door "$x"
		write_secrets secretsecret12
	fi
	tell adopt -n -v -o auth=door "$x"
	expect_status 3 "CHAP: dry run"
	tell adopt -n -j -o auth=door "$x"
	tell adopt -v -o auth=door "$x"
	expect_status 0 "adopt with -o auth=NAME"
	same "adopt with -o auth=NAME"
	grep -qx "auth=door" <<<"$(attribute tank/v1 shareiscsi | tr ',' '\n')"
	verdict $? "the property names the entry"
	settled "with CHAP"
	is "the users are as they were" "joe mutual:disk" "$(chap "$x")"
	write_secrets secretsecret34
	tell plan -v
	[ "$status" -eq 3 ]
	verdict $? "a secret that changed is noticed"
	tell sync -v
	lets_in "$x" joe secretsecret34 && ! lets_in "$x" joe secretsecret12 && ! lets_in "$x"
	verdict $? "it is the new one that lets in"
	tell status -j
	[ -s "$world/said" ] && ! grep -rF secretsecret "$world/said" "$root/run/shareiscsi" &&
		[[ $(identity tank/v1) != *secretsecret* ]]
	verdict $? "no secret is said, nor remembered"
	sis unshare tank/v1
	rm -r "$root/etc/shareiscsi" "$world/said"
	changes >/dev/null
}

# Several may stand in a target there; the property has a word for one.
part_several_users() {
	case $backend in scst | iet) ;; *) return 0 ;; esac
	volume tank/v1 16M
	foreign_target "$x" "$pool/v1"
	foreign_chap "$x" joe secretsecret12
	foreign_chap "$x" jim secretsecret12
	write_secrets secretsecret12
	changes >/dev/null
	refused 1 "CHAP user" "several users" adopt -o auth=half "$x"
	rm -r "$root/etc/shareiscsi"
	foreign_gone "$x"
	changes >/dev/null
}

part_iet_beyond() {
	local file
	[ "$backend" = iet ] || return 0
	volume tank/v1 16M
	foreign_target "$x" "$pool/v1"
	for file in initiators.allow initiators.deny targets.allow; do
		echo "$x 192.0.2.0/24" >"$root/etc/$file"
		changes >/dev/null
		refused 1 "$file has a line about it that others wrote" "a line in $file" adopt "$x"
		rm "$root/etc/$file"
	done
	adm --op update --tid "$(tid_of "$x")" --params QueuedCommands=64
	changes >/dev/null
	refused 1 "it has the parameter QueuedCommands=64" "a queue depth" adopt "$x"
	adm --op update --tid "$(tid_of "$x")" --params QueuedCommands=32
	foreign_gone "$x"
	changes >/dev/null
}

new_world
part part_round_trip
part part_by_hand
part part_scst_group
part part_chap
part part_several_users
part part_iet_beyond
done_testing
