# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Taking over targets of the real LIO, whatever a property can say of them (tests/backend/adopt.sh).
# disk: 1G
# limit: 1200

load_lio
make_files
backend_list adopt lio
