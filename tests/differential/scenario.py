"""The Python side of the differential tests: scenarios run by CPython under a virtual clock.

    python3.13 scenario.py                  prints every trace
    python3.13 scenario.py --only NAME      prints one
    python3.13 scenario.py --list           prints the names
    python3.13 scenario.py --record         writes the golden traces

A scenario is a coroutine function, a program a plain one that opens loops itself; each has its twin of the same name in
the C++ file of the same name. What both call is defined here and, in the same words, in scenario.hpp.
"""

import asyncio
import asyncio.taskgroups
import importlib.util
import inspect
import pathlib
import selectors
import sys
import weakref

HERE = pathlib.Path(__file__).resolve().parent
CURRENT = {"trace": [], "area": None}
SCENARIOS = {}  # (area, name) -> function


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a time it moves the clock there."""

    now = 0.0
    in_threads = 0  # calls in other threads: while there is one, time stands still

    def select(self, timeout=None):
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if timeout is None or self.in_threads:
            ready = super().select(10)
            if not ready and timeout is None:
                raise AssertionError("every task waits and nothing will wake one")
            return ready
        self.now += timeout
        return super().select(0)


class _Ordered(dict):
    """A set in the order of insertion."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


def _make_order_certain():
    """CPython cancels the tasks of a group, and those left over at the end of run(), in the order of a set, which is
    that of their addresses. Here it is the order of their creation, as in hocket."""
    begin_group = asyncio.taskgroups.TaskGroup.__init__

    def begin_ordered_group(self):
        begin_group(self)
        self._tasks = _Ordered()

    asyncio.taskgroups.TaskGroup.__init__ = begin_ordered_group
    all_tasks = asyncio.tasks.all_tasks
    asyncio.tasks.all_tasks = lambda loop=None: sorted(all_tasks(loop), key=loop.birth_of)


_make_order_certain()


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._jumps = _JumpingSelector()
        self._births = weakref.WeakKeyDictionary()
        self._count = 0
        super().__init__(self._jumps)
        # The default is lost in sums with times of more than 1.6e7 seconds, and what is due then would never be run.
        self._clock_resolution = 1e-8
        self.set_exception_handler(lambda loop, context: None)

    def create_task(self, *args, **kwargs):
        return self._note_birth(super().create_task, *args, **kwargs)

    def start_eagerly(self, coroutine, name):
        return self._note_birth(asyncio.Task, coroutine, loop=self, eager_start=True, name=name)

    def _note_birth(self, make, *args, **kwargs):
        self._count += 1
        birth = self._count  # an eager one makes others before it is here
        task = make(*args, **kwargs)
        self._births[task] = birth
        return task

    def birth_of(self, task):
        return self._births.get(task, -1)

    def time(self):
        return self._jumps.now

    def run_in_executor(self, executor, func, *args):
        future = super().run_in_executor(executor, func, *args)
        self._jumps.in_threads += 1
        future.add_done_callback(lambda f: setattr(self._jumps, "in_threads", self._jumps.in_threads - 1))
        return future

    async def shutdown_default_executor(self, timeout=None):
        self._jumps.in_threads += 1
        await super().shutdown_default_executor(timeout)
        self._jumps.in_threads -= 1


def scenario(function):
    SCENARIOS[CURRENT["area"], function.__name__] = function
    return function


program = scenario


def say(*what):
    """One line of the trace: the loop's time, then the values."""
    try:
        time = f"{asyncio.get_running_loop().time():.3f}"
    except RuntimeError:
        time = "-"
    CURRENT["trace"].append(" ".join([time, *map(str, what)]))


def describe(error):
    """'ValueError: text'; without the repr of a task or loop behind it, and a group with its members."""
    text = type(error).__name__ + (f": {error}" if str(error) else "")
    text = text.split(": <")[0]
    if isinstance(error, BaseExceptionGroup):
        text += " [" + ", ".join(map(describe, error.exceptions)) + "]"
    return text


async def how(awaitable):
    """How an await ends: 'returned 1', or the exception."""
    try:
        return f"returned {await awaitable!r}"
    except BaseException as error:
        return describe(error)


def how_of(function):
    """How a plain call ends."""
    try:
        return f"returned {function()!r}"
    except BaseException as error:
        return describe(error)


async def after(delay, value):
    await asyncio.sleep(delay)
    return value


async def fail_after(delay, text):
    await asyncio.sleep(delay)
    raise ValueError(text)


async def at_once(value):
    return value


async def worker(name, delay):
    """Says what becomes of it."""
    say(name, "begins")
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        say(name, "is cancelled")
        raise
    say(name, "ends")
    return name


def future():
    return asyncio.get_running_loop().create_future()


def start_eagerly(coroutine, name=None):
    """A task that starts at the call: create_task(..., eager_start=True) from Python 3.14 on."""
    return asyncio.get_running_loop().start_eagerly(coroutine, name)


def run(coroutine):
    """asyncio.run under the virtual clock."""
    return asyncio.run(coroutine, loop_factory=VirtualLoop)


def trace_of(function):
    CURRENT["trace"] = []
    try:
        if inspect.iscoroutinefunction(function):
            run(function())
        else:
            function()
    except BaseException as error:
        say("escaped:", describe(error))
    return CURRENT["trace"]


def load():
    sys.dont_write_bytecode = True
    sys.modules["scenario"] = sys.modules[__name__]
    for path in sorted((HERE / "scenarios").glob("*.py")):
        CURRENT["area"] = path.stem
        # By its path: under its own name one would stand for the library's module, as queue.
        spec = importlib.util.spec_from_file_location(f"scenarios_{path.stem}", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def main(arguments):
    load()
    if "--list" in arguments:
        for area, name in SCENARIOS:
            print(f"{area}.{name}")
        return
    wanted = arguments[arguments.index("--only") + 1] if "--only" in arguments else None
    texts = {}
    for (area, name), function in SCENARIOS.items():
        if wanted in (None, name, f"{area}.{name}"):
            lines = trace_of(function)
            texts[area] = texts.get(area, "") + "".join(f"{line}\n" for line in [f"# {name}", *lines])
    if "--record" in arguments:
        for area, text in texts.items():
            (HERE / "golden" / f"{area}.txt").write_text(text)
        print(f"recorded {len(SCENARIOS)} traces with CPython {sys.version.split()[0]}")
    else:
        for area, text in texts.items():
            print(f"## {area}")
            print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
