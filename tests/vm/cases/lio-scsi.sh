# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: What is set on a LUN (read-only, UNMAP, serial number, block size) stands libiscsi's conformance tests, on LIO.
# limit: 600

PATH=$BUILD:$PATH
echo iqn.2010-09.org.example >/etc/iscsi_target_id

# iscsi-test-cu says so where a test fails, and ends well all the same.
conforms() { # VOLUME LUN FAMILY.SUITE...
	local volume=$1 lun=$2 suite
	shift 2
	for suite; do
		iscsi-test-cu -d -f -n -t "$suite" \
			"iscsi://127.0.0.1/iqn.2010-09.org.example:${volume//\//.}/$lun" >/tmp/cu 2>&1 ||
			fail "$suite on $volume: $(cat /tmp/cu)"
		grep -qE '^ *tests +[0-9]+ +[1-9][0-9]* +[1-9][0-9]* +0 +0' /tmp/cu ||
			fail "$suite on $volume ran no test or failed: $(cat /tmp/cu)"
	done
}

make_pool tank
make_volume tank/thin 64M -s
make_volume tank/thick 64M
make_volume tank/readonly 64M -s
make_volume tank/large 64M

prop() {
	command -p zfs set "org.zfsonlinux:shareiscsi=$1" "$2"
}
prop on tank/thin
prop lun=3 tank/thick
prop iomode=ro tank/readonly
prop blocksize=4096 tank/large
shareiscsi --backend lio share -a
shareiscsi --backend lio plan

say 'a sparse volume offers UNMAP'
conforms tank/thin 0 ALL.Inquiry ALL.ReadCapacity10 ALL.ReadCapacity16 ALL.Unmap

say 'another LUN number'
conforms tank/thick 3 ALL.Inquiry ALL.ReadCapacity16 ALL.Read10

say 'a read-only LUN refuses every way of writing'
before=$(md5sum </dev/zvol/tank/readonly)
conforms tank/readonly 0 ALL.ReadOnly ALL.Inquiry
expect_eq "$(md5sum </dev/zvol/tank/readonly)" "$before" 'the data of the read-only volume'

say 'blocks of 4096 bytes'
conforms tank/large 0 ALL.ReadCapacity10 ALL.ReadCapacity16 ALL.Inquiry
expect_eq "$(iscsi-readcapacity16 iscsi://127.0.0.1/iqn.2010-09.org.example:tank.large/0 |
	sed -n 's/.*[Bb]lock[ _][Ss]ize[^0-9]*//p;s/.*LENGTH IN BYTES[^0-9]*//p' | head -n 1)" 4096 'block size'

shareiscsi --backend lio unshare -a
