# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Sharing over the real LIO, killed after every fourth change and with every fourth failing; all: long/interrupted-lio.
# disk: 1G
# limit: 1200

load_lio
make_files
EVERY=4 backend_list interrupted lio
