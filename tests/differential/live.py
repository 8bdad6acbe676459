"""Runs both sides and compares what they print.

    python3 live.py scenarios PROGRAM
    python3 live.py random PROGRAM [SEEDS [FIRST]]

CPython's side needs a python3 of at least 3.13 on the PATH; without one it says so and exits with 77.
"""

import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def find_cpython():
    for name in ("python3.13", "python3", "python3.14", "python3.15"):
        path = shutil.which(name)
        if path is None:
            continue
        ask = "import sys; print(sys.implementation.name, sys.version_info >= (3, 13))"
        answer = subprocess.run([path, "-c", ask], capture_output=True, text=True)
        if answer.stdout.strip() == "cpython True":
            return path
    print("no python3 of at least 3.13 on the PATH: golden traces only")
    sys.exit(77)


def by_name(text):
    """{name: trace} of what a side printed."""
    traces, area, name = {}, "", ""
    for line in text.splitlines():
        if line.startswith("## "):
            area = line[3:]
        elif line.startswith("# "):
            name = f"{area}.{line[2:]}"
            traces[name] = []
        else:
            traces[name].append(line)
    return traces


def print_difference(name, left, right):
    print(f"DIFFERS {name}\n  {'CPython':60} | hocket")
    for i in range(max(len(left), len(right))):
        a = left[i] if i < len(left) else "(no line)"
        b = right[i] if i < len(right) else "(no line)"
        print(f"{' ' if a == b else '!'} {a:60} | {b}")


def output_of(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return done.stdout


def compare(theirs, ours):
    wrong = 0
    for name in sorted(theirs.keys() | ours.keys()):
        if name not in theirs or name not in ours:
            print(f"ONLY ONE SIDE HAS {name}")
            wrong += 1
        elif theirs[name] != ours[name]:
            print_difference(name, theirs[name], ours[name])
            wrong += 1
    return wrong


def scenarios(program):
    theirs = by_name(output_of([find_cpython(), str(HERE / "scenario.py")]))
    ours = by_name(output_of([program]))
    wrong = compare(theirs, ours)
    print(f"{len(theirs.keys() | ours.keys()) - wrong} scenarios equal, {wrong} not")
    return wrong or not ours


def numbers_in(program):
    return [n for step in program for n in [step[1], *(m for block in step[5] for m in numbers_in(block))]]


def shrink(cpython, program, name):
    """Both traces of what is left of a program when no step can go without the difference."""
    seed = name.rpartition(".")[2]
    dropped = []

    def both(without):
        more = ["1", "--first", seed, "--without", ",".join(map(str, without)) or "0"]
        data = output_of([program, "--emit", *more])
        theirs = by_name(output_of([cpython, str(HERE / "random" / "interpret.py")], input=data))
        return data, theirs, by_name(output_of([program, "--run", *more]))

    data = both([])[0]
    for number in numbers_in(json.loads(data.splitlines()[1])):
        smaller, theirs, ours = both([*dropped, number])
        if theirs != ours:
            dropped.append(number)
            data = smaller
    data, theirs, ours = both(dropped)
    print(f"shrunk: --first {seed} --without {','.join(map(str, dropped))}\n{data}", end="")
    compare(theirs, ours)


def random(program, seeds="300", first="1"):
    cpython = find_cpython()
    programs = output_of([program, "--emit", seeds, "--first", first])
    theirs = by_name(output_of([cpython, str(HERE / "random" / "interpret.py")], input=programs))
    ours = by_name(output_of([program, "--run", seeds, "--first", first]))
    wrong = compare(theirs, ours)
    for name in [n for n in ours if theirs.get(n) != ours[n]][:3]:
        shrink(cpython, program, name)
    print(f"{len(ours) - wrong} seeds equal, {wrong} not")
    return wrong or not ours


if __name__ == "__main__":
    sys.exit(1 if {"scenarios": scenarios, "random": random}[sys.argv[1]](*sys.argv[2:]) else 0)
