"""Runs the cells: all of them for one round, then all for the next, so that what disturbs the machine disturbs every
runtime. A round during which others used the processors is repeated."""
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from .machine import Processors, foreign

SKIPPED = 77
REPEATS = 2             # of one round
LEAST_SECONDS = 0.05    # of foreign time: less is within what the kernel's ticks can tell


class Outcome:
    """What one run of a program gave."""

    def __init__(self, code, output, errors, seconds, foreign_seconds, timed_out=False):
        self.code, self.seconds, self.foreign = code, seconds, foreign_seconds
        self.metrics, self.units, self.withheld, self.problem = {}, {}, "", ""
        last = (errors.strip().splitlines() or [""])[-1]
        if timed_out:
            self.problem = f"stopped after {seconds:.0f} s"
        elif code < 0:
            self.problem = f"ended by signal {-code}"
        elif code not in (0, SKIPPED):
            self.problem = last or f"exit code {code}"
        self.reason = (last or "says not why") if code == SKIPPED else ""
        if code != 0:
            return
        if output.startswith("{\n"):
            self.read_google_benchmark(output)
            return
        for line in output.splitlines():
            if not line.startswith("{"):
                continue
            try:
                told = json.loads(line)
                if "withheld" in told:
                    self.withheld = str(told["withheld"])
                elif "metric" in told:
                    self.metrics[told["metric"]] = float(told["value"])
                    self.units[told["metric"]] = told["unit"]
            except (ValueError, KeyError, TypeError):
                self.problem = f"not a metric: {line[:80]}"
        if not self.metrics and not self.problem:
            self.problem = "printed no metric"

    def read_google_benchmark(self, output):
        """The JSON of a program that measures by Google Benchmark: one benchmark, of which an iteration may be several
        operations."""
        try:
            [told] = json.loads(output)["benchmarks"]
            if told.get("error_occurred"):
                self.withheld = str(told.get("error_message", "an error of its own"))
            unit = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[told["time_unit"]]
            wall, cpu = told["real_time"] * unit, told["cpu_time"] * unit
            if "items_per_second" in told:
                of = (wall if "/real_time" in told["name"] else cpu) * told["items_per_second"] / 1e9  # operations
                wall, cpu = wall / of, cpu / of
            self.metrics = {"ns_per_op": wall, "cpu_ns_per_op": cpu}
            self.units = dict.fromkeys(self.metrics, "ns")
        except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
            self.problem = f"not what Google Benchmark writes: {error!r}"

    def disturbed(self, threshold, processors):
        """Whether others took more than `threshold` of the processors meanwhile, or the program says so itself."""
        return bool(self.withheld) or (self.foreign > LEAST_SECONDS
                                       and self.foreign > threshold * self.seconds * processors)


def run(cell, environment, limit_s):
    """One run, in a session of its own, which is ended with all that it started."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        own_before = os.times()
        before, started = Processors(), time.monotonic()
        child = subprocess.Popen(cell.command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                 env=environment, start_new_session=True)
        late = threading.Event()

        def end():
            late.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s, end)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            os.wait4(child.pid, 0)
            raise
        finally:
            timer.cancel()
            child.returncode = 0
        seconds, after = time.monotonic() - started, Processors()
        try:
            os.killpg(child.pid, signal.SIGKILL)  # what it left behind
        except ProcessLookupError:
            pass
        own_after = os.times()
        own = usage.ru_utime + usage.ru_stime + own_after.user + own_after.system - own_before.user - own_before.system
        output.seek(0)
        errors.seek(0)
        return Outcome(os.waitstatus_to_exitcode(status), output.read().decode(errors="replace"),
                       errors.read().decode(errors="replace"), seconds, foreign(before, after, own), late.is_set())


def environment_of(cell, preload, common):
    """What a program sees: the user's settings (the report names those of hocket), the cell's own, and the allocator."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    environment["PYTHONPATH"] = str(common)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment.update(cell.env)
    if preload.get(cell.allocator):
        environment["LD_PRELOAD"] = preload[cell.allocator]
    return environment


def is_open(cell):
    return not cell.failed and not cell.skipped


class Suite:
    """All rounds of all cells. `launch(cell)` gives an Outcome; `progress` is told after each run."""

    def __init__(self, cells, rounds, launch, progress, threshold=0.05, processors=1, budget_s=None, clock=time.monotonic):
        self.cells = [cell for cell in cells if not cell.skipped]
        self.rounds, self.launch, self.progress = rounds, launch, progress
        self.threshold, self.processors = threshold, processors
        self.budget_s, self.clock = budget_s, clock
        self.repeated = self.kept = 0
        self.repeats_left = max(4, len(self.cells) * rounds // 4)
        self.notes = []
        self.started = clock()

    def run(self):
        """Rounds until all are done or the time is up; what was measured is in the cells, also after Ctrl-C."""
        for number in range(self.rounds):
            left_out = []
            for workload, cells in self.in_turn(number):
                if number >= 2 and cells and self.time_is_up(cells):
                    left_out.append(workload)
                    continue
                for cell in cells:
                    self.one_round(cell)
                    self.progress(self, number, cell)
            if left_out:
                self.notes.append(f"round {number + 1} of {self.rounds} did not fit into the time for {', '.join(left_out)}")
                break

    def in_turn(self, number):
        """(workload, its open cells) in the order of round `number`: all of a workload have equally many rounds. Every
        other one goes the other way, so that nobody always runs behind the same neighbour."""
        order = self.cells if number % 2 == 0 else self.cells[::-1]
        return [(name, [cell for cell in cells if is_open(cell)])
                for name, cells in itertools.groupby(order, lambda cell: cell.workload.name)]

    def one_round(self, cell):
        for attempt in range(REPEATS + 1):
            outcome = self.launch(cell)
            cell.seconds.append(outcome.seconds)
            if outcome.reason:
                cell.skipped = outcome.reason
                return
            if outcome.problem:
                cell.failed = outcome.problem
                return
            disturbed = outcome.disturbed(self.threshold, self.processors)
            if not disturbed or attempt == REPEATS or self.repeats_left == 0:
                break
            self.repeated += 1
            self.repeats_left -= 1
        self.kept += disturbed
        if outcome.withheld:
            cell.withheld = outcome.withheld
        cell.rounds.append(outcome.metrics)
        cell.units.update(outcome.units)

    def round_seconds(self, cells=None):
        """What one more round takes of `cells`, or of all of them, as far as that is known."""
        known = [sum(cell.seconds) / len(cell.seconds) for cell in self.cells if cell.seconds]
        usual = sum(known) / len(known) if known else 0.5
        return sum(sum(cell.seconds) / len(cell.seconds) if cell.seconds else usual
                   for cell in cells or self.cells if is_open(cell))

    def time_is_up(self, cells):
        elapsed = self.clock() - self.started
        return self.budget_s is not None and elapsed + self.round_seconds(cells) > self.budget_s

    def remaining_seconds(self, number):
        """An estimate of what is left while round `number` runs."""
        done = sum(len(cell.rounds) > number for cell in self.cells)
        open_now = [cell for cell in self.cells if is_open(cell)]
        share = (len(open_now) - min(done, len(open_now))) / max(1, len(open_now))
        whole = self.round_seconds()
        left = whole * (share + self.rounds - 1 - number)
        if self.budget_s is not None:
            # Beyond the second round only what fits is begun.
            spare = self.budget_s - (self.clock() - self.started)
            left = min(left, max(spare, whole * (share + max(0, 1 - number))))
        return left
