import asyncio

from scenario import after, at_once, describe, fail_after, future, how, say, scenario, worker


@scenario
async def wait_for_gives_the_value_in_time():
    say(await asyncio.wait_for(after(1, "value"), 2))


@scenario
async def wait_for_cancels_what_is_late():
    say(await how(asyncio.wait_for(worker("late", 3), 1)))


@scenario
async def wait_for_without_a_limit():
    say(await asyncio.wait_for(after(100, "value"), None))


@scenario
async def wait_for_with_no_time_never_starts_a_coroutine():
    say(await how(asyncio.wait_for(worker("never", 1), 0)))
    say(await how(asyncio.wait_for(worker("never", 1), -1)))


@scenario
async def wait_for_with_no_time_gives_what_is_done():
    task = asyncio.create_task(at_once(5))
    await asyncio.sleep(0)
    say(await asyncio.wait_for(task, 0))


@scenario
async def wait_for_with_no_time_cancels_a_pending_task():
    task = asyncio.create_task(worker("pending", 5))
    await asyncio.sleep(0)
    say(await how(asyncio.wait_for(task, 0)))
    say(task.cancelled())


@scenario
async def wait_for_passes_an_error_on():
    say(await how(asyncio.wait_for(fail_after(1, "broken"), 2)))


@scenario
async def the_cause_of_a_timeout_is_the_cancellation():
    try:
        await asyncio.wait_for(asyncio.sleep(5), 1)
    except TimeoutError as error:
        say(describe(error), "from", describe(error.__cause__))


@scenario
async def wait_for_waits_until_the_cleanup_is_over():
    async def body():
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(2)
            say("cleaned up")

    say(await how(asyncio.wait_for(body(), 1)))


@scenario
async def wait_for_gives_the_value_of_what_swallows_the_request():
    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            pass
        return 42

    say(await asyncio.wait_for(body(), 1))


@scenario
async def an_error_during_the_cancellation_wins():
    async def body():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("in cleanup")

    say(await how(asyncio.wait_for(body(), 1)))


@scenario
async def cancelling_wait_for_from_outside():
    async def body():
        await asyncio.wait_for(worker("inner", 10), 5)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def wait_for_of_a_task_cancels_the_task():
    task = asyncio.create_task(worker("task", 10))
    say(await how(asyncio.wait_for(task, 1)))
    say(task.cancelled())


@scenario
async def wait_for_of_a_future_cancels_the_future():
    f = future()
    say(await how(asyncio.wait_for(f, 1)))
    say(f.cancelled())


@scenario
async def wait_for_inside_wait_for():
    say(await how(asyncio.wait_for(asyncio.wait_for(worker("w", 10), 2), 5)))
    say(await how(asyncio.wait_for(asyncio.wait_for(worker("w", 10), 5), 2)))


@scenario
async def wait_for_leaves_no_request_behind():
    say(await how(asyncio.wait_for(asyncio.sleep(10), 1)))
    say(asyncio.current_task().cancelling())
    await asyncio.sleep(1)
    say("goes on")


@scenario
async def a_timeout_block_in_time():
    async with asyncio.timeout(2) as limit:
        await asyncio.sleep(1)
        say("when", limit.when())
    say(limit.expired())


@scenario
async def a_timeout_block_too_late():
    async def block():
        async with asyncio.timeout(1):
            await worker("late", 5)

    say(await how(block()))
    say(asyncio.current_task().cancelling())


@scenario
async def a_timeout_block_says_that_it_expired():
    limits = []

    async def block():
        async with asyncio.timeout(1) as limit:
            limits.append(limit)
            try:
                await asyncio.sleep(5)
            finally:
                say("expired", limit.expired())

    say(await how(block()))


@scenario
async def a_timeout_of_zero():
    async def block():
        async with asyncio.timeout(0):
            say("runs to its first wait")
            await asyncio.sleep(0)
            say("one tick")
            await asyncio.sleep(1)
            say("never")

    say(await how(block()))


@scenario
async def a_timeout_without_limit():
    async with asyncio.timeout(None) as limit:
        say(limit.when())
        await asyncio.sleep(100)
    say(limit.expired())


@scenario
async def a_timeout_at_a_time():
    await asyncio.sleep(1)

    async def block():
        async with asyncio.timeout_at(3):
            await asyncio.sleep(10)

    say(await how(block()))


@scenario
async def a_timeout_at_a_time_gone_by():
    await asyncio.sleep(1)

    async def block():
        async with asyncio.timeout_at(0.5):
            await asyncio.sleep(10)

    say(await how(block()))


@scenario
async def a_limit_moved_later():
    async with asyncio.timeout(1) as limit:
        limit.reschedule(asyncio.get_running_loop().time() + 5)
        say("when", limit.when())
        await asyncio.sleep(3)
    say("in time", limit.expired())


@scenario
async def a_limit_moved_nearer():
    async def block():
        async with asyncio.timeout(100) as limit:
            await asyncio.sleep(1)
            limit.reschedule(2)
            await asyncio.sleep(10)

    say(await how(block()))


@scenario
async def a_limit_taken_away():
    async with asyncio.timeout(1) as limit:
        limit.reschedule(None)
        say(limit.when())
        await asyncio.sleep(3)
    say(limit.expired())


@scenario
async def the_inner_block_is_late():
    async def outer():
        async with asyncio.timeout(10):
            try:
                async with asyncio.timeout(1):
                    await asyncio.sleep(5)
            except TimeoutError:
                say("inner was late")
            await asyncio.sleep(1)
            return "outer in time"

    say(await how(outer()))


@scenario
async def the_outer_block_is_late():
    async def outer():
        async with asyncio.timeout(1):
            try:
                async with asyncio.timeout(10):
                    await asyncio.sleep(50)
            except TimeoutError:
                say("never")
            except asyncio.CancelledError:
                say("inner is cancelled")
                raise

    say(await how(outer()))


@scenario
async def both_blocks_are_late():
    async def outer():
        async with asyncio.timeout(2):
            try:
                async with asyncio.timeout(1):
                    await asyncio.sleep(50)
            except TimeoutError:
                say("inner was late")
            await asyncio.sleep(50)

    say(await how(outer()))


@scenario
async def a_block_cancelled_from_outside_is_not_late():
    async def block():
        async with asyncio.timeout(5):
            await asyncio.sleep(10)

    task = asyncio.create_task(block())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def an_error_in_a_block_stays_what_it_is():
    async def block():
        async with asyncio.timeout(5):
            await fail_after(1, "mine")

    say(await how(block()))


@scenario
async def a_block_that_swallows_the_request():
    async with asyncio.timeout(1) as limit:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            say("swallowed")
    say(limit.expired(), asyncio.current_task().cancelling())
    await asyncio.sleep(1)


@scenario
async def a_block_that_ends_by_a_caught_timeout_of_its_own():
    async def block():
        async with asyncio.timeout(3):
            await how(asyncio.wait_for(asyncio.sleep(10), 1))
            say("first")
            await how(asyncio.wait_for(asyncio.sleep(10), 1))
            say("second")
            await how(asyncio.wait_for(asyncio.sleep(10), 5))
            say("third")

    say(await how(block()))
