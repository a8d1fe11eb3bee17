# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The list of what sharing means (tests/backend/conformance.sh) on the real LIO, over volumes that are files; taking over CHAP.
# disk: 1G
# limit: 1200

load_lio
make_files
backend_list conformance lio
PARTS=chap backend_list adopt lio
