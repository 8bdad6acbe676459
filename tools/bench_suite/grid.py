"""The grid: which workloads there are, which runtimes answer them, and how each program is run.

Read from bench/<folder>/workload.json and the files beside it; what the keys mean is in bench/README.md.
"""
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# In the order of the tables. Floors are not runtimes: they say what the work itself costs, and win nothing.
ORDER = ["hocket", "hocket_serial", "tbb", "tokio", "rayon", "go", "asio", "libuv", "asyncio", "uvloop", "moodycamel",
         "std", "mimalloc", "nginx", "raw_pools", "raw_epoll", "raw_uring", "raw_coro", "serial"]
FLOORS = {"serial", "raw_coro", "raw_epoll", "raw_uring"}
ONE_WORKER = {"serial", "raw_coro", "asyncio", "uvloop", "libuv", "nginx", "hocket_serial"}
SUFFIXES = (".cpp", ".rs", ".go", ".py")
KEYS = {"about", "metric", "more_is_better", "beside", "args", "full", "quick", "not_quick", "workers", "only", "limit_s",
        "resolution", "runtimes"}


class BadInput(Exception):
    """What the user gave cannot be used; the text is the line to show."""


@dataclass
class Workload:
    name: str
    folder: Path
    about: str
    metric: str
    more_is_better: set
    resolution: dict
    args: dict
    workers: object
    only: dict
    limit_s: float
    launcher: str | None
    runtimes: dict  # name -> {"program": file name, "env": {...}, "args": {...}}
    beside: list = field(default_factory=list)
    google_benchmark: bool = False

    def switches(self):
        """The variants of hocket with one mechanism switched off: {name: "HOCKET_STANDBY=0"}."""
        return {name: " ".join(f"{key}={value}" for key, value in told.get("env", {}).items())
                for name, told in self.runtimes.items() if told.get("switch")}


@dataclass
class Cell:
    """One row of the result: a runtime at a workload with a number of workers and an allocator."""
    workload: Workload
    runtime: str
    workers: int
    allocator: str
    command: list
    env: dict
    rounds: list = field(default_factory=list)  # of {metric: value}
    units: dict = field(default_factory=dict)
    withheld: str = ""
    failed: str = ""
    skipped: str = ""
    seconds: list = field(default_factory=list)


def rank(runtime):
    """Where a runtime stands in a table; a variant (hocket_no_standby) follows what it varies."""
    for length in range(runtime.count("_"), -1, -1):
        stem = "_".join(runtime.split("_")[:length + 1])
        if stem in ORDER:
            return ORDER.index(stem), runtime
    return len(ORDER), runtime


def load(bench, quick, variants=None):
    """All workloads below the folder `bench`, in the order of their names in the files. `variants`: also what is not for a
    quick run; mostly, what is not quick."""
    everything = variants if variants is not None else not quick
    workloads = {}
    for file in sorted(Path(bench).glob("*/workload.json")):
        try:
            told = json.loads(file.read_text())
        except json.JSONDecodeError as error:
            raise BadInput(f"{file}: not JSON: {error}") from None
        launcher = told.get("launcher")
        runtimes = {}
        for source in sorted(file.parent.iterdir()):
            if source.suffix in SUFFIXES and source.stem != Path(launcher or "").stem:
                runtimes[source.stem] = {"program": source.name}
        named = told.get("runtimes", {})
        for name, more in named.items():
            if not everything and more.get("not_quick"):
                continue
            source = next((s for s in runtimes.values() if s["program"] == more["program"]
                           or Path(s["program"]).stem == more["program"]), None)
            if source is None:
                raise BadInput(f"{file}: runtime {name}: no program {more['program']}")
            runtimes[name] = {**more, "program": source["program"]}
        if "asyncio" in runtimes:
            runtimes.setdefault("uvloop", {"program": "asyncio.py", "loop": "uvloop"})
        for name, about in told.get("workloads", {}).items():
            unknown = set(about) - KEYS
            if unknown:
                raise BadInput(f"{file}: {name}: unknown key {sorted(unknown)[0]}")
            unknown = set(about.get("runtimes", ())) - set(runtimes)
            if unknown:
                raise BadInput(f"{file}: {name}: no program for {sorted(unknown)[0]}")
            if "metric" not in about:
                raise BadInput(f"{file}: {name}: no metric")
            if name in workloads:
                raise BadInput(f"{file}: {name}: there is one already in {workloads[name].folder}")
            if not everything and about.get("not_quick"):
                continue
            args = {**about.get("args", {}), **about.get("quick" if quick else "full", {})}
            workloads[name] = Workload(
                name, file.parent, about.get("about", ""), about["metric"], set(about.get("more_is_better", [])),
                about.get("resolution", {}), args, about.get("workers", "each"), about.get("only", {}),
                float(about.get("limit_s", 60)), launcher,
                {key: runtimes[key] for key in about["runtimes"]} if "runtimes" in about else runtimes, about.get("beside", []),
                bool(told.get("google_benchmark")))
    return workloads


def choose(workloads, only):
    """Those that the user named: exactly, or by the beginning of the name up to an underscore."""
    if not only:
        return list(workloads.values())
    chosen = {}
    for word in only:
        found = [w for name, w in workloads.items() if name == word or name.startswith(word + "_")]
        if not found:
            raise BadInput(f"--only: no workload '{word}'; there are: {' '.join(workloads)}")
        chosen.update((w.name, w) for w in found)
    return [w for w in workloads.values() if w.name in chosen]


def worker_counts(workload, runtime, asked):
    """At how many workers a runtime is asked, given what the user asked for."""
    fixed = workload.only.get(runtime)
    if fixed is None and runtime in ONE_WORKER:
        fixed = [1]
    if fixed is not None:
        return list(fixed)
    if workload.workers == "each":
        return list(asked)
    if workload.workers == "most":
        return [max(asked)]
    return list(workload.workers)


def python_with_uvloop():
    """The Python that both asyncio and uvloop are measured with, and whether it has uvloop."""
    for python in dict.fromkeys([sys.executable, shutil.which("python3", path="/usr/bin")]):
        if python and subprocess.run([python, "-P", "-c", "import uvloop"], capture_output=True).returncode == 0:
            return python, True
    return sys.executable, False


def failed_programs(log):
    """What a build that went on after errors could not make, by ninja's lines: names of programs; `rust` for all in
    Rust, which are built at once. None of what is not a bench: then nothing can be said."""
    names = set()
    for line in log.splitlines():
        if not line.startswith("FAILED: "):
            continue
        found = re.search(r"bench_(\w+)\.dir|bench/(rust)/built|bench/(\w+_go)\b", line) or re.search(r"bench/(\w+)", line)
        if not found:
            return set()
        names.add(next(group for group in found.groups() if group))
    return names


class Programs:
    """Where the built programs are, and why one is not there."""

    def __init__(self, bench, build, broken=()):
        self.bench = Path(bench)
        self.built = Path(build) / "bench"
        self.python, self.has_uvloop = python_with_uvloop()
        self.missing = {}
        listed = self.built / "missing.txt"
        if listed.exists():
            for line in listed.read_text().splitlines():
                name, _, reason = line.partition("\t")
                self.missing[name] = reason
        self.missing.update(broken)

    def command(self, folder, file_name):
        """The command of a file of the grid, or the reason why there is none."""
        source = Path(folder) / file_name
        name = f"{source.parent.name}_{source.stem}"
        if source.suffix == ".py":
            return [self.python, "-P", str(source)], ""
        program = self.built / name
        if source.suffix == ".rs":
            program = self.built / "rust" / "target" / "release" / name
        reason = self.missing.get(name) or (self.missing.get("rust") if source.suffix == ".rs" else None)
        if reason:
            return [], reason
        if not os.access(program, os.X_OK):
            return [], "not built"
        return [str(program)], ""


def cells(workloads, programs, asked_workers, allocators, runtimes=None):
    """Every cell of the grid; one that cannot run carries its reason."""
    result = []
    for workload in workloads:
        for runtime in sorted(workload.runtimes, key=rank):
            if runtimes and runtime not in runtimes:
                continue
            told = workload.runtimes[runtime]
            command, reason = programs.command(workload.folder, told["program"])
            if not reason and told.get("loop") == "uvloop" and not programs.has_uvloop:
                reason = "no uvloop (Debian: python3-uvloop)"
            args = {**workload.args, **told.get("args", {})}
            loop = ["--loop", told["loop"]] if "loop" in told else []
            for workers in worker_counts(workload, runtime, asked_workers):
                numbers = [text for name, value in {"workers": workers, **args}.items()
                           for text in (f"--{name}", format(value, ".12g") if isinstance(value, float) else str(value))]
                whole = command + numbers + loop
                if workload.google_benchmark:
                    whole = command + [f"--benchmark_filter=^{workload.name}(/.*)?$", "--benchmark_format=json",
                                       *(f"--benchmark_{name}={value}" for name, value in args.items())]
                if not reason and workload.launcher:
                    file_name = workload.launcher
                    if not Path(file_name).suffix:
                        file_name += ".cpp"
                    launcher, reason = programs.command(workload.folder, file_name)
                    whole = launcher + numbers + ["--"] + command + loop
                for allocator in allocators:
                    env = {name: str(value) for name, value in told.get("env", {}).items()}
                    cell = Cell(workload, runtime, workers, allocator, whole, env)
                    cell.skipped = reason
                    result.append(cell)
    return result
