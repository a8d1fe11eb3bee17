# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Sharing over the real LIO, killed after every change and with every change failing (tests/backend/interrupted.sh).
# disk: 1G
# limit: 1500

load_lio
make_files
backend_list interrupted lio
