"""What the rounds say: medians with least and most, who is ahead, and what changed since another run.

The one rule: where two ranges (least to most) overlap, nobody is ahead and nothing changed. Pure functions.
"""
from statistics import median

from .grid import FLOORS

LEAST_ROUNDS = 3  # fewer tell no spread, and so nobody is ahead


def summary(values):
    """The median of the rounds, with least and most."""
    return {"median": median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def overlap(one, other, resolution=0.0):
    """Whether two ranges overlap, or lie no further apart than what the workload can tell apart."""
    return one["min"] <= other["max"] + resolution and other["min"] <= one["max"] + resolution


def contends(runtime):
    """Floors win nothing, and a variant of hocket is no rival of hocket."""
    return runtime not in FLOORS and not runtime.startswith("hocket_")


def verdict(rows, more_is_better=False, resolution=0.0):
    """Who is ahead among the rows of one comparison: ("ahead", [one]), ("tie", [several]), ("alone", [one]),
    ("few rounds", []) when there is no spread to speak of, ("withheld", []) when a round of somebody who could be ahead
    was not to be trusted, ("nothing", [])."""
    rows = [row for row in rows if contends(row["runtime"])]
    if not rows:
        return "nothing", []
    if len(rows) == 1:
        return "alone", [rows[0]["runtime"]]
    if min(row["rounds"] for row in rows) < LEAST_ROUNDS:
        return "few rounds", []
    pick = max if more_is_better else min
    best = pick(rows, key=lambda row: row["median"])
    level = [row for row in rows if overlap(row, best, resolution)]
    if any(row.get("withheld") for row in level):
        return "withheld", []
    names = [row["runtime"] for row in sorted(level, key=lambda row: row["median"], reverse=more_is_better)]
    return ("ahead" if len(names) == 1 else "tie"), names


def comparisons(results, workloads):
    """One verdict for each workload, metric, allocator and worker count of hocket. A runtime that runs with one number of
    workers only takes part once, at the nearest count. `workloads`: as in a report."""
    groups = {}
    for row in results:
        groups.setdefault((row["workload"], row["metric"], row["allocator"]), []).append(row)
    said = []
    for (workload, metric, allocator), rows in groups.items():
        of_runtime = {}
        for row in rows:
            of_runtime.setdefault(row["runtime"], []).append(row)
        hocket = of_runtime.get("hocket") or max(of_runtime.values(), key=len)
        counts = [row["workers"] for row in hocket]
        for workers in sorted(counts):
            rivals = [row for own in of_runtime.values() for row in own if row["workers"] == workers
                      or len(own) == 1 and workers == min(counts, key=lambda count: abs(count - row["workers"]))]
            told = workloads.get(workload, {})
            rule = metric in told.get("more_is_better", ()), told.get("resolution", {}).get(metric, 0.0)
            outcome, names = verdict(rivals, *rule)
            said.append({"workload": workload, "metric": metric, "allocator": allocator, "workers": workers,
                         "outcome": outcome, "runtimes": names, "to_best_peer": to_best_peer(rivals, *rule)})
    return said


def to_best_peer(rows, more_is_better, resolution=0.0):
    """hocket's median as a multiple of the best peer's: {"runtime", "ratio", "tie"}, or None without either."""
    own = next((row for row in rows if row["runtime"] == "hocket"), None)
    peers = [row for row in rows if contends(row["runtime"]) and row is not own]
    if own is None or not peers:
        return None
    best = (max if more_is_better else min)(peers, key=lambda row: row["median"])
    ratio = own["median"] / best["median"] if best["median"] else None
    return {"runtime": best["runtime"], "ratio": ratio, "tie": overlap(own, best, resolution)}


def key(row):
    return row["workload"], row["runtime"], row["workers"], row["metric"], row.get("allocator", "")


def changes(old, new):
    """What lies outside the other run's range: a list of {"row", "before", "ratio", "better"}, and notes on what could not
    be compared. `old` and `new` are whole reports."""
    notes, found = [], []
    for what in ("processor", "processors", "kernel", "compiler"):
        before, now = old["machine"].get(what), new["machine"].get(what)
        if before != now:
            notes.append(f"{what}: was {before}, is {now}")
    asked_before = {name: told.get("args") for name, told in old.get("workloads", {}).items()}
    asked_now = {name: told.get("args") for name, told in new.get("workloads", {}).items()}
    rows = {key(row): row for row in old["results"]}
    other_size = set()
    for row in new["results"]:
        before = rows.get(key(row))
        if before is None:
            continue
        name = row["workload"]
        if asked_before.get(name) != asked_now.get(name):
            other_size.add(name)
            continue
        told = new.get("workloads", {}).get(name, {})
        if overlap(row, before, told.get("resolution", {}).get(row["metric"], 0.0)):
            continue
        more = row["metric"] in told.get("more_is_better", ())
        found.append({"row": row, "before": before, "better": (row["median"] > before["median"]) == more,
                      "ratio": row["median"] / before["median"] if before["median"] else None})
    notes += [f"{name}: asked with other arguments, not compared" for name in sorted(other_size)]
    common = rows.keys() & {key(row) for row in new["results"]}
    if not common:
        notes.append("the two reports have no row in common")
    return found, notes


def check_report(report):
    """Raises ValueError with the place, unless this is a report as bench/README.md describes it."""
    if not isinstance(report, dict) or not isinstance(report.get("machine"), dict):
        raise ValueError("no 'machine'")
    if not isinstance(report.get("results"), list):
        raise ValueError("no 'results'")
    kinds = {"workload": str, "runtime": str, "workers": int, "metric": str, "unit": str, "median": (int, float),
             "min": (int, float), "max": (int, float), "rounds": int}
    for number, row in enumerate(report["results"]):
        for name, kind in kinds.items():
            if not isinstance(row, dict) or not isinstance(row.get(name), kind):
                raise ValueError(f"results[{number}]: no '{name}', or of the wrong kind")
        if not row["min"] <= row["median"] <= row["max"]:
            raise ValueError(f"results[{number}]: the median lies outside of least and most")
