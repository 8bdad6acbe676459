import asyncio

from scenario import after, describe, fail_after, future, how, say, scenario, worker


@scenario
async def a_shield_gives_the_value():
    say(await asyncio.shield(after(1, "value")))


@scenario
async def a_shield_passes_an_error_on():
    say(await how(asyncio.shield(fail_after(1, "broken"))))


@scenario
async def cancelling_the_outside_leaves_the_inside():
    inner = asyncio.create_task(worker("inner", 3))

    async def body():
        await asyncio.shield(inner)

    outer = asyncio.create_task(body())
    await asyncio.sleep(1)
    outer.cancel()
    say(await how(outer))
    say(inner.done())
    say(await inner)


@scenario
async def cancelling_the_inside_comes_out():
    inner = asyncio.create_task(worker("inner", 3))
    shielded = asyncio.shield(inner)
    await asyncio.sleep(1)
    inner.cancel()
    say(await how(shielded))
    say(shielded.cancelled())


@scenario
async def a_shield_inside_a_timeout_survives_it():
    task = asyncio.create_task(worker("task", 3))
    say(await how(asyncio.wait_for(asyncio.shield(task), 1)))
    say(task.done())
    say(await task)


@scenario
async def a_shield_of_what_is_done():
    task = asyncio.create_task(after(1, 5))
    await task
    say(await asyncio.shield(task))


@scenario
async def a_shield_of_a_future():
    f = future()
    shielded = asyncio.shield(f)
    shielded.cancel()
    say(f.cancelled(), shielded.cancelled())
    f.set_result(1)
    await asyncio.sleep(0)
    say(f.result())


@scenario
async def a_shield_in_a_gather():
    inner = asyncio.create_task(worker("inner", 2))

    async def body():
        await asyncio.gather(asyncio.shield(inner), worker("beside", 5))

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))
    say(await inner)


@scenario
async def as_completed_gives_them_by_their_ends():
    for next_one in asyncio.as_completed([asyncio.create_task(after(d, d)) for d in (3, 1, 2)]):
        say(await next_one)


@scenario
async def as_completed_gives_the_tasks_themselves():
    tasks = [asyncio.create_task(after(d, d)) for d in (3, 1, 2)]
    async for task in asyncio.as_completed(tasks):
        say(tasks.index(task), task.result())


@scenario
async def as_completed_with_a_timeout():
    tasks = [asyncio.create_task(after(d, d)) for d in (1, 2, 5)]

    async def body():
        for next_one in asyncio.as_completed(tasks, timeout=3):
            say(await next_one)

    say(await how(body()))
    say(await tasks[2])


@scenario
async def as_completed_with_a_failure():
    tasks = [asyncio.create_task(fail_after(2, "broken")), asyncio.create_task(after(1, 1))]
    for next_one in asyncio.as_completed(tasks):
        say(await how(next_one))


@scenario
async def failures_as_values():
    results = await asyncio.gather(after(2, 1), fail_after(1, "broken"), return_exceptions=True)
    say(results[0], describe(results[1]))


@scenario
async def failures_as_values_wait_for_all():
    child = asyncio.create_task(worker("child", 10))
    gathering = asyncio.gather(child, fail_after(1, "broken"), after(3, 3), return_exceptions=True)
    await asyncio.sleep(2)
    child.cancel()
    results = await gathering
    say(describe(results[0]), "|", describe(results[1]), "|", results[2])


@scenario
async def cancelling_a_gathering_of_failures_as_values():
    async def slow_to_leave(name, delay):
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(delay)
            say(name, "left")

    async def body():
        await asyncio.gather(slow_to_leave("a", 2), slow_to_leave("b", 1), return_exceptions=True)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def a_callback_taken_back():
    def callback(f):
        say("never")

    f = future()
    f.add_done_callback(callback)
    f.add_done_callback(callback)
    f.add_done_callback(lambda f: say("called"))
    say(f.remove_done_callback(callback), f.remove_done_callback(callback))
    f.set_result(1)
    await asyncio.sleep(0)
