# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: The same storm with 500 volumes.
# init: systemd
# limit: 5400
# processors: 2

STORM=500
# shellcheck source=tests/vm/cases/zed-storm.sh
. "$REPO/tests/vm/cases/zed-storm.sh"
