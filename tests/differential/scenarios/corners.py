import asyncio

from scenario import after, fail_after, future, how, how_of, say, scenario, worker


async def slow_to_leave(name, delay):
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.sleep(delay)
        say(name, "left")


@scenario
async def a_group_cancelled_twice_while_it_waits():
    async def body():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(slow_to_leave("a", 2))
            tg.create_task(slow_to_leave("b", 5))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel("first")
    await asyncio.sleep(1.5)
    task.cancel("second")
    say(await how(task))
    say(task.cancelling())


@scenario
async def a_body_that_swallows_its_groups_cancel():
    async def body():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fail_after(1, "broken"))
            say("body", await how(asyncio.sleep(10)))
            say("body goes on", asyncio.current_task().cancelling())
            await asyncio.sleep(1)
            say("body ends")
        say("never")

    say(await how(body()))
    say(asyncio.current_task().cancelling())


@scenario
async def a_body_that_fails_as_it_is_cancelled():
    async def body():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fail_after(1, "child's"))
            try:
                await asyncio.sleep(10)
            finally:
                raise RuntimeError("body's")

    say(await how(body()))


@scenario
async def a_group_in_a_task_that_was_cancelled_before():
    async def body():
        say(await how(asyncio.sleep(10)))
        say("count", asyncio.current_task().cancelling())
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("child", 1))
        say("count", asyncio.current_task().cancelling())
        try:
            async with asyncio.TaskGroup() as tg:
                tg.create_task(fail_after(1, "broken"))
        except* ValueError:
            say("caught; count", asyncio.current_task().cancelling())
        await asyncio.sleep(1)
        say("goes on")

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def a_request_taken_back_within_a_group():
    async def body():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("child", 3))
            say("body", await how(asyncio.sleep(10)))
            say("left", asyncio.current_task().uncancel())
        say("block is over")

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def a_child_awaits_its_sibling_that_fails():
    async def body():
        async with asyncio.TaskGroup() as tg:
            first = tg.create_task(fail_after(1, "broken"))

            async def second():
                say("second", await how(first))
                say("second", await how(asyncio.sleep(5)))

            tg.create_task(second())

    say(await how(body()))


@scenario
async def a_child_creates_while_the_group_leaves():
    async def body():
        async with asyncio.TaskGroup() as tg:

            async def child():
                await asyncio.sleep(1)
                say("creates")
                tg.create_task(worker("grandchild", 1))

            tg.create_task(child())
        say("over")

    await body()


@scenario
async def a_child_creates_while_the_group_is_cancelled():
    async def body():
        async with asyncio.TaskGroup() as tg:

            async def child():
                try:
                    await asyncio.sleep(10)
                finally:
                    coroutine = worker("late", 1)
                    try:
                        tg.create_task(coroutine)
                    except RuntimeError as error:
                        say(str(error).split("<")[0], str(error).split(">")[-1])

            tg.create_task(child())
            tg.create_task(fail_after(1, "broken"))

    say(await how(body()))


@scenario
async def a_group_around_a_shield():
    inner = asyncio.create_task(worker("inner", 5))

    async def body():
        async with asyncio.TaskGroup() as tg:

            async def child():
                await asyncio.shield(inner)

            tg.create_task(child())
            tg.create_task(fail_after(1, "broken"))

    say(await how(body()))
    say(await inner)


@scenario
async def an_inner_group_fails_as_the_outer_is_cancelled():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(worker("outer's", 10))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fail_after(2, "inner's"))
                inner.create_task(slow_to_leave("inner's other", 1))

    task = asyncio.create_task(body())
    await asyncio.sleep(2.5)
    task.cancel()
    say(await how(task))
    say(task.cancelling())


@scenario
async def a_timeout_and_a_failure_at_odds():
    async def body():
        async with asyncio.timeout(2):
            async with asyncio.TaskGroup() as tg:
                tg.create_task(slow_to_leave("slow", 3))
                tg.create_task(fail_after(1, "broken"))

    say(await how(body()))
    say(asyncio.current_task().cancelling())


@scenario
async def a_timeout_moved_by_another_task():
    limits = []

    async def body():
        async with asyncio.timeout(2) as limit:
            limits.append(limit)
            try:
                await asyncio.sleep(10)
            finally:
                say(limit.when(), limit.expired())
                say(how_of(lambda: limit.reschedule(9)))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    say(limits[0].when(), limits[0].expired())
    limits[0].reschedule(4.0)
    say(await how(task))


@scenario
async def a_timeout_moved_to_now():
    async def body():
        async with asyncio.timeout(5) as limit:
            await asyncio.sleep(1)
            limit.reschedule(asyncio.get_running_loop().time())
            say("still here")
            await asyncio.sleep(0)
            say("once more")
            await asyncio.sleep(1)

    say(await how(body()))


@scenario
async def a_timeout_without_limit_gets_one():
    async def body():
        async with asyncio.timeout(None) as limit:
            say(limit.when())
            await asyncio.sleep(3)
            limit.reschedule(5.0)
            say(limit.when())
            await asyncio.sleep(10)

    say(await how(body()))


@scenario
async def wait_with_a_timeout_and_the_first_completed():
    tasks = [asyncio.create_task(after(d, d)) for d in (2, 4)]
    for limit in (1, 2, 1):
        done, pending = await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        say(len(done), len(pending))
    await asyncio.wait(tasks)


@scenario
async def wait_for_the_first_exception_where_all_go_well():
    tasks = [asyncio.create_task(after(d, d)) for d in (2, 1)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    say(len(done), len(pending))


@scenario
async def wait_for_an_exception_that_came_before():
    bad = asyncio.create_task(fail_after(1, "broken"))
    good = asyncio.create_task(after(3, 3))
    await asyncio.sleep(2)
    done, pending = await asyncio.wait([good, bad], return_when=asyncio.FIRST_EXCEPTION)
    say(len(done), len(pending), bad in done)
    await good


@scenario
async def wait_for_futures_and_a_cancel():
    futures = [future() for _ in range(3)]
    loop = asyncio.get_running_loop()
    loop.call_later(1, futures[1].cancel)
    loop.call_later(2, futures[0].set_exception, ValueError("x"))
    loop.call_later(3, futures[2].set_result, 1)
    for when in (asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION, asyncio.ALL_COMPLETED):
        done, pending = await asyncio.wait(futures, return_when=when)
        say(len(done), len(pending))
    futures[0].exception()


@scenario
async def two_wait_for_the_same():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 3)]

    async def waiter(name, when):
        done, pending = await asyncio.wait(tasks, return_when=when)
        say(name, len(done), len(pending))

    await asyncio.gather(waiter("first", asyncio.FIRST_COMPLETED), waiter("all", asyncio.ALL_COMPLETED))


@scenario
async def a_shield_cancelled_on_both_sides():
    inner = asyncio.create_task(slow_to_leave("inner", 2))
    outer = asyncio.create_task(how(asyncio.shield(inner)))
    await asyncio.sleep(1)
    outer.cancel()
    inner.cancel()
    say(await how(outer))
    say(await how(inner))


@scenario
async def a_shield_of_a_shield():
    inner = asyncio.create_task(worker("inner", 3))
    first = asyncio.shield(inner)
    second = asyncio.shield(first)
    second.cancel()
    say(await how(second))
    say(first.done(), await how(first))


@scenario
async def gather_in_a_timeout_in_a_gather():
    async def limited():
        async with asyncio.timeout(2):
            await asyncio.gather(worker("a", 1), worker("b", 3))

    say(await asyncio.gather(how(limited()), worker("c", 4)))
