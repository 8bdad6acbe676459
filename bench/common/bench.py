"""What every Python program of the benches does: see bench.hpp, which this follows.

Run a program with `python3 -P` and this folder in PYTHONPATH: its file is named after its runtime, asyncio.
`--loop uvloop` puts uvloop in the place of asyncio's own loop.
"""
import asyncio
import json
import sys
import time


class Options:
    def __init__(self, default_size):
        self.given = {}
        self.loop = "asyncio"
        arguments = sys.argv[1:]
        for name, value in zip(arguments[::2], arguments[1::2] + [""]):
            if name == "--loop":
                self.loop = value
                continue
            try:
                self.given[name[2:]] = float(value)
            except ValueError:
                sys.exit(f"{sys.argv[0]}: expected --NAME NUMBER, not '{name}'")
        self.size = int(self.given.get("size", default_size))

    def number(self, name, otherwise):
        return self.given.get(name, otherwise)

    def passes(self):
        """A small pass that warms up, and the one that counts."""
        return max(1, self.size // 10), self.size


class Stopwatch:
    def __init__(self):
        self.wall = time.perf_counter_ns()
        self.cpu = time.process_time_ns()

    def read(self):
        return time.perf_counter_ns() - self.wall, time.process_time_ns() - self.cpu


def run(main):
    """Runs the coroutine function `main(options)` on the loop that was asked for."""
    if OPTIONS.loop == "uvloop":
        import uvloop
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    return asyncio.run(main(OPTIONS))


def parse(default_size):
    global OPTIONS
    OPTIONS = Options(default_size)
    return OPTIONS


def check(correct, what):
    if not correct:
        sys.exit(f"wrong result: {what}")


def metric(name, unit, value):
    print(json.dumps({"metric": name, "unit": unit, "value": value}), flush=True)


def per_op(measure, operations):
    metric("ns_per_op", "ns", measure[0] / operations)
    metric("cpu_ns_per_op", "ns", measure[1] / operations)


def percentile(values, share):
    return sorted(values)[int(share * (len(values) - 1) + 0.5)]


def status_bytes(name):
    """A number of the process's status, in bytes: VmHWM, VmRSS."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name + ":"):
                return float(line.split()[1]) * 1024
    return 0.0
