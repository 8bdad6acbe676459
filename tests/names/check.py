"""Holds api/names.md against asyncio's public names and hocket's headers.

    python3 check.py COMPILER FLAG...      every name has its row; what a row spells compiles, what it calls absent is so
                                           (a name that was "not there yet" and has come is only told)
    python3.13 check.py --record           writes asyncio.txt

asyncio.txt holds asyncio.__all__ and the public members of its classes as CPython 3.13 has them; later.txt what 3.14
and 3.15 add and this library has, by hand.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "api" / "names.md"

# What a class template is looked at with.
ARGUMENTS = {
    "Queue": "<int>", "LifoQueue": "<int>", "PriorityQueue": "<int>", "Future": "<int>", "Task": "<int>",
    "Coro": "<int>", "ContextVar": "<int>", "AsyncGenerator": "<int>", "ConcurrentFuture": "<int>",
}  # fmt: skip


def record():
    import asyncio
    import inspect

    lines = [f"# asyncio's public names in CPython {sys.version.split()[0]}: check.py --record"]
    plain_error = set(dir(Exception)) | set(dir(OSError))
    for name in sorted(n for n in asyncio.__all__ if not n.startswith("_")):
        lines.append(name)
        thing = getattr(asyncio, name)
        if inspect.isclass(thing):
            known = plain_error if issubclass(thing, BaseException) else set()
            lines += [f"{name}.{m}" for m in sorted(dir(thing)) if not m.startswith("_") and m not in known]
    (HERE / "asyncio.txt").write_text("\n".join(lines) + "\n")


def names():
    found = []
    for file in ("asyncio.txt", "later.txt"):
        text = (HERE / file).read_text()
        found += [line.split()[0] for line in text.splitlines() if line and not line.startswith("#")]
    return found


def rows():
    """[(asyncio's name, hocket's or None, note)]"""
    found = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            ours = None if cells[1] == "absent" else cells[1].strip("`")
            found.append((cells[0].strip("`"), ours, cells[2]))
    return found


def complaints(wanted, table):
    listed = [row[0] for row in table]
    whole = {name[:-2] for name in listed if name.endswith(".*")}
    for name in sorted({n for n in listed if listed.count(n) > 1}):
        yield f"{name}: {listed.count(name)} rows"
    for name in wanted:
        if name not in listed and name.split(".")[0] not in whole:
            yield f"{name}: no row"
    for name, ours, note in table:
        if name not in wanted and not name.endswith(".*"):
            yield f"{name}: a row, but asyncio has no such name"
        if ours is None and len(note) < 10:
            yield f"{name}: absent without a reason"


def split(spelling):
    """'Queue::get' -> ('Queue<int>', 'get'); 'gather' -> (None, 'gather')"""
    owner, _, member = spelling.rpartition("::")
    return (owner + ARGUMENTS.get(owner, "") if owner else None), member


def program(table):
    """A source that compiles when each spelling exists and each absent name does not; and the name of each line."""
    lines = ["#include <hocket/hocket.hpp>", "#include <hocket/stream/open_connection.hpp>"]
    lines += ["#include <hocket/stream/server.hpp>", "namespace {"]
    about = {}
    present = {name: ours for name, ours, note in table if ours}
    for i, (name, ours, note) in enumerate(table):
        if ours:
            owner, member = split(ours)
            if owner:
                lines.append(f"struct n{i} : hocket::{owner} {{ using hocket::{owner}::{member}; }};")
            else:
                lines.append(f"void n{i}() {{ using hocket::{member}; }}")
        elif not name.endswith(".*"):
            owner, _, member = name.rpartition(".")
            if owner and owner in present:
                # Ambiguous when both bases have it.
                known = split(present[owner] + "::x")[0]
                lines.append(f"struct p{i} {{ int {member}; }}; struct n{i} : hocket::{known}, p{i} {{}}; auto a{i} = &n{i}::{member};")
            elif not owner:
                lines.append(f"namespace p{i} {{ constexpr int {member} = 1; }} namespace n{i} {{ using namespace hocket; using namespace p{i}; constexpr int a = {member}; }}")
        about[len(lines)] = (name, ours, note)
    return "\n".join([*lines, "}"]) + "\n", about


def compile_all(command, table):
    source, about = program(table)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "names.cpp"
        path.write_text(source)
        more = ["-fsyntax-only", "-w", "-fmax-errors=0" if "g++" in command[0] and "clang" not in command[0] else "-ferror-limit=0"]
        done = subprocess.run([*command, *more, str(path)], capture_output=True, text=True)
    wrong = {}
    clash = ("is ambiguous", "found in multiple base classes")
    for line, text in re.findall(r"names\.cpp:(\d+):\d+: error: (.*)", done.stderr):
        if int(line) in about:
            wrong.setdefault(about[int(line)], text)
    for (name, ours, note), text in wrong.items():
        if ours:
            yield f"{name}: hocket::{ours} does not compile: {text}"
        elif any(words in text for words in clash):
            if note == "not there yet":
                print(f"{name}: has come: give it its row")
            else:
                yield f"{name}: called absent, but hocket has it"
        else:
            yield f"{name}: cannot look for it: {text}"
    if done.returncode != 0 and not wrong:
        yield done.stderr


def main():
    if sys.argv[1:] == ["--record"]:
        return record()
    table = rows()
    wrong = list(complaints(names(), table))
    wrong += compile_all(sys.argv[1:], table)
    print("\n".join(wrong))
    absent = sum(1 for row in table if row[1] is None)
    print(f"{len(table) - absent} names with a spelling, {absent} absent with a reason, {len(wrong)} findings")
    sys.exit(1 if wrong or not table else 0)


if __name__ == "__main__":
    main()
