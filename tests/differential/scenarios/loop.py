import asyncio

from scenario import after, at_once, describe, fail_after, future, how, how_of, program, run, say, scenario, VirtualLoop, worker


@scenario
async def a_future_is_set_by_hand():
    f = future()
    asyncio.get_running_loop().call_later(1, f.set_result, 5)
    say(f.done())
    say(await f)
    say(f.done(), f.result(), f.cancelled())


@scenario
async def a_future_fails():
    f = future()
    asyncio.get_running_loop().call_later(1, f.set_exception, ValueError("set"))
    say(await how(f))
    say(describe(f.exception()))


@scenario
async def a_future_that_is_done_refuses_more():
    f = future()
    say(how_of(f.result))
    say(how_of(f.exception))
    f.set_result(1)
    say(how_of(lambda: f.set_result(2)))
    say(how_of(lambda: f.set_exception(ValueError("x"))))
    say(f.cancel(), f.result())


@scenario
async def a_cancelled_future_refuses_results():
    f = future()
    say(f.cancel())
    say(f.cancelled(), f.done())
    say(how_of(lambda: f.set_result(2)))
    say(f.cancel())
    say(await how(f))


@scenario
async def callbacks_of_a_future_are_queued():
    f = future()
    for name in ("first", "second"):
        f.add_done_callback(lambda f, name=name: say(name, f.result()))
    f.set_result(3)
    say("set")
    await asyncio.sleep(0)
    say("after a tick")


@scenario
async def a_callback_of_a_cancelled_future():
    f = future()
    f.add_done_callback(lambda f: say("cancelled", f.cancelled()))
    f.cancel()
    await asyncio.sleep(0)


@scenario
async def several_tasks_await_a_future():
    f = future()

    async def reader(name):
        say(name, await f)

    tasks = [asyncio.create_task(reader(n)) for n in "abc"]
    await asyncio.sleep(1)
    f.set_result("value")
    await asyncio.gather(*tasks)


@scenario
async def cancelling_one_awaiter_of_a_shared_future():
    f = future()

    async def reader():
        return await how(f)

    a = asyncio.create_task(reader())
    b = asyncio.create_task(reader())
    await asyncio.sleep(1)
    a.cancel()
    await asyncio.wait([a, b])
    say(f.cancelled(), a.result(), b.result())


@scenario
async def call_soon_keeps_its_order():
    loop = asyncio.get_running_loop()
    for i in range(3):
        loop.call_soon(say, "callback", i)
    say("queued")
    await asyncio.sleep(0)
    say("end")


@scenario
async def a_callback_that_queues_a_callback():
    loop = asyncio.get_running_loop()
    done = future()

    def step(n):
        say("step", n)
        if n == 3:
            done.set_result(None)
        else:
            loop.call_soon(step, n + 1)

    loop.call_soon(step, 0)
    await asyncio.sleep(0)
    say("a tick")
    await asyncio.sleep(0)
    say("two ticks")
    await done


@scenario
async def call_later_and_call_at():
    loop = asyncio.get_running_loop()
    loop.call_later(2, say, "two")
    loop.call_later(1, say, "one")
    loop.call_at(1.5, say, "one and a half")
    loop.call_later(0, say, "soon")
    await asyncio.sleep(3)


@scenario
async def a_cancelled_handle_is_not_called():
    loop = asyncio.get_running_loop()
    soon = loop.call_soon(say, "never")
    later = loop.call_later(1, say, "never")
    soon.cancel()
    later.cancel()
    say(soon.cancelled(), later.cancelled())
    await asyncio.sleep(2)


@scenario
async def a_callback_cancels_the_next():
    loop = asyncio.get_running_loop()
    handles = []
    loop.call_soon(lambda: handles[0].cancel())
    handles.append(loop.call_soon(say, "never"))
    loop.call_soon(say, "third")
    await asyncio.sleep(0)


@scenario
async def callbacks_and_tasks_take_turns():
    loop = asyncio.get_running_loop()
    loop.call_soon(say, "callback one")
    task = asyncio.create_task(worker("task", 0))
    loop.call_soon(say, "callback two")
    await task


@scenario
async def the_loop_says_that_it_runs():
    loop = asyncio.get_running_loop()
    say(loop.is_running(), loop.is_closed(), loop.get_debug())
    say(how_of(loop.close))
    coroutine = at_once(1)
    say(how_of(lambda: asyncio.run(coroutine)))
    coroutine.close()
    f = future()
    say(how_of(lambda: loop.run_until_complete(f)))


@scenario
async def the_clock_goes_by_sleeps_alone():
    loop = asyncio.get_running_loop()
    start = loop.time()
    for i in range(1000):
        await asyncio.sleep(0)
    say(loop.time() - start)
    await asyncio.sleep(86400)
    say(loop.time() - start)


@program
def run_gives_the_value():
    say(run(after(1, "value")))


@program
def run_passes_an_error_on():
    say(how_of(lambda: run(fail_after(1, "broken"))))


@program
def run_cancels_what_is_left():
    async def main():
        left.append(asyncio.create_task(worker("left", 100)))
        await asyncio.sleep(1)
        say("main ends")

    left = []
    run(main())
    say(left[0].cancelled())


@program
def run_cancels_what_is_left_after_an_error():
    async def main():
        left.append(asyncio.create_task(worker("left", 100)))
        await asyncio.sleep(1)
        raise ValueError("main's")

    left = []
    say(how_of(lambda: run(main())))
    say(left[0].cancelled())


@program
def run_waits_for_the_cleanup_of_what_is_left():
    async def leaver():
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(5)
            say("cleaned up")

    async def main():
        left.append(asyncio.create_task(leaver()))
        await asyncio.sleep(1)

    left = []
    run(main())
    say("run is over")


@program
def what_is_left_and_never_began_never_runs():
    async def main():
        left.append(asyncio.create_task(worker("left", 1)))

    left = []
    run(main())
    say(left[0].cancelled())


@program
def what_is_ready_when_run_ends_takes_no_more_steps():
    async def parent():
        await asyncio.sleep(0)
        left.append(asyncio.create_task(worker("child", 1)))
        say("child is created")
        await asyncio.sleep(0)
        say("never")

    async def main():
        left.append(asyncio.create_task(parent()))
        await asyncio.sleep(0)
        say("main ends")

    left = []
    run(main())
    say([task.cancelled() for task in left])


@program
def several_are_left():
    async def main():
        for name in "abc":
            left.append(asyncio.create_task(worker(name, 100)))
        await asyncio.sleep(1)

    left = []
    run(main())


@program
def one_that_is_left_swallows_the_request():
    async def stubborn():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            say("no")
        await asyncio.sleep(1)
        say("now")

    async def main():
        left.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(1)

    left = []
    run(main())
    say(left[0].cancelled())


@program
def main_cancels_itself():
    async def main():
        asyncio.current_task().cancel("myself")
        await asyncio.sleep(1)

    say(how_of(lambda: run(main())))


@program
def one_run_after_another():
    say(run(after(1, 1)))
    say(run(after(2, 2)))


@program
def a_runner_runs_several():
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        say(runner.run(after(1, "one")))
        say(runner.run(after(1, "two")))
        say(runner.get_loop().is_closed())
    say(how_of(lambda: runner.get_loop()))


@program
def run_until_complete_leaves_the_others_pending():
    loop = VirtualLoop()
    task = loop.create_task(worker("other", 3))
    say(loop.run_until_complete(after(1, "first")))
    say(task.done())
    say(loop.run_until_complete(task))
    say(loop.is_running(), loop.is_closed())
    loop.close()
    say(loop.is_closed())


@program
def a_closed_loop():
    loop = VirtualLoop()
    loop.close()
    loop.close()
    say(how_of(lambda: loop.call_soon(say, "never")))


@program
def outside_of_any_loop():
    say(how_of(asyncio.get_running_loop))
    coroutine = at_once(1)
    say(how_of(lambda: asyncio.create_task(coroutine)))
    coroutine.close()


async def leave(error):
    raise error


@program
def a_task_that_asks_to_exit_ends_the_run_at_once():
    async def say_often(name):
        for _ in range(3):
            say(name)
            await asyncio.sleep(0)

    async def main():
        a = asyncio.create_task(say_often("a"))
        leaver = asyncio.create_task(leave(SystemExit(3)))
        c = asyncio.create_task(say_often("c"))
        await asyncio.sleep(0)
        say("main goes on")
        await a
        await c
        return describe(leaver.exception())

    loop = VirtualLoop()
    task = loop.create_task(main())
    say(how_of(lambda: loop.run_until_complete(task)))
    say(task.done())
    say(how_of(lambda: loop.run_until_complete(task)))
    loop.close()


@program
def a_callback_that_asks_to_exit_leaves_the_rest_for_the_next_run():
    def exit():
        raise KeyboardInterrupt("callback")

    loop = VirtualLoop()
    loop.call_soon(say, "first")
    loop.call_soon(exit)
    loop.call_soon(say, "second")
    say(how_of(loop.run_forever))
    loop.call_soon(loop.stop)
    say(how_of(loop.run_forever))
    loop.close()


@program
def who_awaits_a_task_that_asks_to_exit_sees_it_in_the_next_run():
    async def main():
        return await how(asyncio.create_task(leave(SystemExit(4))))

    loop = VirtualLoop()
    task = loop.create_task(main())
    say(how_of(lambda: loop.run_until_complete(task)))
    say(how_of(lambda: loop.run_until_complete(task)))
    loop.close()


@program
def main_asks_to_exit():
    say(how_of(lambda: run(leave(KeyboardInterrupt("main")))))
    say(how_of(lambda: run(leave(SystemExit(9)))))


@program
def a_callback_asks_to_exit_when_main_has_ended():
    def exit():
        raise KeyboardInterrupt("callback")

    async def main():
        asyncio.get_running_loop().call_soon(exit)
        return 8

    say(how_of(lambda: run(main())))


@program
def a_task_of_a_group_asks_to_exit():
    async def main():
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(leave(SystemExit(2)))
                left.append(group.create_task(worker("sibling", 100)))
        finally:
            say("main ends")

    left = []
    say(how_of(lambda: run(main())))
    say(left[0].cancelled())


@program
def what_is_left_asks_to_exit():
    async def leaver():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise SystemExit(7)

    async def main(error):
        asyncio.create_task(leaver())
        await asyncio.sleep(1)
        if error:
            raise error

    say(how_of(lambda: run(main(None))))
    say(how_of(lambda: run(main(ValueError("main's")))))
