"""The report as one HTML file that needs nothing else: charts, verdicts, the machine, and every number."""
from html import escape
from pathlib import Path

from . import chart, report as tables
from .report import number, rows_of

STYLE = Path(__file__).with_name("style.css").read_text()

FACTS = [("processor", "Processor"), ("processors", "Processors"), ("usable_processors", "of these usable"),
         ("virtual", "Virtual machine"), ("quota", "Quota of the control group"), ("governor", "Frequency governor"),
         ("kernel", "Linux"), ("huge_pages", "Huge pages"),
         ("compiler", "C++ compiler"), ("flags", "C++ flags"), ("allocators", "Allocator, for all alike"), ("source", "Source of hocket"),
         ("settings", "Settings of hocket"), ("date", "Began"), ("seconds", "Took, in seconds"), ("load", "Load at the start"),
         ("load_at_end", "Load at the end")]


def label_of(rows):
    """How a row is called in a chart: with what differs between the rows."""
    several = len({row["allocator"] for row in rows}) > 1

    def label(row):
        words = f"{row['runtime']}, {row['workers']} w"
        return f"{words}, {row['allocator']}" if several else words
    return label


def table(header, rows, numbers=()):
    head = "".join(f'<th{" class=n" if i in numbers else ""}>{escape(each)}</th>' for i, each in enumerate(header))
    body = ""
    for row in rows:
        row, name = row if isinstance(row, tuple) else (row, "")
        cells = "".join(f'<td{" class=n" if i in numbers else ""}>{each}</td>' for i, each in enumerate(row))
        body += f'<tr{f" class={name}" if name else ""}>{cells}</tr>'
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def overview(report):
    """hocket beside its best peer, the leading metric of each workload."""
    rows = []
    for each in tables.beside_best_peer(report):
        name = each["workload"]
        values = [f'<a href="#{name}"><code>{name}</code></a>', each["metric"], str(each["workers"])]
        if each["allocators"]:
            values.append(each["allocator"])
        values += [number(each["own"]["median"]), f'{escape(each["peer"]["runtime"])} {number(each["peer"]["median"])}',
                   each["ratio"], each["mark"]]
        rows.append((values, each["mark"] if each["mark"] in ("ahead", "behind") else ""))
    if not rows:
        return ""
    allocator = ["allocator"] if len(rows[0][0]) == 8 else []
    shift = len(allocator)
    header = ["workload", "metric", "workers", *allocator, "hocket", "best peer", "hocket / peer", ""]
    return ('<section><h2>hocket and its best peer</h2>'
            '<p class="soft">Medians; a tie is where the ranges of the two overlap.</p>'
            + table(header, rows, (2, 3 + shift, 5 + shift)) + "</section>")


def switched(report):
    """What each mechanism does, where variants with one of them switched off were measured."""
    parts = []
    for told in tables.switched(report):
        rows = [[f"<code>{escape(label)}</code>" if i else escape(label), *(tables.switched_cell(each, i == 0) for each in row)]
                for i, (label, row) in enumerate(told["rows"])]
        parts.append(f'<h3><a href="#{told["workload"]}"><code>{told["workload"]}</code></a>, {told["workers"]} w, '
                     f'{escape(told["allocator"])}</h3>' + table(["", *told["metrics"]], rows, range(1, len(told["metrics"]) + 1)))
    if not parts:
        return ""
    legend = escape(tables.SWITCHED_LEGEND.replace("*", ""))
    return f'<section><h2>Each mechanism of hocket switched off</h2><p class="soft">{legend}</p>{"".join(parts)}</section>'


def lines_of(rows):
    """What `chart.scaling` takes, of the runtimes that were run with three worker counts or more."""
    series = {}
    for row in rows:
        series.setdefault((row["runtime"], row["allocator"]), []).append((row["workers"], row["median"]))
    several = len({allocator for _, allocator in series}) > 1
    return {f"{runtime}, {allocator}" if several else runtime: sorted(points)
            for (runtime, allocator), points in series.items() if len(points) > 2}


def every_number(row):
    rounds = ", ".join(number(value) for value in row.get("values", ()))
    if row.get("withheld"):
        rounds += f" ({escape(row['withheld'])})"
    return [row["runtime"], str(row["workers"]), row["allocator"], row["metric"], number(row["median"]),
            number(row["min"]), number(row["max"]), rounds]


def workload(report, name, told):
    metrics = list(dict.fromkeys(row["metric"] for row in report["results"] if row["workload"] == name))
    metrics.sort(key=lambda metric: metric != told["metric"])
    parts = [f'<section id="{name}"><h2><code>{name}</code></h2><p>{escape(told["about"])}</p>']
    for i, metric in enumerate(metrics):
        rows = rows_of(report, name, metric)
        unit = rows[0]["unit"]
        better = "more" if metric in told["more_is_better"] else "less"
        if i == 1:
            parts.append("<details><summary>Other metrics, and every number</summary>")
        parts.append(f"<h3>{metric}, in {escape(unit)}; {better} is better</h3>{chart.dots(rows, unit, label_of(rows))}")
        series = lines_of(rows)
        if series:
            parts.append(chart.scaling(series, unit))
        several = len({row["allocator"] for row in rows}) > 1
        said = [f"{each['workers']} w{', ' + each['allocator'] if several else ''}: {tables.words(each)}"
                for each in report["verdicts"]
                if each["workload"] == name and each["metric"] == metric and each["outcome"] not in ("alone", "nothing")]
        parts.append(f'<p class="soft">{escape("; ".join(said))}</p>')
    if len(metrics) == 1:
        parts.append("<details><summary>Every number</summary>")
    rows = [every_number(row) for metric in metrics for row in rows_of(report, name, metric)]
    parts.append(table(["runtime", "workers", "allocator", "metric", "median", "least", "most", "rounds"], rows, (1, 4, 5, 6)))
    asked = ", ".join(f"{key} {value}" for key, value in told["args"].items())
    parts.append(f'<p class="soft">Arguments: {escape(asked)}.</p></details></section>')
    return "".join(parts)


def page(report):
    machine = report["machine"]

    def fact(value):
        if isinstance(value, dict):
            return ", ".join(f"{name}={each}" for name, each in value.items()) or "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    facts = [[title, escape(fact(machine[key]))] for key, title in FACTS if machine.get(key) not in (None, "")]
    versions = [[name, escape(version)] for name, version in machine.get("versions", {}).items()]
    notes = [escape(note) for note in report["notes"]] + [escape(each) for each in tables.left_out_lines(report)]
    measured = {row["workload"] for row in report["results"]}
    shown = [(name, told) for name, told in report["workloads"].items() if name in measured]
    size = "small sizes (--quick); " if report["quick"] else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>hocket: benches</title><style>{STYLE}</style></head><body><main>
<h1>The same question to every runtime</h1>
<p class="soft">{escape(tables.machine_line(machine))}; {escape(machine.get("date", ""))}; {size}{len(shown)} workloads.</p>
<p>Rounds of all runtimes were interleaved. A dot is the median of the rounds, the bar behind it reaches from least to most, each
tick is a round. Where ranges overlap nobody is ahead.</p>
<p class="key"><span class="own"><i></i>hocket</span><span class="peer"><i></i>others</span>
<span class="floor"><i></i>floors: the work without a runtime</span></p>
{overview(report)}
{switched(report)}
{"".join(workload(report, name, told) for name, told in shown)}
<section><h2>Machine and versions</h2>{table(["", ""], facts)}<h3>Versions</h3>{table(["", ""], versions)}</section>
<section><h2>Notes</h2><ul>{"".join(f"<li>{note}</li>" for note in notes) or "<li>Nothing was left out.</li>"}</ul></section>
</main></body></html>
"""
