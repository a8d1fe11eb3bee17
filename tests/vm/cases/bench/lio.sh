# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# what: How long shareiscsi, targetcli and the floor need on LIO; see bench/bench.py.
# processors: 2
# limit: 3600

make_pool tank 8G
load_lio
mkdir -p /run/dbus
dbus-daemon --system --fork
python3 -B "$REPO/bench/bench.py" lio --build "$BUILD" --out /run/vm --machine '2 processors, emulated'
