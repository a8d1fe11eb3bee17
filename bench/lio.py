# SPDX-License-Identifier: MPL-2.0
"""LIO on this very machine, with zvols: for a virtual machine. Against targetcli."""
import ctypes
import os
import time

from common import Failed, say

PREFIX = "iqn.2010-09.org.example"
ONE_BY_ONE = 2  # volumes that one-shot targetcli is given; it needs seconds for each command
PATIENCE = 60


def create(names):
    """Sparse zvols of 16 MiB, by zfs's own library: a program for each takes longer than the work."""
    core, nvpair = ctypes.CDLL("libzfs_core.so.3"), ctypes.CDLL("libnvpair.so.3")
    props = ctypes.c_void_p()
    core.libzfs_core_init()
    nvpair.nvlist_alloc(ctypes.byref(props), 1, 0)
    for key, value in ((b"volsize", 16 << 20), (b"volblocksize", 8192)):
        nvpair.nvlist_add_uint64(props, key, ctypes.c_uint64(value))
    for name in names:
        code = core.lzc_create(name.encode(), 3, props, None, 0)  # LZC_DATSET_TYPE_ZVOL
        if code:
            raise OSError(code, os.strerror(code), name)
    nvpair.nvlist_free(props)
    core.libzfs_core_fini()


def volumes(bench, count):
    """Sparse zvols tank/N/v1..., with their nodes."""
    bench.call(["zfs", "create", "-o", "org.zfsonlinux:shareiscsi=off", f"tank/{count}"])
    names = [f"tank/{count}/v{i}" for i in range(1, count + 1)] + [f"tank/{count}/more"]
    create(names)
    bench.call(["udevadm", "settle"])
    end = time.monotonic() + PATIENCE
    while not all(os.path.exists("/dev/zvol/" + name) for name in names):
        if time.monotonic() > end:
            raise TimeoutError("nodes of volumes do not appear")
        time.sleep(0.1)
    return names


class Contest:
    def __init__(self, bench, count):
        self.bench, self.count = bench, count
        self.names = volumes(bench, count)
        self.more = self.names.pop()
        self.plans = {}

    def value(self, name, value):
        self.bench.call(["zfs", "set", f"org.zfsonlinux:shareiscsi={value}", name])

    def key(self, case, who):
        return ("lio", case, self.count, who)

    def command(self, verb, *words):
        return [self.bench.program("shareiscsi"), verb, "--backend", "lio"] + list(words)

    def quiet(self):
        """What udev still does about volumes that were closed would slow down who comes next."""
        self.bench.call(["udevadm", "settle"])

    def time(self, case, verb, *words):
        self.quiet()
        self.bench.measure(self.key(case, "shareiscsi"), self.command(verb, *words))

    def floor(self, case):
        self.quiet()
        self.bench.floor(self.key(case, "floor"), "", self.plans[case])

    def plan(self, case, verb, *words):
        self.plans[case] = self.bench.call(self.command(verb, *words), (0, 3))

    def learn(self):
        self.time("share-new", "share", "-a")
        self.value(self.more, "on")
        self.bench.call(self.command("share", self.more))
        self.plan("unshare-one", "unshare", "-n", self.more)
        self.bench.call(self.command("unshare", self.more))
        self.plan("one-more", "share", "-n", self.more)
        self.value(self.more, "off")
        self.plan("unshare-all", "unshare", "-n", "-a")
        self.bench.call(self.command("unshare", "-a"))
        self.plan("share-all", "share", "-n", "-a")

    def run_ours(self):
        self.time("share-all", "share", "-a")
        self.time("sync", "sync")
        self.value(self.more, "on")
        self.time("one-more", "share", self.more)
        self.time("unshare-one", "unshare", self.more)
        self.value(self.more, "off")
        self.time("unshare-all", "unshare", "-a")

    def run_floor(self):
        for case in ("share-all", "one-more", "unshare-one", "unshare-all"):
            self.floor(case)

    def run_restore(self):
        saved = os.path.join(self.bench.work, "saveconfig.json")
        self.bench.call(self.command("share", "-a"))
        self.bench.call(["targetcli", "saveconfig", saved])
        self.bench.call(self.command("unshare", "-a"))
        self.bench.measure(self.key("share-all", "targetcli restoreconfig"),
                           ["targetcli", "restoreconfig", saved])
        self.bench.measure(self.key("unshare-all", "targetcli restoreconfig"),
                           ["targetcli", "clearconfig", "confirm=True"])

    def run_one_shot(self):
        """A few volumes, four commands each, and from them the time that all would need."""
        few = self.names[:ONE_BY_ONE]
        start = time.monotonic()
        for name in few:
            disk, iqn = name.replace("/", "_"), f"{PREFIX}:{name.replace('/', '.')}"
            self.bench.call(["targetcli", "/backstores/block", "create", f"name={disk}",
                             f"dev=/dev/zvol/{name}"])
            self.bench.call(["targetcli", "/iscsi", "create", iqn])
            self.bench.call(["targetcli", f"/iscsi/{iqn}/tpg1/luns", "create",
                             f"/backstores/block/{disk}"])
            self.bench.call(["targetcli", f"/iscsi/{iqn}/tpg1", "set", "attribute",
                             "generate_node_acls=1", "demo_mode_write_protect=0"])
        each = (time.monotonic() - start) / len(few)
        self.bench.call(["targetcli", "clearconfig", "confirm=True"])
        self.bench.add(self.key("share-all", "targetcli one-shot"), each * self.count)
        self.bench.skip("lio", "share-all", self.count, "targetcli one-shot",
                        f"{len(few)} volumes measured, the rest counted: it needs seconds for each "
                        "command, and more with each target that is there")


def run(bench, sizes, choice):
    with open("/etc/iscsi_target_id", "w", encoding="ascii") as file:
        file.write(PREFIX + "\n")
    for count in sizes:
        say(f"bench: LIO, {count} volumes")
        contest = Contest(bench, count)
        contest.value(f"tank/{count}", "on")
        contest.value(contest.more, "off")
        contest.learn()
        for _ in range(choice["runs"] if count <= 100 else choice["big_runs"]):
            contest.run_ours()
            contest.run_floor()
        for who, measured in (("targetcli restoreconfig", contest.run_restore),
                              ("targetcli one-shot", contest.run_one_shot)):
            if count > choice["limits"][who]:
                bench.skip("lio", "share-all", count, who, "takes too long")
                continue
            try:
                measured()
            except Failed as problem:  # not what this is about; the rest counts all the same
                bench.skip("lio", "share-all", count, who, str(problem))
        contest.value(f"tank/{count}", "off")
