"""Holds what a page shows of an example's output against what the example prints.

    python3 check.py PROGRAM PAGE      the block of PAGE below "<!-- printed by NAME -->", NAME being the program's

Addresses are told apart only by whether they are the same; folders, lines within the library, and lines of source code
below the file that they are from are not looked at.
"""

import pathlib
import re
import subprocess
import sys


def normal(text):
    ids = {}
    text = re.sub(r"0x[0-9a-f]+", lambda m: ids.setdefault(m[0], f"0x{len(ids) + 1}"), text)
    text = re.sub(r"(?:[\w.\-]*/)+(?=[\w.\-]+\.[ch]pp\b)", "", text)
    text = re.sub(r"line \d+, in ((?:async )?hocket::)", r"line _, in \1", text)
    text = re.sub(r"( hocket::\S+ \S+):\d+", r"\1:_", text)
    text = re.sub(r'^(  File ".*)\n    .*', r"\1", text, flags=re.M)
    return [line.rstrip() for line in text.strip().splitlines()]


def shown(page, name):
    found = re.search(rf"<!-- printed by {re.escape(name)} -->\s*```\w*\n(.*?)```", page.read_text(), re.S)
    if not found:
        sys.exit(f"{page}: no block below '<!-- printed by {name} -->'")
    return found[1]


def main():
    program, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    printed, wanted = normal(done.stdout), normal(shown(page, program.name))
    if printed == wanted:
        return
    print(f"{page} does not show what {program.name} prints, which is:\n{done.stdout}")
    for number, (a, b) in enumerate(zip(printed + [""] * len(wanted), wanted + [""] * len(printed)), 1):
        if a != b:
            sys.exit(f"line {number}:\n  printed: {a}\n  shown:   {b}")


main()
