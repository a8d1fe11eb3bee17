# SPDX-License-Identifier: MPL-2.0
"""What the benchmarks of all targets share: running and timing, and collecting of results."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

VALUE = "user.org.zfsonlinux:shareiscsi"


class Failed(Exception):
    """Something that is measured did not do its work: its time would mean nothing."""


class Bench:
    """Runs commands, keeps their times."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.work = tempfile.mkdtemp(prefix="shareiscsi-bench.")
        self.env = dict(os.environ)
        self.samples = {}  # (target, case, count, who) -> [seconds]
        self.peaks = {}  # the same -> kB
        self.busy = {}  # the same -> [seconds with a processor]
        self.notes = []  # what was not measured, or not all of it, and why

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def program(self, name):
        return os.path.join(self.build, name)

    def add(self, key, seconds, peak=None):
        self.samples.setdefault(key, []).append(seconds)
        if peak is not None:
            self.peaks[key] = max(peak, self.peaks.get(key, 0))

    def skip(self, target, case, count, who, why):
        note = {"target": target, "case": case, "count": count, "who": who, "why": why}
        if note not in self.notes:
            self.notes.append(note)

    def call(self, argv, fine=(0,)):
        """Runs a command that is not measured; its output."""
        done = subprocess.run(argv, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode not in fine:
            raise Failed(f"{' '.join(argv)[:200]}: exit {done.returncode}: {done.stderr[:500]}")
        return done.stdout

    def measure(self, key, argv):
        """Runs a command and keeps its time and memory."""
        result = os.path.join(self.work, "result")
        log = os.path.join(self.work, "log")
        with open(log, "w", encoding="utf-8") as out:
            subprocess.run([self.program("bench/measure"), result] + argv, env=self.env,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True)
        with open(result, encoding="ascii") as text:
            nanoseconds, busy, peak, status = (int(word) for word in text.read().split())
        if status != 0:
            with open(log, encoding="utf-8", errors="replace") as text:
                raise Failed(f"{' '.join(argv)[:200]}: exit {status}: {text.read()[:500]}")
        self.add(key, nanoseconds / 1e9, peak)
        self.busy.setdefault(key, []).append(busy / 1e6)

    def floor(self, key, socket, plan):
        """Does what a plan says, with nothing beside it."""
        done = subprocess.run([self.program("bench/floor"), socket], input=plan,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"floor: {done.stderr[:500]}")
        self.add(key, int(done.stdout) / 1e9)

    def median(self, *key):
        return statistics.median(self.samples[key]) if key in self.samples else None

    def rows(self):
        for key, seconds in self.samples.items():
            target, case, count, who = key
            base = self.median(target, case, count, "floor")
            middle = statistics.median(seconds)
            yield {
                "target": target, "case": case, "count": count, "who": who,
                "seconds": round(middle, 6), "min": round(min(seconds), 6),
                "max": round(max(seconds), 6), "runs": len(seconds),
                "cpu_seconds": round(statistics.median(self.busy[key]), 6)
                if key in self.busy else None,
                "peak_kb": self.peaks.get(key),
                "times_floor": round(middle / base, 2) if base and who != "floor" else None,
            }


def say(text):
    print(text, file=sys.stderr, flush=True)
