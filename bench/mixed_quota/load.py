#!/usr/bin/env python3
"""load.py --quota CPUS [--NAME NUMBER]... -- PROGRAM [ARGUMENT]...

The load of the mixed workloads against a program in a control group with a CPU quota; the load itself stays outside. Adds how
many of the group's periods were throttled. Leaves with 77 where it may not make a control group.
"""
import json
import math
import os
import subprocess
import sys

PERIOD_US = 100_000


class Group:
    """A control group of its own below the one of this process, version 1 or 2."""

    def __init__(self, cpus):
        quota = int(cpus * PERIOD_US)
        self.path = None
        for base, limits in (
            ("/sys/fs/cgroup/cpu", {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota}),
            ("/sys/fs/cgroup/cpu,cpuacct", {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota}),
            ("/sys/fs/cgroup", {"cpu.max": f"{quota} {PERIOD_US}"}),
        ):
            path = f"{base}/hocket-bench-{os.getpid()}"
            try:
                os.mkdir(path)
                for name, value in limits.items():
                    with open(f"{path}/{name}", "w") as file:
                        file.write(str(value))
                self.path = path
                return
            except OSError:
                if os.path.isdir(path):
                    os.rmdir(path)
        print("may not make a control group with a CPU quota", file=sys.stderr)
        sys.exit(77)

    def stat(self):
        with open(f"{self.path}/cpu.stat") as file:
            return {name: int(value) for name, value in (line.split() for line in file)}

    def remove(self):
        for _ in range(100):
            try:
                os.rmdir(self.path)
                return
            except OSError:  # somebody is still in it
                subprocess.run(["sleep", "0.02"])


def metric(name, unit, value):
    print(json.dumps({"metric": name, "unit": unit, "value": value}), flush=True)


def main():
    if sys.argv[1] == "--enter":  # load.py --enter GROUP PROGRAM...: what the load starts
        with open(f"{sys.argv[2]}/cgroup.procs", "w") as file:
            file.write("0")
        os.execv(sys.argv[3], sys.argv[3:])

    split = sys.argv.index("--")
    own, command = sys.argv[1:split], sys.argv[split + 1:]
    numbers = dict(zip((name[2:] for name in own[::2]), own[1::2]))
    cpus = float(numbers.pop("quota"))
    if numbers.pop("sized", "1") != "0":
        numbers["workers"] = str(math.ceil(cpus))
    load = os.path.join(os.path.dirname(command[0]), "mixed_load")
    if not os.access(load, os.X_OK):
        print("no mixed_load beside the program: build it", file=sys.stderr)
        sys.exit(77)
    group = Group(cpus)
    try:
        arguments = [text for name, value in numbers.items() for text in (f"--{name}", value)]
        done = subprocess.run([load, *arguments, "--", sys.executable, __file__, "--enter", group.path, *command])
        stat = group.stat()
        metric("periods", "", stat["nr_periods"])
        metric("throttled_periods", "", stat["nr_throttled"])
        metric("throttled_share", "", stat["nr_throttled"] / max(1, stat["nr_periods"]))
    finally:
        group.remove()
    sys.exit(done.returncode)


main()
