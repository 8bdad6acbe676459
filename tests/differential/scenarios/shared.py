import asyncio

from scenario import after, future, how, say, scenario, worker


async def reader(name, awaited):
    say(name, await how(awaited))


@scenario
async def the_first_of_three_who_share_a_future_is_cancelled():
    f = future()
    tasks = [asyncio.create_task(reader(n, f)) for n in "abc"]
    await asyncio.sleep(1)
    tasks[0].cancel()
    await asyncio.wait(tasks)


@scenario
async def the_one_in_the_middle_is_cancelled():
    f = future()
    tasks = [asyncio.create_task(reader(n, f)) for n in "abc"]
    await asyncio.sleep(1)
    say(tasks[1].cancel("by name"))
    await asyncio.wait(tasks)


@scenario
async def two_of_them_are_cancelled():
    f = future()
    tasks = [asyncio.create_task(reader(n, f)) for n in "abcd"]
    await asyncio.sleep(1)
    tasks[2].cancel()
    tasks[1].cancel()
    await asyncio.wait(tasks)
    say([t.cancelling() for t in tasks])


@scenario
async def the_future_itself_is_cancelled():
    f = future()
    tasks = [asyncio.create_task(reader(n, f)) for n in "abc"]
    await asyncio.sleep(1)
    f.cancel("the future")
    await asyncio.wait(tasks)


@scenario
async def callbacks_and_readers_of_a_future_that_is_cancelled():
    f = future()
    f.add_done_callback(lambda f: say("callback one"))
    a = asyncio.create_task(reader("a", f))
    await asyncio.sleep(0)
    f.add_done_callback(lambda f: say("callback two"))
    b = asyncio.create_task(reader("b", f))
    await asyncio.sleep(0)
    f.add_done_callback(lambda f: say("callback three"))
    b.cancel()
    asyncio.get_running_loop().call_soon(say, "behind them")
    await asyncio.wait([a, b])


@scenario
async def a_gathering_that_two_await():
    children = [asyncio.create_task(worker(n, 5)) for n in "xy"]
    gathering = asyncio.gather(*children)
    tasks = [asyncio.create_task(reader(n, gathering)) for n in "abc"]
    await asyncio.sleep(1)
    tasks[1].cancel()
    await asyncio.wait(tasks)


@scenario
async def a_shield_that_two_await():
    inner = asyncio.create_task(worker("inner", 5))
    shielded = asyncio.shield(inner)
    tasks = [asyncio.create_task(reader(n, shielded)) for n in "abc"]
    await asyncio.sleep(1)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    say(await inner)


@scenario
async def a_task_that_several_await_is_cancelled_through_one():
    inner = asyncio.create_task(worker("inner", 5))
    tasks = [asyncio.create_task(reader(n, inner)) for n in "abc"]
    await asyncio.sleep(1)
    tasks[1].cancel()
    asyncio.get_running_loop().call_soon(say, "a turn")
    await asyncio.wait(tasks)


@scenario
async def a_chain_ends_in_a_shared_future():
    f = future()

    async def middle():
        await f

    inner = asyncio.create_task(middle())
    tasks = [asyncio.create_task(reader("other", f)), asyncio.create_task(reader("outer", inner))]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(reader("last", f)))
    await asyncio.sleep(1)
    tasks[1].cancel()
    await asyncio.wait(tasks)


@scenario
async def one_who_shares_runs_out_of_time():
    f = future()
    tasks = [
        asyncio.create_task(reader("a", f)),
        asyncio.create_task(reader("late", asyncio.wait_for(f, 1))),
    ]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(reader("b", f)))
    await asyncio.wait(tasks)


@scenario
async def one_who_cancels_itself_then_shares():
    f = future()

    async def late():
        asyncio.current_task().cancel()
        say("self", await how(f))

    tasks = [asyncio.create_task(reader("a", f)), asyncio.create_task(late()), asyncio.create_task(reader("b", f))]
    await asyncio.wait(tasks)


@scenario
async def who_shares_with_a_groups_task_wakes_before_the_body():
    f = future()

    async def fail():
        await asyncio.sleep(1)
        raise ValueError("x")

    async def body():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(reader("child", f))
            tg.create_task(fail())
            say("body", await how(asyncio.sleep(5)))

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    other = asyncio.create_task(reader("other", f))
    say(await how(task), other.done())


@scenario
async def two_futures_that_tasks_share_crosswise():
    f, g = future(), future()

    async def both(name, first, second):
        say(name, await how(first), await how(second))

    tasks = [asyncio.create_task(both("a", f, g)), asyncio.create_task(both("b", g, f)), asyncio.create_task(both("c", f, g))]
    await asyncio.sleep(1)
    tasks[2].cancel()
    await asyncio.sleep(1)
    g.set_result(2)
    await asyncio.wait(tasks)


@scenario
async def as_completed_with_several_who_iterate():
    tasks = [asyncio.create_task(after(d, d)) for d in (3, 1, 2)]
    ends = asyncio.as_completed(tasks)
    awaited = [next(ends) for _ in range(3)]
    readers = [asyncio.create_task(reader(n, a)) for n, a in zip("abc", awaited)]
    await asyncio.wait(readers)


@scenario
async def as_completed_of_what_is_done():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 2)]
    await asyncio.sleep(1.5)
    for end in asyncio.as_completed(tasks):
        say(await end)


@scenario
async def as_completed_of_nothing():
    for end in asyncio.as_completed([]):
        say("never")
    async for end in asyncio.as_completed([]):
        say("never")
    say("over")


@scenario
async def as_completed_broken_off_and_gone_on_with():
    tasks = [asyncio.create_task(after(d, d)) for d in (3, 1, 2)]
    ends = asyncio.as_completed(tasks)
    async for task in ends:
        say(task.result())
        break
    async for task in ends:
        say(task.result())


@scenario
async def as_completed_with_a_timeout_by_async_for():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 5)]

    async def body():
        async for task in asyncio.as_completed(tasks, timeout=2):
            say(task.result())

    say(await how(body()))
    say(tasks[1].done())
    say(await tasks[1])


@scenario
async def cancelled_in_as_completed():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 5)]

    async def body():
        for end in asyncio.as_completed(tasks):
            say(await end)

    task = asyncio.create_task(body())
    await asyncio.sleep(2)
    task.cancel()
    say(await how(task))
    say(await tasks[1])


@scenario
async def as_completed_of_a_cancelled_task():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 5)]
    asyncio.get_running_loop().call_later(2, tasks[1].cancel)
    for end in asyncio.as_completed(tasks):
        say(await how(end))


@scenario
async def the_same_task_twice_in_as_completed():
    task = asyncio.create_task(after(1, 1))
    for end in asyncio.as_completed([task, task]):
        say(await end)
