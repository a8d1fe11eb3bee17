# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: Sharing over the real LIO, killed after every change and with every change failing (tests/backend/interrupted.sh).
# limit: 1500

LIST=interrupted
. tests/vm/cases/conformance-lio.sh
