import asyncio

from scenario import after, at_once, fail_after, how, how_of, say, scenario, worker


@scenario
async def an_empty_group():
    async with asyncio.TaskGroup():
        say("body")
    say("after")


@scenario
async def a_group_waits_for_its_tasks():
    async with asyncio.TaskGroup() as tg:
        a = tg.create_task(worker("a", 2))
        b = tg.create_task(worker("b", 1))
        say("body ends")
    say(a.result(), b.result())


@scenario
async def the_first_failure_cancels_the_siblings():
    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("a", 10))
            tg.create_task(fail_after(1, "broken"))
            tg.create_task(worker("b", 10))

    say(await how(block()))
    say(asyncio.current_task().cancelling())


@scenario
async def a_failure_cancels_the_body():
    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fail_after(1, "broken"))
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                say("body is cancelled", asyncio.current_task().cancelling())
                raise

    say(await how(block()))
    await asyncio.sleep(1)
    say("goes on")


@scenario
async def two_failures_in_one_tick():
    async def block():
        async with asyncio.TaskGroup() as tg:
            event = asyncio.Event()

            async def fail(text):
                await event.wait()
                raise ValueError(text)

            tg.create_task(fail("one"))
            tg.create_task(fail("two"))
            await asyncio.sleep(1)
            event.set()

    say(await how(block()))


@scenario
async def a_failure_during_the_cleanup_is_counted():
    async def bad_leaver():
        try:
            await asyncio.sleep(10)
        finally:
            raise RuntimeError("while leaving")

    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(bad_leaver())
            tg.create_task(fail_after(1, "broken"))

    say(await how(block()))


@scenario
async def the_body_fails():
    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("a", 10))
            await asyncio.sleep(1)
            raise ValueError("the body's")

    say(await how(block()))


@scenario
async def the_body_and_a_task_fail():
    async def bad_leaver():
        try:
            await asyncio.sleep(10)
        finally:
            raise RuntimeError("while leaving")

    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(bad_leaver())
            await asyncio.sleep(1)
            raise ValueError("the body's")

    say(await how(block()))


@scenario
async def a_task_cancelled_alone_is_no_failure():
    async with asyncio.TaskGroup() as tg:
        a = tg.create_task(worker("a", 10))
        tg.create_task(worker("b", 2))
        await asyncio.sleep(1)
        a.cancel()
    say(a.cancelled())


@scenario
async def a_group_cancelled_from_outside():
    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("a", 10))
            tg.create_task(worker("b", 10))

    task = asyncio.create_task(block())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def the_body_cancelled_from_outside():
    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("a", 10))
            await worker("body", 10)

    task = asyncio.create_task(block())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def outside_cancel_and_a_failure_give_the_group():
    async def bad_leaver():
        try:
            await asyncio.sleep(10)
        finally:
            raise RuntimeError("while leaving")

    async def block():
        try:
            async with asyncio.TaskGroup() as tg:
                tg.create_task(bad_leaver())
        except ExceptionGroup as group:
            say("group", len(group.exceptions), asyncio.current_task().cancelling())
        await asyncio.sleep(1)
        say("never")

    task = asyncio.create_task(block())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def tasks_may_start_tasks():
    async with asyncio.TaskGroup() as tg:

        async def tree(depth):
            say("depth", depth)
            if depth < 3:
                tg.create_task(tree(depth + 1))
            await asyncio.sleep(1)

        tg.create_task(tree(0))
    say("all done")


@scenario
async def a_finished_group_takes_no_tasks():
    groups = []
    async with asyncio.TaskGroup() as tg:
        groups.append(tg)
        await asyncio.sleep(1)
    coroutine = at_once(1)
    say(how_of(lambda: groups[0].create_task(coroutine)).split("<")[0].split(": ")[0])


@scenario
async def a_group_that_shuts_down_takes_no_tasks():
    async def block():
        async with asyncio.TaskGroup() as tg:

            async def late():
                try:
                    await asyncio.sleep(10)
                finally:
                    coroutine = at_once(1)
                    say(how_of(lambda: tg.create_task(coroutine)).split(" <")[0].split(": ")[0])

            tg.create_task(late())
            tg.create_task(fail_after(1, "broken"))

    say(await how(block()))


@scenario
async def a_group_inside_a_group():
    async def inner():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("inner", 10))
            tg.create_task(fail_after(1, "inner broken"))

    async def outer():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(worker("outer", 10))
            tg.create_task(inner())

    say(await how(outer()))


@scenario
async def a_group_nested_in_the_body():
    async def block():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(worker("outer", 3))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(worker("inner", 1))
            say("inner is over")

    await block()
    say("outer is over")


@scenario
async def a_group_inside_a_timeout():
    async def block():
        async with asyncio.timeout(1):
            async with asyncio.TaskGroup() as tg:
                tg.create_task(worker("a", 10))
                tg.create_task(worker("b", 0.5))

    say(await how(block()))


@scenario
async def a_timeout_inside_a_group():
    async def late():
        async with asyncio.timeout(1):
            await asyncio.sleep(10)

    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(late())
            tg.create_task(worker("a", 10))

    say(await how(block()))


@scenario
async def names_of_a_groups_tasks():
    async with asyncio.TaskGroup() as tg:
        task = tg.create_task(at_once(1), name="child")
        say(task.get_name())


@scenario
async def the_count_is_back_after_the_block():
    async def body():
        task = asyncio.current_task()
        try:
            async with asyncio.TaskGroup() as tg:
                tg.create_task(fail_after(1, "x"))
                await asyncio.sleep(10)
        except ExceptionGroup:
            say("cancelling", task.cancelling())
        await asyncio.sleep(1)
        return "fine"

    say(await how(asyncio.create_task(body())))


@scenario
async def a_failure_before_the_body_waits():
    async def fail():
        raise ValueError("at once")

    async def block():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fail())
            say("body goes on")
            await asyncio.sleep(0)
            say("still there")
            await asyncio.sleep(1)
            say("never")

    say(await how(block()))


@scenario
async def children_that_finish_in_reverse():
    order = []

    async def child(i):
        await asyncio.sleep(5 - i)
        order.append(i)

    async with asyncio.TaskGroup() as tg:
        for i in range(5):
            tg.create_task(child(i))
    say(order)
