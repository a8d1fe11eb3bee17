#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The benchmark still runs, at its smallest, and what it writes can be read. Looks at no time.
# usage: bench.sh SOURCE BUILD
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root: tgtd serves only the user it runs as"
[ -x /usr/sbin/tgtd ] || skip_all "needs /usr/sbin/tgtd (Debian: package tgt)"
world=$(mktemp -d)
trap 'rm -rf "$world"' EXIT

out=$(python3 -B "$1/bench/bench.py" tiny --build "$2" --out "$world" 2>"$world/err")
verdict $? "the smallest benchmark runs"
err=$(<"$world/err")
for who in shareiscsi floor tgtadm tgt-admin; do
	jq -e --arg who "$who" '.results | any(.who == $who and .case == "share-all" and .seconds > 0)' \
		"$world/tiny.json" >/dev/null
	verdict $? "it measures $who"
done
jq -e '.results | all(.runs > 0 and .min <= .seconds and .seconds <= .max)' "$world/tiny.json" >/dev/null
verdict $? "medians lie between the extremes"
jq -e '[.results[] | select(.who == "shareiscsi") | .case] | unique | length >= 6' "$world/tiny.json" >/dev/null
verdict $? "all that it is to measure is there"
jq -e '.notes | length > 0 and all(.why != "")' "$world/tiny.json" >/dev/null
verdict $? "what is left out has a reason"
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$world/tiny.svg"
verdict $? "the plot is well formed"
[[ $out == *"share -a"* && $out == *"goals:"* ]]
verdict $? "the table is printed"

done_testing
