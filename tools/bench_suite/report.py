"""A report: what --json writes, and the tables that are read on a terminal and in a README."""
from . import judge
from .grid import rank


def build(cells, machine, workloads, quick, notes):
    """The report as a dict, from cells that have run."""
    results, left_out = [], {}
    for cell in cells:
        if cell.skipped or cell.failed:
            why = cell.skipped or f"failed: {cell.failed}"
            left_out.setdefault((cell.runtime, why), []).append(cell.workload.name)
        if cell.failed or not cell.rounds:
            continue
        for metric in cell.rounds[0]:
            values = [told[metric] for told in cell.rounds if metric in told]
            row = {"workload": cell.workload.name, "runtime": cell.runtime, "workers": cell.workers, "metric": metric,
                   "unit": cell.units[metric], **judge.summary(values), "allocator": cell.allocator, "values": values}
            if cell.withheld:
                row["withheld"] = cell.withheld
            results.append(row)
    report = {
        "machine": machine,
        "quick": quick,
        "workloads": {w.name: {"about": w.about, "metric": w.metric, "more_is_better": sorted(w.more_is_better),
                               "resolution": w.resolution, "args": w.args, "beside": w.beside,
                               "switches": w.switches()} for w in workloads},
        "results": results,
        "left_out": [{"runtime": runtime, "reason": why, "workloads": list(dict.fromkeys(names)),
                      "failed": why.startswith("failed: ")} for (runtime, why), names in left_out.items()],
        "notes": notes,
    }
    report["verdicts"] = judge.comparisons(results, report["workloads"])
    return report


def number(value):
    """Four significant digits, without exponents: 12.34, 1234, 0.01234."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g} M"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}" if abs(value) >= 0.001 else f"{value:.2g}"


def words(told, short=False):
    """A verdict in words."""
    outcome, names = told["outcome"], told["runtimes"]
    if outcome == "ahead":
        return f"{names[0]} ahead"
    if outcome == "tie":
        return "tie" if short else "tie: " + ", ".join(names)
    return {"alone": "no rival here", "nothing": "no rival here", "withheld": "withheld: disturbed",
            "few rounds": "too few rounds to say"}[outcome]


def times(ratio):
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def machine_line(machine):
    virtual = " (virtual)" if machine.get("virtual") else ""
    flags = f" {machine['flags']}" if machine.get("flags") else ""
    return (f"{machine['processors']} x {machine['processor']}{virtual}, Linux {machine['kernel']}, "
            f"{machine.get('compiler') or 'no compiler known'}{flags}")


def rows_of(report, workload, metric):
    rows = [row for row in report["results"] if row["workload"] == workload and row["metric"] == metric]
    return sorted(rows, key=lambda row: (rank(row["runtime"]), row["workers"], row["allocator"]))


def terminal(report):
    """The table of the leading metrics, as lines."""
    lines = []
    allocators = {row["allocator"] for row in report["results"]}
    for name, told in report["workloads"].items():
        rows = rows_of(report, name, told["metric"])
        if not rows:
            continue
        unit = rows[0]["unit"]
        lines.append(f"{name}: {told['metric']}{'' if told['metric'].endswith(unit) else ' in ' + unit}. {told['about']}")
        for row in rows:
            own = [other for other in rows if other["runtime"] == "hocket" and other["allocator"] == row["allocator"]]
            base = next((other for other in own if other["workers"] == row["workers"]), own[-1] if own else None)
            beside = ""
            if base and row["runtime"] != "hocket" and base["median"]:
                beside = f"{times(row['median'] / base['median'])} x hocket"
                if base["workers"] != row["workers"]:
                    beside += f" at {base['workers']} w"
                if judge.overlap(row, base):
                    beside += " (overlap)"
            allocator = f" {row['allocator']}" if len(allocators) > 1 else ""
            withheld = f"  [{row['withheld']}]" if row.get("withheld") else ""
            lines.append(f"  {row['runtime'] + allocator:<20} {row['workers']:>3} w {number(row['median']):>10}   "
                         f"{number(row['min']) + ' .. ' + number(row['max']):<22} {beside}{withheld}".rstrip())
        for said in report["verdicts"]:
            if said["workload"] == name and said["metric"] == told["metric"] and said["outcome"] not in ("alone", "nothing"):
                allocator = f", {said['allocator']}" if len(allocators) > 1 else ""
                lines.append(f"  -> {said['workers']} worker{'s' * (said['workers'] > 1)}{allocator}: {words(said)}")
    return lines


def switched(report):
    """What each mechanism of hocket does: for each workload, worker count and allocator with variants that were measured
    {"workload", "workers", "allocator", "metrics", "rows"}, a row being a label and for each metric None or
    {"row", "ratio" to hocket as it comes or None for too few rounds, "same": the ranges overlap}."""
    for name, told in report["workloads"].items():
        labels = {"hocket": "as it comes", **told.get("switches", {})}
        rows = [row for row in report["results"] if row["workload"] == name and row["runtime"] in labels]
        for workers, allocator in sorted({(row["workers"], row["allocator"]) for row in rows}):
            of = {(row["runtime"], row["metric"]): row for row in rows if (row["workers"], row["allocator"]) == (workers, allocator)}
            metrics = [metric for metric in [told["metric"], *told.get("beside", [])] if ("hocket", metric) in of]
            measured = [runtime for runtime in labels if any((runtime, metric) in of for metric in metrics)]
            if "hocket" not in measured or len(measured) < 2:
                continue

            def beside(row, base, metric):
                if row is None:
                    return None
                told_apart = base["median"] and min(row["rounds"], base["rounds"]) >= judge.LEAST_ROUNDS
                return {"row": row, "ratio": row["median"] / base["median"] if told_apart else None,
                        "same": judge.overlap(row, base, told.get("resolution", {}).get(metric, 0.0))}

            yield {"workload": name, "workers": workers, "allocator": allocator, "metrics": metrics,
                   "rows": [(labels[runtime], [beside(of.get((runtime, metric)), of["hocket", metric], metric) for metric in metrics])
                            for runtime in measured]}


def switched_cell(told, first):
    """One figure of `switched` in words; `first`: of hocket as it comes."""
    if told is None:
        return "-"
    text = number(told["row"]["median"])
    if first or told["ratio"] is None:
        return text
    return f"{text} (same)" if told["same"] else f"{text} ({times(told['ratio'])} x)"


SWITCHED_LEGEND = ("Medians, and how many times that of hocket as it comes; *same*: the ranges of the two overlap; "
                   "fewer than three rounds: no word.")


def switched_lines(report):
    """The tables of `switched` for a terminal."""
    lines = []
    for told in switched(report):
        cells = [[told["workload"] + f", {told['workers']} w", *told["metrics"]]]
        cells += [["  " + label, *(switched_cell(each, i == 0) for each in row)] for i, (label, row) in enumerate(told["rows"])]
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        lines += ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in cells]
    return [SWITCHED_LEGEND.replace("*", ""), *lines] if lines else []


def switched_markdown(report):
    """One table for all workloads that lead with the same metrics."""
    lines, before = [], None
    for told in switched(report):
        if told["metrics"] != before:
            lines += ["", "| workload | switched off | " + " | ".join(told["metrics"]) + " |", "|---|---" + "|--:" * len(told["metrics"]) + "|"]
            before = told["metrics"]
        for i, (label, row) in enumerate(told["rows"]):
            lines.append(f"| {'`' + told['workload'] + '`' if i == 0 else ''} | {'`' + label + '`' if i else label} | "
                         + " | ".join(switched_cell(each, i == 0) for each in row) + " |")
    return [*lines, "", SWITCHED_LEGEND] if lines else []


def left_out_lines(report):
    lines = []
    for told in report["left_out"]:
        what = "failed" if told["failed"] else "left out"
        reason = told["reason"].removeprefix("failed: ")
        lines.append(f"{what}: {told['runtime']} ({reason}): {' '.join(told['workloads'])}")
    return lines


def beside_best_peer(report):
    """hocket beside its best peer, for the leading metric of each workload and each worker count."""
    allocators = {row["allocator"] for row in report["results"]}
    for said in report["verdicts"]:
        told = report["workloads"][said["workload"]]
        peer = said["to_best_peer"]
        if said["metric"] != told["metric"] or peer is None:
            continue
        rows = [row for row in rows_of(report, said["workload"], said["metric"]) if row["allocator"] == said["allocator"]]
        own = next(row for row in rows if row["runtime"] == "hocket" and row["workers"] == said["workers"])
        others = [row for row in rows if row["runtime"] == peer["runtime"]]
        other = next((row for row in others if row["workers"] == said["workers"]), others[0])
        if said["outcome"] in ("withheld", "few rounds"):
            mark = words(said)
        elif peer["tie"]:
            mark = "tie"
        else:
            mark = "ahead" if (own["median"] > other["median"]) == (said["metric"] in told["more_is_better"]) else "behind"
        yield {**said, "own": own, "peer": other, "mark": mark, "allocators": len(allocators) > 1,
               "ratio": times(peer["ratio"]) if peer["ratio"] is not None else "-"}


def markdown(report):
    """The table for a README."""
    machine = report["machine"]
    lines = [f"{machine_line(machine)}; {machine['date'][:10]}, source {machine.get('source') or 'unknown'}"
             f"{', small sizes (--quick)' if report['quick'] else ''}.", "",
             "| workload | metric | workers | hocket | best peer | hocket / peer | |",
             "|---|---|--:|--:|--:|--:|---|"]
    for each in beside_best_peer(report):
        allocator = f", {each['allocator']}" if each["allocators"] else ""
        lines.append(f"| `{each['workload']}`{allocator} | {each['metric']} | {each['workers']} | {number(each['own']['median'])} | "
                     f"{each['peer']['runtime']} {number(each['peer']['median'])} | {each['ratio']} | {each['mark']} |")
    lines += ["", "Medians of interleaved rounds; *tie*: the ranges of the two overlap."]
    return lines + switched_markdown(report)


def change_lines(found, notes):
    lines = [f"note: {note}" for note in notes]
    for told in sorted(found, key=lambda each: (each["better"], judge.key(each["row"]))):
        row, before = told["row"], told["before"]
        ratio = f", {times(told['ratio'])} of it" if told["ratio"] else ""
        lines.append(f"{'better' if told['better'] else 'WORSE'}: {row['workload']} {row['runtime']} {row['workers']} w "
                     f"{row['metric']}: {number(before['median'])} -> {number(row['median'])} {row['unit']}{ratio}")
    if not found:
        lines.append("nothing changed beyond the noise")
    return lines
