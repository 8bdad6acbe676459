import asyncio

from scenario import after, at_once, future, how, say, scenario, worker


@scenario
async def cancelled_before_its_first_step_a_task_never_runs():
    task = asyncio.create_task(worker("a", 1))
    say(task.cancel())
    say(await how(task))
    say(task.cancelled())


@scenario
async def a_sleeper_is_cancelled_at_once():
    task = asyncio.create_task(worker("a", 10))
    await asyncio.sleep(1)
    say(task.cancel())
    say(task.cancelled(), task.done())
    say(await how(task))
    say(task.cancel())


@scenario
async def a_message_travels_with_the_request():
    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            say("inside:", error)
            raise

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel("please")
    say(await how(task))


@scenario
async def a_task_that_swallows_the_request_ends_normally():
    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            pass
        return 42

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    say(await how(task))
    say(task.cancelled(), task.cancelling())


@scenario
async def a_request_is_delivered_once():
    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            say("swallowed")
        await asyncio.sleep(1)
        return "slept on"

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    say(await how(task))


@scenario
async def a_second_request_ends_what_swallowed_the_first():
    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            say("swallowed")
        await asyncio.sleep(10)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def two_requests_in_one_tick_are_one_exception():
    async def body():
        for i in range(2):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                say("request", i)

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    say(task.cancel(), task.cancel(), task.cancelling())
    say(await how(task))


@scenario
async def a_self_cancel_passes_what_does_not_wait():
    async def body():
        queue = asyncio.Queue()
        lock = asyncio.Lock()
        asyncio.current_task().cancel()
        await queue.put(1)
        say("put")
        say("got", await queue.get())
        await lock.acquire()
        say("acquired")
        say("called", await at_once(3))
        await asyncio.sleep(0)
        say("never")

    say(await how(asyncio.create_task(body())))


@scenario
async def a_self_cancel_then_a_long_sleep():
    async def body():
        asyncio.current_task().cancel()
        await asyncio.sleep(100)

    task = asyncio.create_task(body())
    say(await how(task))
    say(task.cancel())


@scenario
async def a_self_cancel_then_the_end_loses_the_value():
    async def body():
        asyncio.current_task().cancel()
        return 5

    task = asyncio.create_task(body())
    say(await how(task))
    say(task.cancelled())


@scenario
async def a_self_cancel_then_an_error_keeps_the_error():
    async def body():
        asyncio.current_task().cancel()
        raise ValueError("mine")

    task = asyncio.create_task(body())
    say(await how(task))
    say(task.cancelled(), task.cancelling())


@scenario
async def cancel_wins_over_a_result_not_yet_seen():
    f = future()

    async def body():
        return await f

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    f.set_result(1)
    say(task.cancel())
    say(await how(task))
    say(f.result())


@scenario
async def cancel_of_a_done_task_changes_nothing():
    task = asyncio.create_task(at_once(1))
    await task
    say(task.cancel(), task.cancelling(), task.cancelled(), task.result())


@scenario
async def cancel_reaches_the_innermost_await():
    async def inner():
        try:
            await asyncio.sleep(10)
        finally:
            say("inner ends")

    async def outer():
        try:
            await inner()
        finally:
            say("outer ends")

    task = asyncio.create_task(outer())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def cancel_of_an_awaiter_cancels_the_awaited_task():
    inner = asyncio.create_task(worker("inner", 10))

    async def body():
        await inner

    outer = asyncio.create_task(body())
    await asyncio.sleep(1)
    outer.cancel()
    say(await how(outer))
    say(inner.cancelled(), outer.cancelled())


@scenario
async def cancel_of_the_awaited_task_comes_out_of_the_await():
    inner = asyncio.create_task(worker("inner", 10))

    async def body():
        say(await how(inner))
        return "goes on"

    outer = asyncio.create_task(body())
    await asyncio.sleep(1)
    inner.cancel()
    say(await how(outer))
    say(outer.cancelling())


@scenario
async def cancel_of_an_awaiter_cancels_the_future():
    f = future()

    async def body():
        await f

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    say(f.cancelled())
    say(await how(task))


@scenario
async def cancel_of_both_the_task_and_its_future():
    f = future()

    async def body():
        await f

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    f.cancel()
    say(task.cancel())
    say(await how(task))
    say(task.cancelled(), f.cancelled())


@scenario
async def cleanup_that_waits_delays_the_end():
    async def body():
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(1)
            say("cleaned up")

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def an_error_in_the_cleanup_replaces_the_request():
    async def body():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("in cleanup")

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))
    say(task.cancelled())


@scenario
async def the_count_of_requests():
    async def body():
        task = asyncio.current_task()
        say(task.cancelling())
        for _ in range(2):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                say("cancelling", task.cancelling())
        say("uncancel", task.uncancel())
        say("uncancel", task.uncancel())
        say("uncancel", task.uncancel())
        return "done"

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def uncancel_takes_back_a_request_not_delivered():
    async def body():
        task = asyncio.current_task()
        task.cancel()
        say(task.cancelling(), task.uncancel())
        await asyncio.sleep(1)
        return "slept"

    say(await how(asyncio.create_task(body())))


@scenario
async def uncancel_of_one_of_two_leaves_the_request():
    async def body():
        task = asyncio.current_task()
        task.cancel()
        task.cancel()
        say(task.uncancel())
        await asyncio.sleep(1)
        return "slept"

    say(await how(asyncio.create_task(body())))


@scenario
async def uncancel_after_the_end():
    task = asyncio.create_task(worker("a", 10))
    await asyncio.sleep(0)
    task.cancel()
    say(await how(task))
    say(task.cancelling(), task.uncancel(), task.cancelled())


@scenario
async def a_timeout_written_by_hand():
    async def body():
        task = asyncio.current_task()
        handle = asyncio.get_running_loop().call_later(1, task.cancel)
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            say("left", task.uncancel())
        finally:
            handle.cancel()
        await asyncio.sleep(1)
        return "after the block"

    say(await how(asyncio.create_task(body())))


@scenario
async def catching_and_awaiting_something_else():
    f = future()

    async def body():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            pass
        return await f

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    say(f.cancelled(), task.done())
    f.set_result("third")
    say(await how(task))


@scenario
async def cancelling_many_in_order():
    tasks = [asyncio.create_task(worker(f"w{i}", 10)) for i in range(4)]
    await asyncio.sleep(1)
    for task in reversed(tasks):
        task.cancel()
    for task in tasks:
        say(await how(task))


@scenario
async def cancel_from_a_sibling():
    victim = asyncio.create_task(worker("victim", 10))

    async def culprit():
        await asyncio.sleep(2)
        say("cancels", victim.cancel())

    await asyncio.create_task(culprit())
    say(victim.done())
    say(await how(victim))


@scenario
async def a_cancelled_error_raised_by_hand():
    async def body():
        await asyncio.sleep(1)
        raise asyncio.CancelledError("by hand")

    task = asyncio.create_task(body())
    say(await how(task))
    say(task.cancelled(), task.cancelling())


@scenario
async def a_cancel_in_the_tick_of_the_wake():
    async def body():
        await asyncio.sleep(1)
        say("woke")

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(1.0, lambda: say("cancel", task.cancel()))
    say(await how(task))


@scenario
async def a_message_comes_out_of_an_awaiting_task():
    inner = asyncio.create_task(worker("inner", 10))

    async def body():
        await inner

    outer = asyncio.create_task(body())
    await asyncio.sleep(1)
    inner.cancel("enough")
    say(await how(outer))
    say(outer.cancelled(), outer.cancelling())
