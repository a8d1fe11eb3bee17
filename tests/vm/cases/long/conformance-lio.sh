# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The list of what sharing means (tests/backend/conformance.sh) on the real LIO, over volumes that are files.
# limit: 1500

load_lio
# Memory file systems of this kernel have no user attributes.
make_pool files
ln -sfn /proc/self/fd /dev/fd

say 'building the test programs'
cc -O1 -std=gnu17 -D_GNU_SOURCE -o /tmp/initiator tests/cli/initiator.c -liscsi
cc -O1 -std=gnu17 -D_GNU_SOURCE -shared -fPIC -o /tmp/outside.so tests/backend/outside.c

say 'the list'
VM_GUEST=yes TMPDIR=/files SHAREISCSI=$BUILD/shareiscsi INITIATOR=/tmp/initiator PRELOAD=/tmp/outside.so \
	bash tests/backend/${LIST-conformance}.sh lio
