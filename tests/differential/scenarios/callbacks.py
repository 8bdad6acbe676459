import asyncio
import threading

from scenario import after, at_once, describe, fail_after, future, how, how_of, program, say, scenario, VirtualLoop


@scenario
async def callbacks_of_a_future_in_their_order():
    f = future()
    for name in "abc":
        f.add_done_callback(lambda f, name=name: say(name))
    f.set_result(1)
    f.add_done_callback(lambda f: say("added when it was done"))
    asyncio.get_running_loop().call_soon(say, "called soon")
    await asyncio.sleep(0)
    say("a tick later")


@scenario
async def a_callback_that_adds_a_callback():
    f = future()

    def again(f):
        say("first")
        f.add_done_callback(lambda f: say("second"))

    f.add_done_callback(again)
    f.set_result(1)
    await asyncio.sleep(0)
    say("a tick")
    await asyncio.sleep(0)
    say("two ticks")


def never(f):
    say("never")


@scenario
async def a_callback_removed_between_others():
    f = future()
    f.add_done_callback(lambda f: say("before"))
    f.add_done_callback(never)
    f.add_done_callback(lambda f: say("behind"))
    say(f.remove_done_callback(never), f.remove_done_callback(never))
    f.set_result(1)
    await asyncio.sleep(0)
    say(f.remove_done_callback(never))


@scenario
async def a_callback_removed_when_it_is_queued():
    f = future()

    def late(f):
        say("called all the same")

    f.add_done_callback(late)
    f.set_result(1)
    say(f.remove_done_callback(late))
    await asyncio.sleep(0)


@scenario
async def a_callback_that_fails_is_reported_and_the_others_run():
    asyncio.get_running_loop().set_exception_handler(lambda loop, c: say("handler:", describe(c["exception"])))
    f = future()

    def fail(f):
        raise ValueError("in the callback")

    f.add_done_callback(fail)
    f.add_done_callback(lambda f: say("the next"))
    f.set_result(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@scenario
async def a_callback_of_a_task_sees_how_it_ended():
    def look(t):
        say(t.get_name(), t.cancelled(), how_of(t.result))

    tasks = [
        asyncio.create_task(after(1, 5), name="a"),
        asyncio.create_task(fail_after(2, "broken"), name="b"),
        asyncio.create_task(after(3, 0), name="c"),
    ]
    for t in tasks:
        t.add_done_callback(look)
    asyncio.get_running_loop().call_later(2.5, tasks[2].cancel)
    await asyncio.wait(tasks)


@scenario
async def a_callback_cancels_another_task():
    a = asyncio.create_task(after(1, 1))
    b = asyncio.create_task(after(5, 2))
    a.add_done_callback(lambda t: b.cancel())
    say(await how(b))


@scenario
async def a_callback_sets_a_future():
    first, second = future(), future()
    first.add_done_callback(lambda f: second.set_result(f.result() + 1))
    asyncio.get_running_loop().call_later(1, first.set_result, 1)
    say(await second)


@scenario
async def handles_that_are_cancelled():
    loop = asyncio.get_running_loop()
    soon = loop.call_soon(say, "never")
    later = loop.call_later(1, say, "never")
    at = loop.call_at(2, say, "never")
    for handle in (soon, later, at):
        say(handle.cancelled())
        handle.cancel()
        handle.cancel()
        say(handle.cancelled())
    await asyncio.sleep(3)


@scenario
async def a_handle_cancelled_after_the_call():
    loop = asyncio.get_running_loop()
    handle = loop.call_soon(say, "called")
    await asyncio.sleep(0)
    handle.cancel()
    say(handle.cancelled())


@scenario
async def when_a_timer_is_due():
    loop = asyncio.get_running_loop()
    say(loop.call_later(1.5, say, "later").when())
    say(loop.call_at(2.25, say, "at").when())
    await asyncio.sleep(3)


@scenario
async def a_timer_cancels_a_timer_of_its_turn():
    loop = asyncio.get_running_loop()
    handles = {}
    loop.call_later(1, lambda: (say("first"), handles["b"].cancel()))
    handles["b"] = loop.call_later(2, say, "never")
    loop.call_later(3, say, "third")
    await asyncio.sleep(4)


@scenario
async def a_time_gone_by():
    loop = asyncio.get_running_loop()
    await asyncio.sleep(5)
    loop.call_at(1, say, "at once")
    loop.call_later(-1, say, "at once, too")
    loop.call_soon(say, "soon")
    await asyncio.sleep(0)
    say("a tick")
    await asyncio.sleep(0)
    say("two ticks")


@scenario
async def timers_set_in_a_row():
    loop = asyncio.get_running_loop()
    done = future()

    def step(n):
        say("step", n)
        if n == 3:
            done.set_result("end")
        else:
            loop.call_later(n + 1, step, n + 1)

    step(0)
    say(await done)


@scenario
async def call_soon_from_a_thread():
    loop = asyncio.get_running_loop()
    done = future()

    def elsewhere():
        loop.call_soon_threadsafe(done.set_result, "from a thread")

    await asyncio.gather(asyncio.to_thread(elsewhere), done)
    say(done.result())


@scenario
async def values_and_errors_of_threads():
    def divide(a, b):
        if b == 0:
            raise ValueError("by nothing")
        return a / b

    loop = asyncio.get_running_loop()
    say(await asyncio.to_thread(divide, 6, 2))
    say(await how(asyncio.to_thread(divide, 6, 0)))
    say(await loop.run_in_executor(None, divide, 8, 2))
    say(await how(loop.run_in_executor(None, divide, 8, 0)))
    say(await asyncio.to_thread(threading.current_thread) is threading.current_thread())


@scenario
async def several_threads_at_once():
    say(await asyncio.gather(*(asyncio.to_thread(str, n) for n in range(4))))


@scenario
async def a_coroutine_from_a_thread():
    loop = asyncio.get_running_loop()

    def elsewhere():
        good = asyncio.run_coroutine_threadsafe(after(0, "value"), loop).result()
        bad = how_of(asyncio.run_coroutine_threadsafe(fail_after(0, "broken"), loop).result)
        return [good, bad]

    future = loop.run_in_executor(None, elsewhere)
    while not future.done():
        await asyncio.sleep(0)
    say(len(await future), (await future)[1])


@scenario
async def a_call_soon_with_arguments():
    loop = asyncio.get_running_loop()
    loop.call_soon(say, 1, "two", [3])
    loop.call_later(1, say, 4, "five")
    await asyncio.sleep(2)


@scenario
async def the_handler_of_a_handler_that_fails():
    loop = asyncio.get_running_loop()
    calls = []

    def handler(loop, context):
        calls.append(context["message"])
        raise RuntimeError("the handler itself")

    loop.set_exception_handler(handler)
    loop.call_exception_handler({"message": "first"})
    say(calls)
    loop.set_exception_handler(None)
    say(loop.get_exception_handler() is None)


@scenario
async def what_a_failing_callback_is_told_as():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda loop, c: say(" ".join(c["message"].split()[:3]), "|", describe(c["exception"]))
    )

    def fail():
        raise ValueError("x")

    loop.call_soon(fail)
    loop.call_later(1, fail)
    await asyncio.sleep(2)


@program
def a_future_awaited_by_run_until_complete():
    loop = VirtualLoop()
    f = loop.create_future()
    loop.call_later(2, f.set_result, "value")
    say(loop.run_until_complete(f))
    g = loop.create_future()
    loop.call_later(2, g.cancel)
    say(how_of(lambda: loop.run_until_complete(g)))
    loop.close()


@program
def stop_before_the_run_runs_one_turn():
    loop = VirtualLoop()
    loop.call_soon(say, "once")
    loop.call_soon(lambda: loop.call_soon(say, "not yet"))
    loop.stop()
    loop.run_forever()
    say("stopped")
    loop.stop()
    loop.run_forever()
    loop.close()


@program
def tasks_are_left_where_they_are_when_a_loop_stops():
    loop = VirtualLoop()
    task = loop.create_task(after(3, "value"))
    loop.call_later(1, loop.stop)
    loop.run_forever()
    say(task.done(), loop.time())
    loop.call_later(1, loop.stop)
    loop.run_forever()
    say(task.done(), loop.time())
    say(loop.run_until_complete(task), loop.time())
    loop.close()


@program
def a_loop_run_again_and_again():
    loop = VirtualLoop()
    for n in range(3):
        say(loop.run_until_complete(at_once(n)), loop.is_running())
    say(how_of(lambda: loop.run_until_complete(fail_after(1, "broken"))))
    say(loop.run_until_complete(after(1, "goes on")))
    loop.close()
    say(loop.is_closed())


@program
def a_runner_keeps_its_context():
    import contextvars

    variable = contextvars.ContextVar("variable", default="none")

    async def change(value):
        before = variable.get()
        variable.set(value)
        return before

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        say(runner.run(change("one")))
        say(runner.run(change("two")))
        own = contextvars.copy_context()
        say(runner.run(change("three"), context=own))
        say(runner.run(change("four")))
    say(variable.get())


@program
def a_runner_after_its_end():
    runner = asyncio.Runner(loop_factory=VirtualLoop)
    say(runner.run(at_once(1)))
    runner.close()
    runner.close()
    coroutine = at_once(2)
    say(how_of(lambda: runner.run(coroutine)))
    coroutine.close()


@program
def a_runner_goes_on_after_an_error():
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        say(how_of(lambda: runner.run(fail_after(1, "broken"))))
        say(runner.run(after(1, "fine")))


@program
def tasks_live_on_between_the_runs_of_a_runner():
    tasks = []

    async def begin():
        tasks.append(asyncio.create_task(after(5, "late")))

    async def look():
        await asyncio.sleep(1)
        return tasks[0].done()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(begin())
        say(runner.run(look()))
        say(runner.run(asyncio.wait_for(tasks[0], 10)))
