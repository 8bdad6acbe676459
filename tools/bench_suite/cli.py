"""The command line of tools/bench."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import grid, judge, machine, report, runner
from .grid import BadInput

ROOT = Path(__file__).resolve().parents[2]
QUICK_MINUTES = 9.0

ABOUT = """Puts the same question to each runtime: builds bench/, runs the programs in turn, round by round, and says what
was measured, how far apart the rounds lie, and who is ahead where the ranges do not overlap. bench/README.md has the rest."""


def arguments(argv):
    parser = argparse.ArgumentParser("tools/bench", description=ABOUT, allow_abbrev=False)
    add = parser.add_argument
    add("--quick", action="store_true", help="small sizes, at most 3 rounds, ended after nine minutes")
    add("--only", action="append", metavar="NAMES", help="workloads, as in 'fib queue_1p1c_16'; 'queue' means all that begin so")
    add("--runtimes", action="append", metavar="NAMES", help="runtimes, as in 'hocket tokio'")
    add("--switches", action="store_true", help="hocket alone, as it comes and with each of its mechanisms switched off in turn, in "
                                                "the workloads that name such (mixed, echo)")
    add("--workers", metavar="LIST", help="worker counts, as in '1 2 4'; 'all' for 1 to the number of processors "
                                          "(1 and the number of processors)")
    add("--rounds", type=int, metavar="N", help="rounds of every program (5; 3 with --quick)")
    add("--minutes", type=float, metavar="M", help="begins no further round that would end later (but makes two)")
    add("--allocators", metavar="LIST", help="glibc, mimalloc or both, for all runtimes alike (mimalloc where it is here)")
    add("--foreign", type=float, default=5, metavar="PERCENT",
        help="repeats a round in which others used, or the hypervisor took, more than this of all processors (5)")
    add("--json", metavar="F", help="every figure, as JSON")
    add("--html", metavar="F", help="a report with charts, one file")
    add("--markdown", metavar="F", help="the table for a README")
    add("--from", dest="source", metavar="F", help="measures nothing, reports what an earlier --json wrote")
    add("--compare", metavar="OLD", help="says what changed beyond the noise since an earlier --json")
    add("--preset", metavar="NAME", help="another preset of CMakePresets.json than bench (or gcc, without clang-19)")
    add("--no-build", action="store_true", help="measures what is built")
    add("--list", action="store_true", help="names the workloads and their runtimes, measures nothing")
    return parser.parse_args(argv)


def words(texts):
    return [word for text in texts or () for word in text.replace(",", " ").split()]


def worker_list(text, processors):
    if text is None:
        return sorted({1, processors})
    if text == "all":
        return list(range(1, processors + 1))
    counts = words([text])
    if not counts or not all(word.isdigit() and 1 <= int(word) <= 1024 for word in counts):
        raise BadInput(f"--workers takes numbers of at least 1, as in '1 2', or 'all', not '{text}'")
    return sorted({int(word) for word in counts})


def allocator_list(text):
    """The allocators to measure with, and what is preloaded for each."""
    names = words([text]) if text else ["mimalloc" if machine.allocator_library("mimalloc") else "glibc"]
    preload = {}
    for name in names:
        library = machine.allocator_library(name) if name.isalnum() else None
        if library is None:
            raise BadInput(f"--allocators: no {name} here (glibc; mimalloc is in Debian's libmimalloc-dev)")
        preload[name] = library
    return preload


def read_report(path, option):
    try:
        told = json.loads(Path(path).read_text())
        judge.check_report(told)
        return told
    except OSError as error:
        raise BadInput(f"{option}: {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{option}: {path} is not a report of tools/bench: {error}") from None


def check_writable(path, option):
    """Found now, not after the measurement."""
    if path is None:
        return
    existed = os.path.exists(path)
    try:
        with open(path, "a"):
            pass
    except OSError as error:
        raise BadInput(f"{option}: cannot write {path}: {error.strerror}") from None
    if not existed:
        os.remove(path)


def build(preset, folders):
    """Builds the programs of the folders. Gives why some are not there: a peer that does not compile is left out, but
    hocket must."""
    commands = [["cmake", "--preset", preset, "-D", "HOCKET_BUILD_BENCH=ON"],
                ["cmake", "--build", "--preset", preset, "--target", *[f"benches_{folder}" for folder in folders],
                 "--", "-k", "0"]]
    for command in commands:
        say(f"{' '.join(command[:4])} (minutes, the first time)" if "--build" in command else " ".join(command))
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            continue
        failed = grid.failed_programs(done.stdout)
        if not failed or any("hocket" in name for name in failed):
            sys.stderr.write("\n".join(done.stdout.splitlines()[-60:]) + "\n")
            raise BadInput("the build failed; the lines above say why")
        return {name: "does not compile here" for name in failed}
    return {}


def say(text):
    print(f"bench: {text}", file=sys.stderr)


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


class Progress:
    """One line that is rewritten on a terminal; elsewhere a line now and then."""

    def __init__(self):
        self.terminal = sys.stderr.isatty()
        self.said = time.monotonic()

    def __call__(self, suite, number, cell):
        now = time.monotonic()
        if not self.terminal and now - self.said < 30:
            return
        if self.terminal and now - self.said < 0.1:
            return
        self.said = now
        text = (f"round {number + 1} of {suite.rounds}, {cell.workload.name} {cell.runtime} {cell.workers} w; "
                f"about {duration(suite.remaining_seconds(number))} left")
        if self.terminal:
            sys.stderr.write(f"\r\x1b[Kbench: {text}")
            sys.stderr.flush()
        else:
            say(text)

    def end(self):
        if self.terminal:
            sys.stderr.write("\r\x1b[K")


def measure(options, processors):
    if options.rounds is not None and options.rounds < 1:
        raise BadInput(f"--rounds takes a number of at least 1, not {options.rounds}")
    if options.minutes is not None and options.minutes <= 0:
        raise BadInput(f"--minutes takes a number above 0, not {options.minutes:g}")
    if not 0 <= options.foreign <= 100:
        raise BadInput(f"--foreign takes a percentage, not {options.foreign:g}")
    workers = worker_list(options.workers, processors)
    preload = allocator_list(options.allocators)
    # The switches are left out of --quick, unless they are what is asked for.
    workloads = grid.load(ROOT / "bench", options.quick, options.switches or None)
    if options.switches:
        workloads = {name: workload for name, workload in workloads.items() if workload.switches()}
    workloads = grid.choose(workloads, words(options.only))
    if options.preset is None:
        options.preset = "bench" if shutil.which("clang++-19") else "gcc"
    build_folder = ROOT / "build" / options.preset
    broken = {}
    if not options.no_build and not options.list:
        broken = build(options.preset, list(dict.fromkeys(workload.folder.name for workload in workloads)))
    programs = grid.Programs(ROOT / "bench", build_folder, broken)
    runtimes = set(words(options.runtimes))
    if options.switches and not runtimes:
        runtimes = {"hocket"}.union(*(workload.switches() for workload in workloads))
    known = {name for workload in workloads for name in workload.runtimes}
    if runtimes - known:
        raise BadInput(f"--runtimes: no '{sorted(runtimes - known)[0]}'; there are: {' '.join(sorted(known, key=grid.rank))}")
    cells = grid.cells(workloads, programs, workers, list(preload), runtimes)
    if options.list:
        for workload in workloads:
            print(f"{workload.name}: {' '.join(sorted(workload.runtimes, key=grid.rank))}")
        return None, 0
    rounds = options.rounds or (3 if options.quick else 5)
    minutes = options.minutes or (QUICK_MINUTES if options.quick else None)
    told = machine.describe(ROOT, build_folder, programs.python)
    common = ROOT / "bench" / "common"

    def launch(cell):
        return runner.run(cell, runner.environment_of(cell, preload, common), cell.workload.limit_s)

    progress = Progress()
    suite = runner.Suite(cells, rounds, launch, progress, options.foreign / 100, processors, minutes and minutes * 60)
    code = 0
    started = time.monotonic()
    try:
        suite.run()
    except KeyboardInterrupt:
        code = 130
        suite.notes.append("ended by Ctrl-C: some rounds are missing")
    progress.end()
    notes = suite.notes
    if suite.repeated:
        notes.append(f"{suite.repeated} rounds repeated, for others used the processors meanwhile")
    if suite.kept:
        notes.append(f"{suite.kept} rounds kept although others used the processors: the ranges show it")
    told["load_at_end"] = machine.read("/proc/loadavg").split(" ")[0]
    told["allocators"] = list(preload)
    told["seconds"] = round(time.monotonic() - started)
    return report.build(cells, told, workloads, options.quick, notes), code


def write(path, text):
    if path is not None:
        Path(path).write_text(text)


def main(argv):
    options = arguments(argv)
    processors = len(os.sched_getaffinity(0))
    try:
        for option in ("json", "html", "markdown"):
            check_writable(getattr(options, option), f"--{option}")
        old = read_report(options.compare, "--compare") if options.compare else None
        if options.source:
            told, code = read_report(options.source, "--from"), 0
        else:
            told, code = measure(options, processors)
    except BadInput as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if told is None:
        return code
    print(report.machine_line(told["machine"]) + f"; allocator {', '.join(told['machine'].get('allocators', []))}; load "
          f"{told['machine']['load']} to {told['machine'].get('load_at_end', '?')}; {told['machine'].get('seconds', 0)} s")
    for line in report.terminal(told) + report.switched_lines(told) + report.left_out_lines(told) + [f"note: {note}" for note in told["notes"]]:
        print(line)
    write(options.json, json.dumps(told, indent=1) + "\n")
    write(options.markdown, "\n".join(report.markdown(told)) + "\n")
    if options.html:
        from . import html
        write(options.html, html.page(told))
    if old:
        print(f"\nsince {options.compare} ({old['machine'].get('date', 'undated')}):")
        for line in report.change_lines(*judge.changes(old, told)):
            print(line)
    if code == 0 and any(each["failed"] for each in told.get("left_out", [])):
        code = 1
    return code
