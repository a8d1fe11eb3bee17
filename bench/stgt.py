# SPDX-License-Identifier: MPL-2.0
"""tgtd: a private one on a loopback port, volumes in a folder; against tgtadm and tgt-admin."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from common import VALUE, say

PREFIX = "iqn.2010-09.org.zfsonlinux"
PATIENCE = 30  # seconds for tgtd to answer, or to end


class World:
    """A root, a pool of the dir store and a tgtd, in memory where that keeps attributes."""

    def __init__(self, bench, count):
        self.bench = bench
        self.top = tempfile.mkdtemp(prefix="shareiscsi-bench.", dir=in_memory())
        self.root = os.path.join(self.top, "root")
        self.tank = os.path.join(self.top, "pool", "tank")
        self.socket = os.path.join(self.top, "s")
        self.daemon = None
        for name in ("etc", "run", "usr/sbin", "proc/sys/kernel"):
            os.makedirs(os.path.join(self.root, name))
        os.makedirs(self.tank)
        os.symlink("/usr/sbin/tgtadm", os.path.join(self.root, "usr/sbin/tgtadm"))
        self.write("etc/iscsi_target_id", PREFIX + "\n")
        self.write("etc/shareiscsi.conf", "[stgt]\ntransport = socket\n")
        os.setxattr(self.tank, VALUE, b"on")
        self.volumes = [self.volume(f"v{i}") for i in range(1, count + 1)]
        self.more = self.volume("more")
        self.set_more(b"off")
        bench.env["TGT_IPC_SOCKET"] = self.socket

    def close(self):
        self.stop()
        shutil.rmtree(self.top, ignore_errors=True)

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="ascii") as file:
            file.write(text)

    def volume(self, name):
        path = os.path.join(self.tank, name)
        with open(path, "w", encoding="ascii") as file:
            file.truncate(10 << 20)
        return path

    def set_more(self, value):
        os.setxattr(self.more, VALUE, value)

    # One thread a LUN in place of 16: with those, a process cannot have more than 2,000 LUNs
    # (vm.max_map_count).
    def start(self):
        """A new tgtd that has nothing, and nothing remembered."""
        self.stop()
        shutil.rmtree(os.path.join(self.root, "run"))
        os.mkdir(os.path.join(self.root, "run"))
        with open(os.path.join(self.top, "tgtd.log"), "w", encoding="ascii") as log:
            self.daemon = subprocess.Popen(
                ["/usr/sbin/tgtd", "-f", "-t", "1", "--iscsi", "portal=127.0.0.1:0"],
                env=self.bench.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while self.tgtadm("--op", "show", "--mode", "portal", fine=(0, 107)).find("127.0.0.1") < 0:
            if time.monotonic() > end:
                raise TimeoutError("tgtd does not answer")
            time.sleep(0.01)

    def stop(self):  # tgtd ignores SIGTERM
        if self.daemon:
            self.daemon.send_signal(signal.SIGKILL)
            self.daemon.wait(PATIENCE)
            self.daemon = None

    def tgtadm(self, *words, fine=(0,)):
        return self.bench.call(["/usr/sbin/tgtadm"] + list(words), fine)

    def targets(self):
        return ("\n" + self.tgtadm("--op", "show", "--mode", "target")).count("\nTarget ")

    def command(self, verb, *words):
        return [self.bench.program("shareiscsi"), verb, "--root", self.root, "--store",
                "dir:" + os.path.dirname(self.tank), "--backend", "stgt"] + list(words)


def in_memory():
    """Where /run is on a real machine; None (the usual place) where that keeps no attributes."""
    try:
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            os.setxattr(file.name, VALUE, b"on")
        return "/dev/shm"
    except OSError:
        return None


class Contest:
    """All contenders for one number of volumes, by turns."""

    def __init__(self, bench, count, limits):
        self.bench, self.count, self.limits = bench, count, limits
        self.world = World(bench, count)
        self.plans = {}

    def key(self, case, who):
        return ("stgt", case, self.count, who)

    def may(self, who, case):
        """Is it measured at all? If not, the table says why."""
        if who == "tgt-admin" and not os.path.exists("/usr/sbin/tgt-admin"):
            self.bench.skip("stgt", case, self.count, who, "not installed")
        elif self.count > self.limits.get(who, self.count):
            self.bench.skip("stgt", case, self.count, who, "takes too long")
        elif case == "unshare-all" and self.count > self.limits["unshare-all"]:
            self.bench.skip("stgt", case, self.count, who,
                            "tgtd itself needs minutes to delete so many")
        else:
            return True
        return False

    def time(self, case, verb, *words):
        self.bench.measure(self.key(case, "shareiscsi"), self.world.command(verb, *words))

    def learn(self):
        """Plans for the floor and for tgtadm; the first share of all, when nothing is known yet."""
        w = self.world
        w.start()
        # 3: there is something to be done.
        self.plans["share-all"] = self.bench.call(w.command("plan"), (0, 3))
        self.time("share-new", "share", "-a")
        w.set_more(b"on")
        # Before it was ever there: a TID is not given twice, and each contender has a new tgtd.
        self.plans["one-more"] = self.bench.call(w.command("share", "-n", "tank/more"), (0, 3))
        self.time("one-more-new", "share", "tank/more")
        self.plans["unshare-one"] = self.bench.call(w.command("unshare", "-n", "tank/more"), (0, 3))
        self.bench.call(w.command("unshare", "tank/more"))
        self.plans["sync"] = "tgtadm --lld iscsi --op show --mode target\n"
        w.set_more(b"off")
        self.plans["unshare-all"] = self.bench.call(w.command("unshare", "-n", "-a"), (0, 3))

    def run_ours(self):
        w = self.world
        w.start()
        self.time("share-all", "share", "-a")
        self.time("sync", "sync")
        w.set_more(b"on")
        self.time("one-more", "share", "tank/more")
        self.time("unshare-one", "unshare", "tank/more")
        w.set_more(b"off")
        if self.may("shareiscsi", "unshare-all"):
            self.time("unshare-all", "unshare", "-a")
            if w.targets():
                raise RuntimeError("shareiscsi left targets")

    def run_floor(self):
        self.world.start()
        for case in ("share-all", "sync", "one-more", "unshare-one", "unshare-all"):
            if self.may("floor", case):
                self.bench.floor(self.key(case, "floor"), self.world.socket + ".0",
                                 self.plans[case])

    def run_tgtadm(self):
        """The plan as what it is, a shell script of tgtadm commands."""
        self.world.start()
        for case in ("share-all", "sync", "one-more", "unshare-one", "unshare-all"):
            if not self.may("tgtadm", case):
                continue
            script = os.path.join(self.bench.work, "script")
            with open(script, "w", encoding="utf-8") as file:
                file.write("set -e\n" + self.plans[case])
            self.bench.measure(self.key(case, "tgtadm"), ["/bin/sh", script])

    def run_tgt_admin(self):
        w, conf = self.world, os.path.join(self.bench.work, "targets.conf")

        def admin(case, *words):
            self.bench.measure(self.key(case, "tgt-admin"),
                               ["/usr/sbin/tgt-admin", "--conf", conf] + list(words))

        def configure(volumes):
            with open(conf, "w", encoding="utf-8") as file:
                for path in volumes:
                    file.write(f"<target {PREFIX}:tank.{os.path.basename(path)}>\n"
                               f"  backing-store {path}\n</target>\n")

        w.start()
        configure(w.volumes)
        admin("share-all", "--execute")
        configure(w.volumes + [w.more])
        admin("one-more", "--update", f"{PREFIX}:tank.more")
        admin("unshare-one", "--delete", f"{PREFIX}:tank.more")
        if self.count <= self.limits["tgt-admin update"]:
            configure(w.volumes)
            admin("sync", "--update", "ALL")
        else:
            self.bench.skip("stgt", "sync", self.count, "tgt-admin", "takes too long")
        admin("unshare-all", "--delete", "ALL")

    def run(self, runs, slow_runs):
        self.learn()
        for i in range(max(runs, slow_runs)):
            if i < runs:
                self.run_ours()
                self.run_floor()
            if i < slow_runs and self.may("tgtadm", "share-all"):
                self.run_tgtadm()
            if i < slow_runs and self.may("tgt-admin", "share-all"):
                self.run_tgt_admin()


def front_end(bench, times):
    """What `zfs` adds to a command it hands over: the same command with and without it."""
    world = World(bench, 0)
    real = os.path.join(world.root, "usr/sbin/zfs")
    os.symlink("/bin/true", real)
    bench.env["SHAREISCSI_ROOT"] = world.root
    try:
        for _ in range(times):
            bench.measure(("front", "hand-over", 1, "zfs front end"),
                          [bench.program("zfs"), "version"])
            bench.measure(("front", "hand-over", 1, "floor"), [real, "version"])
    finally:
        del bench.env["SHAREISCSI_ROOT"]
        world.close()


def run(bench, sizes, choice):
    front_end(bench, choice["front_runs"])
    for count in sizes:
        say(f"bench: tgtd, {count} volumes")
        contest = Contest(bench, count, choice["limits"])
        try:
            runs = choice["runs"] if count <= 1000 else choice["big_runs"]
            contest.run(runs, 1 if count >= 100 else choice["slow_runs"])
        finally:
            contest.world.close()
