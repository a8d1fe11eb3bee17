#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Measures shareiscsi against what people use instead and against the floor; see `make bench`.

The floor is a program that knows all requests in advance and sends them back to back. All that is
compared is measured in one run on one machine, by turns; medians count.
"""
import argparse
import json
import os
import sys

import lio
import plot
import stgt
from common import Bench, say

# What is run: sizes, rounds, and up to which size the slow ones are asked.
CHOICES = {
    "full": {"sizes": [10, 100, 200, 1000, 5000, 10000], "runs": 5, "big_runs": 1, "slow_runs": 3,
             "front_runs": 200,
             "limits": {"tgtadm": 1000, "tgt-admin": 200, "tgt-admin update": 100,
                        "unshare-all": 1000}},
    "quick": {"sizes": [10, 100], "runs": 3, "big_runs": 1, "slow_runs": 1, "front_runs": 50,
              "limits": {"tgtadm": 100, "tgt-admin": 10, "tgt-admin update": 10,
                         "unshare-all": 1000}},
    "tiny": {"sizes": [2, 3], "runs": 1, "big_runs": 1, "slow_runs": 1, "front_runs": 3,
             "limits": {"tgtadm": 2, "tgt-admin": 2, "tgt-admin update": 2, "unshare-all": 3}},
    "lio": {"sizes": [10, 100, 1000], "runs": 3, "big_runs": 1,
            "limits": {"targetcli restoreconfig": 100, "targetcli one-shot": 100}},
}

CASES = {
    "share-new": "share -a, first time",
    "share-all": "share -a",
    "sync": "sync, nothing to do",
    "one-more-new": "share one more, first time",
    "one-more": "share one more",
    "unshare-one": "unshare one",
    "unshare-all": "unshare -a",
    "hand-over": "a command handed over to zfs",
}


def value(rows, target, case, count, who, field="seconds"):
    for row in rows:
        if (row["target"], row["case"], row["count"], row["who"]) == (target, case, count, who):
            return row[field]
    return None


def goal(out, text, measured, limit, at_least=False):
    if measured is not None:
        met = measured >= limit if at_least else measured <= limit
        out.append({"goal": text, "limit": limit, "measured": round(measured, 3), "met": met})


def ratio(a, b):
    return a / b if a is not None and b else None


def goals(rows):
    """What was aimed at, as far as this run measured it."""
    out = []

    def of(*key, who="shareiscsi"):
        return value(rows, *key, who)

    goal(out, "tgtd, share -a of 1,000: times the floor",
         ratio(of("stgt", "share-all", 1000), of("stgt", "share-all", 1000, who="floor")), 1.3)
    goal(out, "tgtd, share -a of 200: times faster than tgt-admin",
         ratio(of("stgt", "share-all", 200, who="tgt-admin"), of("stgt", "share-all", 200)), 100,
         at_least=True)
    goal(out, "tgtd, sync of 1,000 with nothing to do: part of their first share",
         ratio(of("stgt", "sync", 1000), of("stgt", "share-new", 1000)), 0.05)
    goal(out, "tgtd, one more share with 5,000 present: times that with 10",
         ratio(of("stgt", "one-more", 5000), of("stgt", "one-more", 10)), 1.3)
    peaks = [row["peak_kb"] for row in rows
             if row["who"] == "shareiscsi" and row["count"] == 10000 and row["peak_kb"]]
    goal(out, "tgtd, 10,000 volumes: peak memory, MiB", max(peaks) / 1024 if peaks else None, 32)
    front = value(rows, "front", "hand-over", 1, "zfs front end")
    if front is not None:
        goal(out, "what the zfs front end adds, ms",
             (front - value(rows, "front", "hand-over", 1, "floor")) * 1000, 2)
    goal(out, "LIO, share -a of 100: times the floor",
         ratio(of("lio", "share-all", 100), of("lio", "share-all", 100, who="floor")), 1.5)
    goal(out, "LIO, share -a of 100: times faster than targetcli one-shot",
         ratio(of("lio", "share-all", 100, who="targetcli one-shot"), of("lio", "share-all", 100)),
         100, at_least=True)
    return out


def seconds(number):
    if number >= 1:
        return f"{number:.2f} s"
    return f"{number * 1000:.1f} ms" if number >= 0.01 else f"{number * 1000:.2f} ms"


def print_table(result):
    line = "{:<6} {:>6}  {:<36} {:<23} {:>10} {:>9} {:>9} {:>4}"
    print(line.format("target", "count", "case", "who", "median", "x floor", "peak kB", "runs"))
    order = list(CASES)
    for row in sorted(result["results"], key=lambda r: (r["target"], order.index(r["case"]),
                                                        r["count"])):
        times = row["times_floor"]
        print(line.format(row["target"], row["count"], CASES[row["case"]], row["who"],
                          seconds(row["seconds"]), "" if times is None else times,
                          row["peak_kb"] or "", row["runs"]))
    print("\nnot measured, or not all of it:")
    for note in result["notes"]:
        print(f"  {note['target']} {note['count']} {CASES[note['case']]}, {note['who']}: "
              f"{note['why']}")
    print("\ngoals:")
    for item in result["goals"]:
        print(f"  {'met   ' if item['met'] else 'MISSED'} {item['goal']}: {item['measured']} "
              f"(limit {item['limit']})")


def measure(args):
    choice = dict(CHOICES[args.choice])
    if args.sizes:
        choice["sizes"] = [int(word) for word in args.sizes.split(",")]
    if args.runs:
        choice["runs"] = args.runs
    bench = Bench(args.build)
    try:
        module = lio if args.choice == "lio" else stgt
        module.run(bench, choice["sizes"], choice)
        return list(bench.rows()), bench.notes
    finally:
        bench.close()


def main():
    parser = argparse.ArgumentParser(description="Measure shareiscsi.")
    parser.add_argument("choice", choices=list(CHOICES), help="what to measure")
    parser.add_argument("--build", default="build", help="the build folder")
    parser.add_argument("--out", required=True, help="folder for CHOICE.json and CHOICE.svg")
    parser.add_argument("--sizes", help="numbers of volumes, separated by commas")
    parser.add_argument("--runs", type=int, help="rounds of what is fast")
    parser.add_argument("--machine", default=f"{os.cpu_count()} processors",
                        help="how the machine is to be described")
    args = parser.parse_args()
    if os.geteuid() != 0:
        say("bench: needs root: targets serve only root")
        return 1
    rows, notes = measure(args)
    result = {"machine": args.machine, "choice": args.choice, "results": rows, "notes": notes,
              "goals": goals(rows)}
    os.makedirs(args.out, exist_ok=True)
    name = os.path.join(args.out, args.choice)
    with open(name + ".json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    with open(name + ".svg", "w", encoding="utf-8") as file:
        file.write(plot.draw(rows, CASES))
    print_table(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
