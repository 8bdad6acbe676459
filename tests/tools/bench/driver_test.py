#!/usr/bin/env python3
"""What tools/bench makes of the rounds, and of bad input. No bench is built or run: programs are scripts of a line."""
import contextlib
import io
import json
import os
import stat
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from bench_suite import cli, grid, html, judge, machine, report, runner  # noqa: E402


def row(runtime, values, workers=1, **more):
    return {"workload": "fib", "runtime": runtime, "workers": workers, "metric": "ns_per_op", "unit": "ns",
            "allocator": "glibc", "values": values, **judge.summary(values), **more}


def workload(name="fib", runtimes=("hocket", "tbb"), **more):
    told = {"name": name, "folder": Path("bench") / name, "about": "what it asks", "metric": "ns_per_op",
            "more_is_better": set(), "resolution": {}, "args": {"size": 3}, "workers": "each", "only": {}, "limit_s": 5,
            "launcher": None, "runtimes": {runtime: {"program": f"{runtime}.cpp"} for runtime in runtimes}}
    return grid.Workload(**{**told, **more})


def cell(runtime="hocket", workers=1, **more):
    return grid.Cell(workload(), runtime, workers, "glibc", ["program"], {}, **more)


def outcome(value=1.0, foreign=0.0, seconds=1.0, code=0, errors="", withheld=False):
    output = f'{{"metric":"ns_per_op","unit":"ns","value":{value}}}\n'
    if withheld:
        output += '{"withheld":"the generator was late"}\n'
    return runner.Outcome(code, output, errors, seconds, foreign)


def whole_report(rows, **more):
    told = {"machine": {"processor": "p", "processors": 2, "kernel": "k", "compiler": "c", "date": "2026-01-02", "load": "0"},
            "quick": False, "results": rows, "left_out": [], "notes": [],
            "workloads": {"fib": {"about": "a fork & a join", "metric": "ns_per_op", "more_is_better": [], "resolution": {},
                                  "args": {"size": 3}}}, **more}
    told["verdicts"] = judge.comparisons(rows, told["workloads"])
    return told


class Judgement(unittest.TestCase):
    def test_a_summary_is_the_median_with_least_and_most(self):
        self.assertEqual(judge.summary([5, 1, 3]), {"median": 3, "min": 1, "max": 5, "rounds": 3})
        self.assertEqual(judge.summary([4, 1, 3, 2])["median"], 2.5)

    def test_the_one_whose_range_is_clear_of_all_others_is_ahead(self):
        rows = [row("hocket", [1, 2, 3]), row("tbb", [4, 5, 6]), row("go", [3.5, 9, 9])]
        self.assertEqual(judge.verdict(rows), ("ahead", ["hocket"]))

    def test_where_ranges_overlap_it_is_a_tie_of_all_that_overlap_with_the_best(self):
        rows = [row("hocket", [1, 3, 5]), row("tbb", [5, 6, 7]), row("go", [6, 8, 9])]
        self.assertEqual(judge.verdict(rows), ("tie", ["hocket", "tbb"]))

    def test_touching_ranges_overlap(self):
        self.assertTrue(judge.overlap(judge.summary([1, 2]), judge.summary([2, 3])))
        self.assertFalse(judge.overlap(judge.summary([1, 2]), judge.summary([2.01, 3])))

    def test_more_can_be_better(self):
        rows = [row("hocket", [10, 11, 12]), row("tbb", [20, 21, 22])]
        self.assertEqual(judge.verdict(rows, more_is_better=True), ("ahead", ["tbb"]))

    def test_differences_below_the_resolution_are_ties(self):
        rows = [row("hocket", [0.02, 0.02, 0.02]), row("tbb", [0.01, 0.01, 0.01])]
        self.assertEqual(judge.verdict(rows)[0], "ahead")
        self.assertEqual(judge.verdict(rows, resolution=0.1)[0], "tie")

    def test_two_rounds_name_nobody(self):
        self.assertEqual(judge.verdict([row("hocket", [1, 1]), row("tbb", [9, 9])]), ("few rounds", []))

    def test_floors_and_variants_of_hocket_win_nothing(self):
        rows = [row("hocket", [5, 5, 5]), row("tbb", [9, 9, 9]), row("serial", [1, 1, 1]), row("hocket_x", [2, 2, 2])]
        self.assertEqual(judge.verdict(rows), ("ahead", ["hocket"]))
        self.assertEqual(judge.verdict(rows[:1] + rows[2:]), ("alone", ["hocket"]))

    def test_a_round_that_was_not_to_be_trusted_withholds_the_verdict(self):
        rows = [row("hocket", [1, 2, 3], withheld="late"), row("tbb", [4, 5, 6])]
        self.assertEqual(judge.verdict(rows), ("withheld", []))
        rows = [row("hocket", [1, 2, 3]), row("tbb", [4, 5, 6], withheld="late")]
        self.assertEqual(judge.verdict(rows), ("ahead", ["hocket"]))

    def test_runtimes_meet_at_the_same_worker_count(self):
        rows = [row("hocket", [5] * 3, 1), row("hocket", [3] * 3, 2), row("tbb", [6] * 3, 1), row("tbb", [2] * 3, 2),
                row("asyncio", [1] * 3, 1)]
        said = {each["workers"]: each["runtimes"] for each in judge.comparisons(rows, {})}
        self.assertEqual(said, {1: ["asyncio"], 2: ["tbb"]})

    def test_a_runtime_with_one_worker_count_meets_hocket_at_the_nearest(self):
        hocket = [row("hocket", [5] * 3, 2), row("hocket", [5] * 3, 4)]
        for workers, place in ((1, 2), (8, 4)):
            said = judge.comparisons([*hocket, row("moodycamel", [1] * 3, workers)], {})
            self.assertEqual([each["workers"] for each in said if each["runtimes"] == ["moodycamel"]], [place])

    def test_the_best_peer_is_the_best_other_runtime(self):
        rows = [row("hocket", [4] * 3), row("tbb", [2] * 3), row("go", [8] * 3), row("serial", [1] * 3)]
        self.assertEqual(judge.to_best_peer(rows, False), {"runtime": "tbb", "ratio": 2, "tie": False})


class Changes(unittest.TestCase):
    def test_only_what_left_the_range_of_the_other_run_has_changed(self):
        old = whole_report([row("hocket", [10, 11, 12]), row("tbb", [10, 11, 12])])
        new = whole_report([row("hocket", [12, 13, 14]), row("tbb", [20, 22, 24])])
        found, notes = judge.changes(old, new)
        self.assertEqual([(each["row"]["runtime"], each["better"], each["ratio"]) for each in found], [("tbb", False, 2)])
        self.assertEqual(notes, [])

    def test_less_is_better_unless_the_workload_says_otherwise(self):
        old, new = whole_report([row("hocket", [10] * 3)]), whole_report([row("hocket", [5] * 3)])
        self.assertTrue(judge.changes(old, new)[0][0]["better"])
        new["workloads"]["fib"]["more_is_better"] = ["ns_per_op"]
        self.assertFalse(judge.changes(old, new)[0][0]["better"])

    def test_other_arguments_are_not_compared_and_another_machine_is_noted(self):
        old, new = whole_report([row("hocket", [10] * 3)]), whole_report([row("hocket", [5] * 3)])
        old["workloads"]["fib"]["args"] = {"size": 4}
        old["machine"]["processor"] = "another"
        found, notes = judge.changes(old, new)
        self.assertEqual(found, [])
        self.assertIn("processor: was another, is p", notes)
        self.assertIn("fib: asked with other arguments, not compared", notes)


class Rounds(unittest.TestCase):
    def run_suite(self, outcomes, cells, rounds, **more):
        asked = []

        def launch(each):
            asked.append(each.runtime)
            return outcomes(each, len(asked))

        suite = runner.Suite(cells, rounds, launch, lambda *_: None, **more)
        suite.run()
        return suite, asked

    def test_all_runtimes_have_a_round_before_any_has_two(self):
        cells = [cell("hocket"), cell("tbb"), cell("go")]
        _, asked = self.run_suite(lambda *_: outcome(), cells, 3)
        for first in (0, 3, 6):
            self.assertEqual(sorted(asked[first:first + 3]), ["go", "hocket", "tbb"])

    def test_a_disturbed_round_is_repeated_and_only_the_quiet_one_counts(self):
        one = cell()
        suite, asked = self.run_suite(
            lambda _, n: outcome(9, foreign=0.5) if n == 1 else outcome(1), [one], 2, threshold=0.05, processors=2)
        self.assertEqual((len(asked), suite.repeated, suite.kept), (3, 1, 0))
        self.assertEqual([told["ns_per_op"] for told in one.rounds], [1, 1])

    def test_a_round_that_stays_disturbed_is_kept_and_counted(self):
        one = cell()
        suite, asked = self.run_suite(lambda *_: outcome(foreign=0.5), [one], 1, threshold=0.05, processors=2)
        self.assertEqual((len(asked), suite.repeated, suite.kept, len(one.rounds)), (3, 2, 1, 1))

    def test_repeats_are_bounded_on_a_machine_that_is_never_quiet(self):
        suite, asked = self.run_suite(lambda *_: outcome(foreign=0.5), [cell(), cell("tbb")], 10, processors=2)
        self.assertLessEqual(len(asked), 30)
        self.assertEqual(suite.kept, 20)

    def test_foreign_time_counts_against_all_processors(self):
        self.assertTrue(outcome(foreign=0.2).disturbed(0.05, 2))
        self.assertFalse(outcome(foreign=0.2).disturbed(0.05, 8))
        self.assertFalse(outcome(foreign=0.04, seconds=0.1).disturbed(0.05, 2), "less than ticks can tell")
        self.assertTrue(outcome(withheld=True).disturbed(0.05, 2))

    def test_a_program_that_fails_is_asked_no_more_and_the_others_go_on(self):
        bad, good = cell("tbb"), cell()
        self.run_suite(lambda each, _: outcome(code=1, errors="x\nwrong result: fib\n") if each is bad else outcome(),
                       [bad, good], 2)
        self.assertEqual((bad.failed, bad.rounds, len(good.rounds)), ("wrong result: fib", [], 2))

    def test_exit_code_77_is_a_reason_and_no_failure(self):
        one = cell()
        self.run_suite(lambda *_: outcome(code=77, errors="no io_uring here\n"), [one], 2)
        self.assertEqual((one.skipped, one.failed), ("no io_uring here", ""))

    def test_no_round_is_begun_that_would_not_fit_into_the_time(self):
        now = [0.0]

        def launch(*_):
            now[0] += 1
            return outcome(seconds=1)

        one = cell()
        suite, asked = self.run_suite(launch, [one], 9, budget_s=3.5, clock=lambda: now[0])
        self.assertEqual(len(asked), 3)
        self.assertEqual(suite.notes, ["round 4 of 9 did not fit into the time for fib"])

    def test_the_last_round_is_of_the_workloads_that_fit_and_of_all_their_runtimes(self):
        now = [0.0]

        def launch(each, _):
            now[0] += each.workload.limit_s
            return outcome(seconds=each.workload.limit_s)

        cells = [grid.Cell(workload(name, limit_s=seconds), runtime, 1, "glibc", ["program"], {})
                 for name, seconds in (("long", 5), ("short", 1)) for runtime in ("hocket", "tbb")]
        suite, _ = self.run_suite(launch, cells, 3, budget_s=27, clock=lambda: now[0])
        self.assertEqual([len(each.rounds) for each in cells], [2, 2, 3, 3])
        self.assertEqual(suite.notes, ["round 3 of 3 did not fit into the time for long"])

    def test_what_is_left_is_estimated_from_what_was_measured(self):
        cells = [cell(), cell("tbb")]
        suite = runner.Suite(cells, 2, None, None)
        for each in cells:
            each.seconds.append(2.0)
            each.rounds.append({})
        self.assertAlmostEqual(suite.remaining_seconds(0), 4.0)

    def test_own_time_is_not_foreign_and_stolen_time_is(self):
        unit = os.sysconf("SC_CLK_TCK")
        before = machine.Processors("cpu  0 0 0 0 0 0 0 0 0 0\n")
        after = machine.Processors(f"cpu  {unit} 0 {unit} 0 0 0 0 {unit} 0 0\n")
        self.assertAlmostEqual(machine.foreign(before, after, own=2.0), 1.0)
        self.assertAlmostEqual(machine.foreign(before, after, own=1.5), 1.5)


class RealPrograms(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_script(self, text, limit_s=20.0, env=None):
        script = self.folder / "program"
        script.write_text("#!/bin/sh\n" + text)
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        one = cell()
        one.command = [str(script)]
        return runner.run(one, {**os.environ, **(env or {})}, limit_s)

    def test_metrics_are_the_json_lines_and_the_rest_is_ignored(self):
        told = self.run_script("echo hello\necho '{\"metric\":\"p50_us\",\"unit\":\"us\",\"value\":1.5}'\n")
        self.assertEqual((told.metrics, told.units, told.problem), ({"p50_us": 1.5}, {"p50_us": "us"}, ""))

    def test_a_program_without_a_metric_has_failed(self):
        self.assertEqual(self.run_script("exit 0\n").problem, "printed no metric")
        self.assertIn("not a metric", self.run_script("echo '{\"metric\":1'\n").problem)
        self.assertEqual(self.run_script("kill -11 $$\n").problem, "ended by signal 11")

    def test_the_json_of_google_benchmark_is_read_and_is_per_operation(self):
        def told(**more):
            one = {"name": "micro_queue", "iterations": 10, "real_time": 2.0, "cpu_time": 1.5, "time_unit": "us", **more}
            return self.run_script("cat <<END\n" + json.dumps({"context": {}, "benchmarks": [one]}, indent=1) + "\nEND\n")

        self.assertEqual(told().metrics, {"ns_per_op": 2000, "cpu_ns_per_op": 1500})
        # 1.5 us of processor time for 3 operations; by the clock where the benchmark says so.
        self.assertEqual(told(items_per_second=2e6).metrics["cpu_ns_per_op"], 500)
        real = told(name="micro_queue/real_time", items_per_second=2e6).metrics
        self.assertEqual((real["ns_per_op"], real["cpu_ns_per_op"]), (500, 375))
        self.assertEqual(told(error_occurred=True, error_message="preempted").withheld, "preempted")
        self.assertIn("not what Google Benchmark writes", told(time_unit="years").problem)
        self.assertIn("not what Google Benchmark writes", self.run_script("printf '{\n \"benchmarks\": []}'").problem)

    def test_a_program_that_does_not_end_is_stopped_with_what_it_started(self):
        told = self.run_script(f"sleep 60 & echo $! >{self.folder}/child\nwait\n", limit_s=0.2)
        self.assertIn("stopped after", told.problem)
        self.assertLess(told.seconds, 30)
        child = int((self.folder / "child").read_text())
        for _ in range(500):  # killed it is already; the kernel may take a while to end it
            state = machine.read(f"/proc/{child}/stat").rpartition(")")[2].split()
            if not state or state[0] in "ZX":
                return
            time.sleep(0.01)
        self.fail("the child of a stopped program runs on")


class Grid(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bench = Path(folder.name)

    def add(self, name, told, *files):
        folder = self.bench / name
        folder.mkdir()
        (folder / "workload.json").write_text(told if isinstance(told, str) else json.dumps(told))
        for file in files:
            (folder / file).write_text("")

    def test_a_file_is_a_runtime_and_asyncio_brings_uvloop(self):
        self.add("fib", {"workloads": {"fib": {"metric": "ms"}}}, "hocket.cpp", "tokio.rs", "go.go", "asyncio.py", "config.hpp")
        found = grid.load(self.bench, quick=False)["fib"]
        self.assertEqual(sorted(found.runtimes), ["asyncio", "go", "hocket", "tokio", "uvloop"])

    def test_quick_and_full_have_their_own_arguments(self):
        told = {"metric": "ms", "args": {"a": 1}, "full": {"size": 9}, "quick": {"size": 2}}
        self.add("fib", {"workloads": {"fib": told}}, "hocket.cpp")
        self.assertEqual(grid.load(self.bench, quick=True)["fib"].args, {"a": 1, "size": 2})
        self.assertEqual(grid.load(self.bench, quick=False)["fib"].args, {"a": 1, "size": 9})

    def test_what_is_not_for_a_quick_run_comes_when_it_is_asked_for(self):
        told = {"workloads": {"echo": {"metric": "ms"}, "slow": {"metric": "ms", "not_quick": True}},
                "runtimes": {"hocket_no_standby": {"program": "hocket", "env": {"HOCKET_STANDBY": "0"}, "switch": True,
                                                   "not_quick": True}}}
        self.add("echo", told, "hocket.cpp")
        self.assertEqual(list(grid.load(self.bench, quick=True)), ["echo"])
        self.assertEqual(grid.load(self.bench, quick=True)["echo"].switches(), {})
        for found in (grid.load(self.bench, quick=False), grid.load(self.bench, quick=True, variants=True)):
            self.assertEqual(list(found), ["echo", "slow"])
            self.assertEqual(found["echo"].switches(), {"hocket_no_standby": "HOCKET_STANDBY=0"})

    def test_a_workload_may_name_who_takes_part_and_programs_of_google_benchmark_are_asked_for_it_by_name(self):
        told = {"google_benchmark": True, "workloads": {
            "micro_slot": {"metric": "ns_per_op", "runtimes": ["hocket"], "workers": [1], "quick": {"min_time": 0.05}},
            "micro_queue": {"metric": "ns_per_op", "workers": [1]}}}
        self.add("micro", told, "hocket.cpp", "tbb.cpp")
        found = grid.load(self.bench, quick=True)
        self.assertEqual([list(each.runtimes) for each in found.values()], [["hocket"], ["hocket", "tbb"]])
        programs = grid.Programs(self.bench, self.bench / "build")
        programs.command = lambda *_: (["program"], "")
        [slot, *_] = grid.cells(found.values(), programs, [1, 2], ["glibc"])
        self.assertEqual(slot.command, ["program", "--benchmark_filter=^micro_slot(/.*)?$", "--benchmark_format=json",
                                        "--benchmark_min_time=0.05"])
        (self.bench / "micro/workload.json").write_text('{"workloads": {"a": {"metric": "ms", "runtimes": ["go"]}}}')
        with self.assertRaisesRegex(grid.BadInput, "a: no program for go"):
            grid.load(self.bench, False)

    def test_a_launcher_is_no_runtime_and_is_given_the_command_of_the_program(self):
        self.add("echo", {"workloads": {"echo_1": {"metric": "ms"}}, "launcher": "load.py"}, "asyncio.py", "load.py")
        found = grid.load(self.bench, quick=False)
        programs = grid.Programs(self.bench, self.bench / "build")
        one = next(each for each in grid.cells(found.values(), programs, [1], ["glibc"]) if each.runtime == "asyncio")
        load, server = self.bench / "echo/load.py", self.bench / "echo/asyncio.py"
        python = [programs.python, "-P"]
        self.assertEqual(one.command, [*python, str(load), "--workers", "1", "--", *python, str(server)])

    def test_a_missing_peer_has_its_reason(self):
        self.add("fib", {"workloads": {"fib": {"metric": "ms"}}}, "tbb.cpp", "hocket.cpp")
        built = self.bench / "build" / "bench"
        built.mkdir(parents=True)
        (built / "missing.txt").write_text("fib_tbb\tno oneTBB (Debian: libtbb-dev)\n")
        programs = grid.Programs(self.bench, self.bench / "build")
        reasons = {each.runtime: each.skipped for each in grid.cells(grid.load(self.bench, False).values(), programs, [1], ["glibc"])}
        self.assertEqual(reasons, {"hocket": "not built", "tbb": "no oneTBB (Debian: libtbb-dev)"})

    def test_a_peer_that_does_not_compile_is_known_by_its_name(self):
        log = ("[1/9] Building\nFAILED: bench/CMakeFiles/bench_queue_asio.dir/queue/asio.cpp.o \nerror\n"
               "FAILED: bench/fib_go /b/bench/fib_go\nFAILED: bench/rust/built /b/bench/rust/built\n")
        self.assertEqual(grid.failed_programs(log), {"queue_asio", "fib_go", "rust"})
        self.assertEqual(grid.failed_programs(log + "FAILED: api/CMakeFiles/hocket.dir/x.o\n"), set())
        programs = grid.Programs(self.bench, self.bench / "build", {"rust": "does not compile here"})
        self.assertEqual(programs.command(self.bench / "fib", "tokio.rs"), ([], "does not compile here"))

    def test_worker_counts_are_the_users_unless_the_runtime_has_one_thread(self):
        self.assertEqual(grid.worker_counts(workload(), "hocket", [1, 2, 4]), [1, 2, 4])
        self.assertEqual(grid.worker_counts(workload(), "asyncio", [2, 4]), [1])
        self.assertEqual(grid.worker_counts(workload(workers="most"), "hocket", [1, 2, 4]), [4])
        self.assertEqual(grid.worker_counts(workload(only={"tbb": [2]}), "tbb", [1]), [2])

    def test_mistakes_in_a_workload_file_name_the_file(self):
        self.add("a", "{", "hocket.cpp")
        with self.assertRaisesRegex(grid.BadInput, "a/workload.json: not JSON"):
            grid.load(self.bench, False)
        (self.bench / "a" / "workload.json").write_text('{"workloads": {"a": {"metric": "ms", "sise": 1}}}')
        with self.assertRaisesRegex(grid.BadInput, "a: unknown key sise"):
            grid.load(self.bench, False)

    def test_the_grid_of_the_repository_can_be_read(self):
        found = grid.load(ROOT / "bench", quick=True)
        self.assertIn("fib", found)
        for name, told in found.items():
            self.assertTrue(told.about, name)
            self.assertIn("hocket", told.runtimes, name)


class Reports(unittest.TestCase):
    def report_of_cells(self):
        cells = [cell("hocket"), cell("tbb"), cell("go"), cell("asio")]
        for one, values in zip(cells, ([1, 2, 3], [4, 5, 6])):
            one.rounds = [{"ns_per_op": value} for value in values]
            one.units = {"ns_per_op": "ns"}
        cells[2].skipped = "no Go (Debian: golang-go)"
        cells[3].failed = "ended by signal 11"
        told = {"processor": "p & q", "processors": 2, "kernel": "k", "date": "2026-01-02 03:04", "load": "0", "allocators": ["glibc"]}
        return report.build(cells, told, [workload()], False, ["a note"])

    def test_json_has_the_keys_that_the_readme_names(self):
        told = json.loads(json.dumps(self.report_of_cells()))
        judge.check_report(told)
        self.assertLessEqual({"workload", "runtime", "workers", "metric", "unit", "median", "min", "max", "rounds"},
                             set(told["results"][0]))
        self.assertEqual([row["values"] for row in told["results"]], [[1, 2, 3], [4, 5, 6]])

    def test_who_was_left_out_or_failed_is_said(self):
        lines = report.left_out_lines(self.report_of_cells())
        self.assertEqual(lines, ["left out: go (no Go (Debian: golang-go)): fib", "failed: asio (ended by signal 11): fib"])

    def test_the_markdown_table_keeps_the_rows_that_are_lost(self):
        told = whole_report([row("hocket", [8] * 3), row("tbb", [2] * 3)])
        self.assertIn("| `fib` | ns_per_op | 1 | 8 | tbb 2 | 4.00 | behind |", report.markdown(told))

    def test_a_mechanism_that_is_switched_off_stands_beside_hocket_as_it_comes(self):
        rows = [row("hocket", [2, 3, 4]), row("hocket_no_standby", [30, 33, 36]), row("hocket_1_stander", [4, 5, 6]), row("tbb", [1] * 3),
                {**row("hocket", [0.5] * 3), "metric": "share"}, {**row("hocket_no_standby", [0.25] * 3), "metric": "share"}]
        told = whole_report(rows)
        told["workloads"]["fib"].update(beside=["share", "unmeasured"],
                                        switches={"hocket_no_standby": "HOCKET_STANDBY=0", "hocket_1_stander": "HOCKET_STANDERS=1"})
        self.assertEqual([line.split("  ") for line in map(str.strip, report.switched_lines(told)[1:])][0][0], "fib, 1 w")
        text = "\n".join(report.markdown(told))
        self.assertIn("| `fib` | as it comes | 3 | 0.5 |", text)
        self.assertIn("|  | `HOCKET_STANDBY=0` | 33 (11 x) | 0.25 (0.50 x) |", text)
        self.assertIn("|  | `HOCKET_STANDERS=1` | 5 (same) | - |", text)
        self.assertIn("<td class=n>33 (11 x)</td>", html.page(told))
        rows[:] = [each for each in rows if each["runtime"] != "hocket"]
        self.assertEqual(report.switched_lines(told), [], "nothing to compare with")

    def test_the_page_is_one_file_with_every_number(self):
        rows = [row("hocket", [10 + workers] * 3, workers) for workers in (1, 2, 4)] + [row("tbb", [0.123, 4567, 5e6], 2)]
        page = html.page(whole_report(rows))
        for part in ("<svg", "prefers-color-scheme: dark", "0.123", "4567", "5 M", "a fork &amp; a join", "polyline"):
            self.assertIn(part, page)
        for foreign in ("http:", "https:", "<script", "<link", "@import", "url("):
            self.assertNotIn(foreign, page)

    def test_a_report_with_a_hole_is_refused_with_the_place(self):
        for broken, place in ((lambda told: told.pop("machine"), "machine"),
                              (lambda told: told["results"][1].pop("median"), r"results\[1\]: no 'median'"),
                              (lambda told: told["results"][0].update(median=99), r"results\[0\]: the median")):
            told = whole_report([row("hocket", [1, 2, 3]), row("tbb", [1, 2, 3])])
            broken(told)
            with self.assertRaisesRegex(ValueError, place):
                judge.check_report(told)


class CommandLine(unittest.TestCase):
    def run_main(self, *argv):
        errors, output = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(output):
            try:
                code = cli.main(list(argv))
            except SystemExit as stopped:
                code = stopped.code
        return code, errors.getvalue(), output.getvalue()

    def test_bad_input_gives_one_line_and_exit_code_2(self):
        for argv, line in ((["--only", "fob"], "--only: no workload 'fob'"),
                           (["--workers", "0"], "--workers takes numbers"),
                           (["--workers", "two"], "--workers takes numbers"),
                           (["--rounds", "0"], "--rounds takes a number of at least 1"),
                           (["--minutes", "0"], "--minutes takes a number above 0"),
                           (["--foreign", "-1"], "--foreign takes a percentage"),
                           (["--allocators", "nomalloc"], "--allocators: no nomalloc here"),
                           (["--runtimes", "erlang", "--no-build"], "--runtimes: no 'erlang'"),
                           (["--json", "/nowhere/at/all.json"], "--json: cannot write /nowhere/at/all.json"),
                           (["--compare", "/nowhere/old.json"], "--compare: /nowhere/old.json")):
            code, errors, _ = self.run_main(*argv)
            self.assertEqual((code, errors.count("\n")), (2, 1), f"{argv}: {errors}")
            self.assertTrue(errors.startswith("bench: " + line), errors)

    def test_workers_are_a_list_or_all(self):
        self.assertEqual(cli.worker_list("4 1,2", 8), [1, 2, 4])
        self.assertEqual(cli.worker_list("all", 3), [1, 2, 3])
        self.assertEqual(cli.worker_list(None, 8), [1, 8])

    def test_only_takes_names_and_beginnings_of_names(self):
        found = {name: workload(name) for name in ("fib", "queue_16", "queue_1024")}
        self.assertEqual([each.name for each in grid.choose(found, ["queue"])], ["queue_16", "queue_1024"])
        self.assertEqual([each.name for each in grid.choose(found, ["fib"])], ["fib"])

    def test_an_earlier_report_is_shown_and_compared_without_measuring(self):
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder) / "old.json", Path(folder) / "new.json"
            old.write_text(json.dumps(whole_report([row("hocket", [10] * 3), row("tbb", [3] * 3)])))
            new.write_text(json.dumps(whole_report([row("hocket", [5] * 3), row("tbb", [3] * 3)])))
            code, _, output = self.run_main("--from", str(new), "--compare", str(old), "--html", f"{folder}/r.html")
            self.assertEqual(code, 0)
            self.assertIn("1 worker: tbb ahead", output)
            self.assertIn("better: fib hocket 1 w ns_per_op: 10 -> 5 ns, 0.50 of it", output)
            self.assertTrue((Path(folder) / "r.html").read_text().startswith("<!doctype html>"))


if __name__ == "__main__":
    unittest.main()
