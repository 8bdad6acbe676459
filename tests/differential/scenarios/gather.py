import asyncio

from scenario import after, at_once, fail_after, future, how, say, scenario, worker


@scenario
async def results_come_in_the_order_of_the_arguments():
    say(await asyncio.gather(after(0.3, "a"), after(0.1, "b"), after(0.2, "c")))


@scenario
async def results_of_different_types():
    say(await asyncio.gather(after(2, 1), after(1, "text"), after(3, 2.5)))


@scenario
async def children_start_in_order_when_the_caller_waits():
    gathering = asyncio.gather(worker("a", 2), worker("b", 1))
    say("gathered")
    say(await gathering)


@scenario
async def nothing_to_gather():
    say(await asyncio.gather())


@scenario
async def tasks_and_coroutines_together():
    task = asyncio.create_task(after(1, "task"))
    say(await asyncio.gather(task, after(2, "coroutine")))


@scenario
async def the_same_task_twice():
    task = asyncio.create_task(after(1, 7))
    say(await asyncio.gather(task, task))


@scenario
async def futures_that_are_done():
    a, b = future(), future()
    a.set_result(1)
    b.set_result(2)
    say(await asyncio.gather(a, b))


@scenario
async def the_first_error_comes_out_and_siblings_run_on():
    slow = asyncio.create_task(worker("slow", 3))
    say(await how(asyncio.gather(slow, fail_after(1, "first"), fail_after(2, "second"))))
    say(slow.done())
    say(await how(slow))


@scenario
async def the_first_error_in_time_not_in_order():
    say(await how(asyncio.gather(fail_after(2, "listed first"), fail_after(1, "came first"))))


@scenario
async def a_cancelled_child():
    child = asyncio.create_task(worker("child", 10))
    sibling = asyncio.create_task(worker("sibling", 5))
    gathering = asyncio.gather(child, sibling)
    await asyncio.sleep(1)
    child.cancel()
    say(await how(gathering))
    say(gathering.cancelled(), sibling.done())
    say(await sibling)


@scenario
async def cancelling_the_gathering_cancels_every_child():
    async def body():
        await asyncio.gather(worker("a", 10), worker("b", 10), worker("c", 10))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def cancelling_resumes_the_caller_with_the_first_child():
    async def slow_to_leave(name, delay):
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(delay)
            say(name, "left")

    async def body():
        await asyncio.gather(slow_to_leave("a", 2), slow_to_leave("b", 1))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))
    await asyncio.sleep(5)


@scenario
async def a_child_that_swallows_the_request():
    async def stubborn():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            say("no")
        return "stubborn"

    async def body():
        return await asyncio.gather(stubborn(), at_once("quick"))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def cancel_of_a_done_gathering():
    gathering = asyncio.gather(at_once(1), at_once(2))
    say(await gathering)
    say(gathering.cancel(), gathering.done(), gathering.cancelled())


@scenario
async def gathering_of_gatherings():
    say(await asyncio.gather(asyncio.gather(after(1, 1), after(2, 2)), asyncio.gather(after(3, 3), after(1, 4))))


@scenario
async def a_gathering_awaited_by_two():
    gathering = asyncio.gather(after(1, 1), after(2, 2))

    async def reader(name):
        say(name, await gathering)

    await asyncio.gather(reader("a"), reader("b"))


@scenario
async def wait_for_all():
    tasks = [asyncio.create_task(worker(f"w{d}", d)) for d in (3, 1, 2)]
    done, pending = await asyncio.wait(tasks)
    say(len(done), len(pending))
    say([t.result() for t in tasks])


@scenario
async def wait_for_the_first_completed():
    tasks = [asyncio.create_task(worker(f"w{d}", d)) for d in (3, 1, 2)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    say(len(done), len(pending), [t.done() for t in tasks])
    done, pending = await asyncio.wait(tasks)
    say(len(done), len(pending))


@scenario
async def wait_for_the_first_exception():
    tasks = [asyncio.create_task(c) for c in (after(3, 1), after(1, 2), fail_after(2, "broken"))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    say(len(done), len(pending), [t.done() for t in tasks])
    say(await how(tasks[2]))
    await tasks[0]


@scenario
async def the_first_exception_is_not_a_cancelled_task():
    tasks = [asyncio.create_task(after(3, 1)), asyncio.create_task(after(5, 2))]
    asyncio.get_running_loop().call_later(1, tasks[1].cancel)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    say(len(done), len(pending))


@scenario
async def wait_with_a_timeout_cancels_nothing():
    tasks = [asyncio.create_task(worker(f"w{d}", d)) for d in (1, 3)]
    done, pending = await asyncio.wait(tasks, timeout=2)
    say(len(done), len(pending), [t.cancelled() for t in tasks])
    await asyncio.wait(tasks)


@scenario
async def wait_throws_no_error_of_a_task():
    tasks = [asyncio.create_task(fail_after(1, "broken")), asyncio.create_task(after(2, 1))]
    done, pending = await asyncio.wait(tasks)
    say(len(done), len(pending))
    say(await how(tasks[0]))


@scenario
async def cancelling_a_wait_leaves_the_tasks():
    task = asyncio.create_task(worker("w", 3))

    async def body():
        await asyncio.wait([task])

    waiter = asyncio.create_task(body())
    await asyncio.sleep(1)
    waiter.cancel()
    say(await how(waiter))
    say(task.done())
    await task


@scenario
async def wait_for_what_is_done():
    tasks = [asyncio.create_task(at_once(1))]
    await asyncio.sleep(0)
    say("done before", tasks[0].done())
    done, pending = await asyncio.wait(tasks, timeout=0)
    say(len(done), len(pending))


@scenario
async def wait_with_no_time_for_what_is_pending():
    tasks = [asyncio.create_task(after(1, 1))]
    done, pending = await asyncio.wait(tasks, timeout=0)
    say(len(done), len(pending))
    await tasks[0]


@scenario
async def wait_for_nothing():
    say(await how(asyncio.wait([])))


@scenario
async def two_that_end_in_one_tick_are_both_done():

    f, g = future(), future()

    def both():
        f.set_result(1)
        g.set_result(2)

    asyncio.get_running_loop().call_later(1, both)
    done, pending = await asyncio.wait([f, g], return_when=asyncio.FIRST_COMPLETED)
    say(len(done), len(pending))


@scenario
async def first_completed_again_and_again():
    pending = {asyncio.create_task(after(d, d)) for d in (2, 1, 3)}
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        say([t.result() for t in done], len(pending))
