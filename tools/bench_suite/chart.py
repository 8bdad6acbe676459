"""Charts as inline SVG: a dot plot of one metric, and lines over the number of workers. Colours are the page's."""
import math
from html import escape

from .grid import FLOORS
from .report import number

ROW = 22
LEFT, PLOT, RIGHT = 190, 470, 90


def kind(runtime):
    if runtime.startswith("hocket"):
        return "own"
    return "floor" if runtime in FLOORS else "peer"


class Scale:
    """Values to pixels: from zero, or by powers of ten where a linear scale would press most of them together."""

    def __init__(self, values, width):
        least, most = min(values), max(values)
        positive = [value for value in values if value > 0]
        self.log = len(positive) == len(values) and most > 12 * least
        self.width = width
        if self.log:
            self.low, self.high = math.log10(least) - 0.08, math.log10(most) + 0.08
        else:
            self.low, self.high = min(0.0, least), (most or 1.0) * 1.05

    def __call__(self, value):
        at = math.log10(value) if self.log else value
        return (at - self.low) / (self.high - self.low) * self.width

    def ticks(self):
        if self.log:
            steps = (1, 2, 5) if self.high - self.low < 2.2 else (1,)
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            marks = (step * 10.0 ** power for power in powers for step in steps)
            return [tick for tick in marks if self.low <= math.log10(tick) <= self.high]
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        return [step * i for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def text(x, y, words, name="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{name}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1, y1, x2, y2, name):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'


def dots(rows, unit, label):
    """One line for each row: every round a tick, least to most a bar, the median a dot with its number."""
    scale = Scale([value for row in rows for value in (row["min"], row["max"])], PLOT)
    height = ROW * len(rows) + 34
    parts = []
    for tick in scale.ticks():
        x = LEFT + scale(tick)
        parts.append(line(x, 4, x, height - 26, "grid"))
        if x < LEFT + PLOT - 30:  # else it would lie on the unit
            parts.append(text(x, height - 10, number(tick), "axis", "middle"))
    for i, row in enumerate(rows):
        y = ROW * i + ROW / 2 + 4
        name = kind(row["runtime"])
        told = (f"{label(row)}: median {number(row['median'])} {unit}, {number(row['min'])} to {number(row['max'])}, "
                f"{row['rounds']} rounds")
        parts.append(f'<g class="{name}"><title>{escape(told)}</title>')
        parts.append(f'<rect x="0" y="{y - ROW / 2:.1f}" width="{LEFT + PLOT + RIGHT}" height="{ROW}" class="hit"/>')
        parts.append(text(LEFT - 12, y + 4, label(row), "name", "end"))
        parts.append(line(LEFT + scale(row["min"]), y, LEFT + scale(row["max"]), y, "range"))
        for value in row.get("values", ()):
            parts.append(line(LEFT + scale(value), y - 4, LEFT + scale(value), y + 4, "round"))
        parts.append(f'<circle cx="{LEFT + scale(row["median"]):.1f}" cy="{y:.1f}" r="4.5" class="median"/>')
        parts.append(text(LEFT + PLOT + 10, y + 4, number(row["median"]), "value"))
        parts.append("</g>")
    note = f"{unit}, logarithmic" if scale.log else unit
    parts.append(text(LEFT + PLOT + RIGHT, height - 10, note, "axis", "end"))
    return (f'<svg viewBox="0 0 {LEFT + PLOT + RIGHT} {height}" role="img" aria-label="{escape(unit)} for each runtime">'
            + "".join(parts) + "</svg>")


def scaling(series, unit):
    """Lines over the number of workers; `series`: {runtime: [(workers, median), ...]}. Named where they end."""
    points = [point for line_of in series.values() for point in line_of]
    most = max(workers for workers, _ in points)
    scale = Scale([value for _, value in points], 220)
    across = lambda workers: 60 + (workers - 1) / max(1, most - 1) * 480
    down = lambda value: 236 - scale(value)
    parts = []
    for tick in scale.ticks():
        parts += [line(60, down(tick), 540, down(tick), "grid"), text(52, down(tick) + 4, number(tick), "axis", "end")]
    for workers in sorted({workers for workers, _ in points}):
        parts.append(text(across(workers), 256, str(workers), "axis", "middle"))
    parts.append(text(540, 272, f"workers; {unit}{', logarithmic' if scale.log else ''}", "axis", "end"))
    ends = []
    for runtime, line_of in sorted(series.items(), key=lambda each: kind(each[0]) == "own"):  # ours lies on top
        path = " ".join(f"{across(workers):.1f},{down(value):.1f}" for workers, value in line_of)
        parts.append(f'<g class="{kind(runtime)}"><polyline points="{path}" class="series"/>')
        parts += [f'<circle cx="{across(workers):.1f}" cy="{down(value):.1f}" r="3" class="median"><title>'
                  f'{escape(runtime)}, {workers} workers: {number(value)} {escape(unit)}</title></circle>'
                  for workers, value in line_of]
        parts.append("</g>")
        ends.append([down(line_of[-1][1]), across(line_of[-1][0]), runtime])
    last = -100.0
    for y, x, runtime in sorted(ends):  # names that would lie upon each other are moved down
        last = max(y, last + 13)
        parts.append(text(x + 10, last + 4, runtime, f"name {kind(runtime)}"))
    return (f'<svg viewBox="0 0 {LEFT + PLOT + RIGHT} 280" role="img" aria-label="over the number of workers">'
            + "".join(parts) + "</svg>")
