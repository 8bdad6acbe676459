"""Holds README.md of this folder to the tests: every test that it names is there, and every row names one.

    python3 check.py [--self-test]

A name is `suite.test` or `suite.*`, as ctest and GoogleTest print it; of the differential tests `area.scenario`.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
REQUIRED = [f"C{n:02}" for n in range(1, 44)] + [f"X{n}" for n in range(1, 10)]

MACRO = re.compile(r"^(?:TEST|TEST_F|TEST_P|IN_BOTH_DOORS|IN_SERIAL_DOOR)\((\w+),\s*(\w+)\)", re.MULTILINE)
TICKS = re.compile(r"^TICKS\((\w+),", re.MULTILINE)
STRESS = re.compile(r"^hocket_stress\((\w+)", re.MULTILINE)
CTEST = re.compile(r"NAME \"?([a-z_]+\.[a-z_]+)")
NAMED = re.compile(r"`([a-z_]+\.(?!cpp`|hpp`|py`|md`)(?:\w+|\*))`")


def existing():
    names = set()
    for path in TESTS.rglob("*.cpp"):
        text = path.read_text()
        names |= {f"{suite}.{test}" for suite, test in MACRO.findall(text)}
        names |= {f"ticks.{test}" for test in TICKS.findall(text)}
    for path in TESTS.rglob("CMakeLists.txt"):
        text = path.read_text()
        names |= set(CTEST.findall(text)) | {f"stress.{test}" for test in STRESS.findall(text)}
    names |= {f"compile_fail.{path.stem}" for path in (TESTS / "compile_fail").glob("*.cpp")}
    for path in (TESTS / "differential" / "golden").glob("*.txt"):
        names |= {f"{path.stem}.{line[2:]}" for line in path.read_text().splitlines() if line.startswith("# ")}
    return names


def problems(text, names):
    found, ids = [], []
    for number, line in enumerate(text.splitlines(), 1):
        named = NAMED.findall(line)
        for name in named:
            suite, _, test = name.partition(".")
            there = any(n.startswith(suite + ".") for n in names) if test == "*" else name in names
            if not there:
                found.append(f"{number}: there is no test {name}")
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 2 and cells[0] not in ("row", "") and not cells[1].startswith("---"):
            ids.append(cells[0].split()[0])
            if not named and "no test" not in cells[1]:
                found.append(f"{number}: the row {cells[0]!r} names no test")
    found += [f"{row} has no row" for row in REQUIRED if row not in ids]
    return found


def self_test():
    rows = "".join(f"| {row} | `suite.one` |\n" for row in REQUIRED)
    names = {"suite.one"}
    assert problems(rows, names) == []
    assert problems(rows.replace("suite.one", "suite.gone", 1), names) == ["1: there is no test suite.gone"]
    assert problems(rows.replace("suite.one", "suite.*", 1), names) == []
    assert problems(rows.replace("`suite.one`", "", 1), names) == ["1: the row 'C01' names no test"]
    assert problems(rows.split("\n", 1)[1], names) == ["C01 has no row"]


def main():
    if "--self-test" in sys.argv:
        return self_test()
    found = problems((HERE / "README.md").read_text(), existing())
    for problem in found:
        print(f"tests/conformance/README.md:{problem}" if problem[0].isdigit() else problem)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
