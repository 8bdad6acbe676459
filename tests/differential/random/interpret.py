"""Runs random programs, which it reads as data; interpret.cpp does the same, step for step and word for word.

    hocket_differential_random --emit 300 | python3.13 interpret.py            prints the traces
    hocket_differential_random --emit 300 | python3.13 interpret.py --hash     a hash for each: golden.txt
"""

import asyncio
import contextvars
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from scenario import describe, future, run, start_eagerly  # noqa: E402

END_OF_TIME = 1e6
VARIABLE = contextvars.ContextVar("variable", default=0)
RETURN_WHEN = [asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION, asyncio.ALL_COMPLETED]


def state_of(task):
    if not task.done():
        return "pending"
    return "cancelled" if task.cancelled() else "failed" if task.exception() else "done"


class Interpreter:
    def __init__(self, program):
        self.program = program
        self.lines = []
        self.tasks = []  # in the order of their first steps
        self.slots = [None] * 5
        self.queues = [*map(asyncio.Queue, (1, 2, 0)), asyncio.PriorityQueue(2), asyncio.LifoQueue(0)]
        self.locks = [asyncio.Lock(), asyncio.Lock()]
        self.semaphores = [asyncio.Semaphore(value) for value in (1, 2)]
        self.events = [asyncio.Event(), asyncio.Event()]
        self.conditions = [asyncio.Condition(), asyncio.Condition()]
        self.cond_waits = [0, 0]  # tasks that are in wait() of each condition
        self.cond_owners = [None, None]
        self.barriers = [asyncio.Barrier(2), asyncio.Barrier(3)]
        self.callbacks = []  # (task, callback)

    async def main(self):
        self.futures = [future(), future(), future()]
        first = asyncio.create_task(self.task_of(self.program))
        await asyncio.wait([first], timeout=END_OF_TIME)
        for n in range(50):
            pending = False
            for task in list(self.tasks):
                if not task.done():
                    pending = True
                    task.cancel()
            if not pending:
                break
            self.say("round", n)
            await asyncio.sleep(END_OF_TIME)
        for i, task in enumerate(self.tasks):
            state = "pending" if not task.done() else "cancelled" if task.cancelled() else "done"
            self.say("task", i, state, task.cancelling())

    def say(self, *what):
        time = asyncio.get_running_loop().time()
        self.lines.append(" ".join([str(round(time * 1e6)), *map(str, what)]))

    async def task_of(self, block):
        self.tasks.append(asyncio.current_task())
        return await self.run(block)

    def may_await(self, slot):
        """A task awaits only younger ones: in a ring of awaits CPython's cancel() would recurse for ever. And none while
        it has the lock of a condition that others wait for: these end only with the lock, however often cancelled."""
        me = asyncio.current_task()
        if any(owner is me and waits > 0 for owner, waits in zip(self.cond_owners, self.cond_waits)):
            return False
        task = self.slots[slot]
        return task and (task not in self.tasks or self.tasks.index(task) > self.tasks.index(me))

    async def run(self, block):
        last = 0
        for what, number, a, b, us, blocks in block:
            self.say(number, "begins")
            await getattr(self, what)(number, a, b, us * 1e-6, blocks)
            self.say(number, "ends")
            last = number
        return last

    async def sleep(self, number, a, b, seconds, blocks):
        await asyncio.sleep(seconds)

    async def spawn(self, number, a, b, seconds, blocks):
        start = start_eagerly if b else asyncio.create_task
        self.slots[a] = start(self.task_of(blocks[0]))

    async def await_(self, number, a, b, seconds, blocks):
        if self.may_await(a):
            self.say(number, "gives", await self.slots[a])

    async def cancel(self, number, a, b, seconds, blocks):
        if self.slots[a]:
            self.say(number, "cancels", self.slots[a].cancel())

    async def cancel_self(self, number, a, b, seconds, blocks):
        asyncio.current_task().cancel()

    async def uncancel(self, number, a, b, seconds, blocks):
        self.say(number, "leaves", asyncio.current_task().uncancel())

    async def call(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await self.run(blocks[0]))

    async def attempt(self, number, a, b, seconds, blocks):
        try:
            await self.run(blocks[0])
            self.say(number, "went well")
        except BaseException as error:
            self.say(number, describe(error))
            if a == 1:
                raise

    async def cleanup(self, number, a, b, seconds, blocks):
        try:
            await self.run(blocks[0])
        finally:
            await self.run(blocks[1])

    async def fail(self, number, a, b, seconds, blocks):
        raise ValueError(f"e{number}")

    async def timeout(self, number, a, b, seconds, blocks):
        async with asyncio.timeout(seconds):
            last = await self.run(blocks[0])
        self.say(number, "gives", last)

    async def moved_timeout(self, number, a, b, seconds, blocks):
        async with asyncio.timeout(seconds) as limit:
            await self.run(blocks[0])
            limit.reschedule(None if b else asyncio.get_running_loop().time() + seconds * 2)
            last = await self.run(blocks[1])
            self.say(number, "expired", limit.expired())
        self.say(number, "gives", last)

    async def wait_for(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await asyncio.wait_for(self.run(blocks[0]), seconds))

    async def group(self, number, a, b, seconds, blocks):
        async with asyncio.TaskGroup() as tg:
            for block in blocks[:-1]:
                tg.create_task(self.task_of(block))
            last = await self.run(blocks[-1])
        self.say(number, "gives", last)

    async def gather(self, number, a, b, seconds, blocks):
        children = [self.task_of(block) for block in blocks]
        if a == 0:
            self.say(number, "gives", await asyncio.gather(*children))
        else:
            results = await asyncio.gather(*children, return_exceptions=True)
            texts = [describe(r) if isinstance(r, BaseException) else str(r) for r in results]
            self.say(number, "gives", texts)

    async def shield(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await asyncio.shield(self.task_of(blocks[0])))

    async def wait(self, number, a, b, seconds, blocks):
        some = [t for i, t in enumerate(self.slots) if a >> i & 1 and t]
        if some:
            limit = seconds if seconds >= 0 else None
            done, pending = await asyncio.wait(some, timeout=limit, return_when=RETURN_WHEN[b])
            self.say(number, "gives", len(done), len(pending))

    async def as_completed(self, number, a, b, seconds, blocks):
        some = [t for i, t in enumerate(self.slots) if a >> i & 1 and t and not t.done()]
        ends = asyncio.as_completed(some, timeout=seconds if seconds >= 0 else None)
        if b:
            async for task in ends:
                self.say(number, "gives", state_of(task))
        else:
            for end in ends:
                self.say(number, "gives", await end)

    async def put(self, number, a, b, seconds, blocks):
        await self.queues[a].put(number)

    async def get(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await self.queues[a].get())

    async def put_nowait(self, number, a, b, seconds, blocks):
        self.queues[a].put_nowait(number)

    async def get_nowait(self, number, a, b, seconds, blocks):
        self.say(number, "gives", self.queues[a].get_nowait())

    async def task_done(self, number, a, b, seconds, blocks):
        self.queues[a].task_done()

    async def join(self, number, a, b, seconds, blocks):
        await self.queues[a].join()

    async def shutdown(self, number, a, b, seconds, blocks):
        self.queues[a].shutdown(immediate=b == 1)

    async def lock(self, number, a, b, seconds, blocks):
        async with self.locks[a]:
            self.say(number, "gives", await self.run(blocks[0]))

    async def semaphore(self, number, a, b, seconds, blocks):
        async with self.semaphores[a]:
            self.say(number, "gives", await self.run(blocks[0]))

    async def set(self, number, a, b, seconds, blocks):
        self.events[a].set()

    async def clear(self, number, a, b, seconds, blocks):
        self.events[a].clear()

    async def wait_event(self, number, a, b, seconds, blocks):
        await self.events[a].wait()

    async def call_later(self, number, a, b, seconds, blocks):
        asyncio.get_running_loop().call_later(seconds, lambda: self.say(number, "is called", VARIABLE.get()))

    async def cond_wait(self, number, a, b, seconds, blocks):
        async with self.conditions[a]:
            self.cond_waits[a] += 1
            try:
                await self.conditions[a].wait()
            finally:
                self.cond_waits[a] -= 1
            self.cond_owners[a] = asyncio.current_task()
            try:
                self.say(number, "gives", await self.run(blocks[0]))
            finally:
                self.cond_owners[a] = None

    async def notify(self, number, a, b, seconds, blocks):
        async with self.conditions[a]:
            if b == 0:
                self.conditions[a].notify_all()
            else:
                self.conditions[a].notify(b)

    async def barrier_wait(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await self.barriers[a].wait())

    async def barrier_reset(self, number, a, b, seconds, blocks):
        await self.barriers[a].reset()

    async def barrier_abort(self, number, a, b, seconds, blocks):
        await self.barriers[a].abort()

    async def on_done(self, number, a, b, seconds, blocks):
        if self.slots[a]:

            def tell(task):
                self.say(number, "hears", state_of(task), VARIABLE.get())

            self.slots[a].add_done_callback(tell)
            self.callbacks.append((self.slots[a], tell))

    async def off_done(self, number, a, b, seconds, blocks):
        if self.callbacks:
            task, tell = self.callbacks.pop()
            self.say(number, "takes back", task.remove_done_callback(tell))

    async def set_var(self, number, a, b, seconds, blocks):
        VARIABLE.set(number)

    async def get_var(self, number, a, b, seconds, blocks):
        self.say(number, "gives", VARIABLE.get())

    async def new_future(self, number, a, b, seconds, blocks):
        self.futures[a] = future()

    async def set_future(self, number, a, b, seconds, blocks):
        if not self.futures[a].done():
            self.futures[a].set_result(number)

    async def fail_future(self, number, a, b, seconds, blocks):
        if not self.futures[a].done():
            self.futures[a].set_exception(ValueError(f"f{number}"))

    async def cancel_future(self, number, a, b, seconds, blocks):
        self.say(number, "cancels", self.futures[a].cancel())

    async def await_future(self, number, a, b, seconds, blocks):
        self.say(number, "gives", await self.futures[a])


setattr(Interpreter, "await", Interpreter.await_)


def trace_of(program):
    interpreter = Interpreter(program)
    try:
        run(interpreter.main())
    except BaseException as error:
        interpreter.lines.append(f"escaped: {describe(error)}")
    return "".join(f"{line}\n" for line in interpreter.lines)


def hash_of(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def main():
    seed = ""
    for line in sys.stdin:
        if line.startswith("# "):
            seed = line[2:].strip()
            continue
        trace = trace_of(json.loads(line))
        if "--hash" in sys.argv:
            print(seed, hash_of(trace))
        else:
            print(f"# {seed}\n{trace}", end="")


if __name__ == "__main__":
    main()
