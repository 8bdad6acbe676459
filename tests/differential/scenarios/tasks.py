import asyncio

from scenario import after, at_once, describe, fail_after, how, how_of, say, scenario, worker


@scenario
async def a_task_starts_when_its_creator_waits():
    task = asyncio.create_task(worker("a", 1))
    say("created")
    await asyncio.sleep(0)
    say("waited a tick")
    say(await task)


@scenario
async def tasks_start_in_the_order_of_their_creation():
    tasks = [asyncio.create_task(worker(f"w{i}", 5 - i)) for i in range(5)]
    for task in tasks:
        await task
    say("all done")


@scenario
async def awaiting_a_coroutine_does_not_let_others_run():
    task = asyncio.create_task(worker("other", 1))
    say(await at_once(1))
    say(await at_once(2))
    await task


@scenario
async def a_task_may_be_awaited_twice():
    task = asyncio.create_task(after(1, "value"))
    say(await task)
    say(await task)


@scenario
async def two_tasks_await_one():
    one = asyncio.create_task(after(1, 7))

    async def reader(name):
        say(name, await one)

    first = asyncio.create_task(reader("first"))
    second = asyncio.create_task(reader("second"))
    await first
    await second


@scenario
async def an_exception_comes_out_of_each_await():
    task = asyncio.create_task(fail_after(1, "broken"))
    say(await how(task))
    say(await how(task))
    say(describe(task.exception()))


@scenario
async def a_task_says_what_it_is():
    task = asyncio.create_task(after(1, 3))
    say(task.done(), task.cancelled())
    await task
    say(task.done(), task.cancelled(), task.result(), task.exception())


@scenario
async def asking_a_pending_task():
    task = asyncio.create_task(after(1, 3))
    say(how_of(task.result))
    say(how_of(task.exception))
    await task


@scenario
async def asking_a_cancelled_task():
    task = asyncio.create_task(after(1, 3))
    task.cancel()
    say(await how(task))
    say(how_of(task.result))
    say(how_of(task.exception))
    say(task.done(), task.cancelled())


@scenario
async def names_are_given_or_chosen():
    a = asyncio.create_task(at_once(1))
    b = asyncio.create_task(at_once(1), name="named")
    c = asyncio.create_task(at_once(1))
    say(b.get_name(), a.get_name() != c.get_name())
    b.set_name("renamed")
    say(b.get_name())
    await asyncio.gather(a, b, c)


@scenario
async def the_current_task_is_the_one_that_runs():
    async def show(name):
        say(name, asyncio.current_task().get_name())

    asyncio.current_task().set_name("main")
    await show("called")
    await asyncio.create_task(show("created"), name="child")
    await show("again")


@scenario
async def all_tasks_are_those_not_done():
    say(len(asyncio.all_tasks()))
    a = asyncio.create_task(after(1, 1))
    b = asyncio.create_task(after(2, 1))
    say(len(asyncio.all_tasks()))
    await a
    say(len(asyncio.all_tasks()))
    await b
    say(len(asyncio.all_tasks()))


@scenario
async def sleep_gives_its_value_back():
    say(await asyncio.sleep(1, "slept"))
    say(await asyncio.sleep(0, 5))
    say(await asyncio.sleep(-1, 6))


@scenario
async def sleepers_wake_by_their_deadlines():
    async def sleeper(delay):
        await asyncio.sleep(delay)
        say("slept", delay)

    await asyncio.gather(sleeper(0.3), sleeper(0.1), sleeper(0.2), sleeper(0.05))


@scenario
async def sleep_zero_gives_each_a_turn():
    async def turns(name):
        for i in range(3):
            say(name, i)
            await asyncio.sleep(0)

    await asyncio.gather(turns("a"), turns("b"), turns("c"))


@scenario
async def a_sleep_of_less_than_nothing_is_one_turn():
    async def other():
        say("other")

    task = asyncio.create_task(other())
    say("before")
    await asyncio.sleep(-5)
    say("after", task.done())


@scenario
async def a_sleep_of_nan():
    say(await how(asyncio.sleep(float("nan"))))


@scenario
async def a_task_that_creates_a_task():
    async def child(depth):
        say("depth", depth)
        if depth < 3:
            await asyncio.create_task(child(depth + 1))
        say("back at", depth)

    await asyncio.create_task(child(0))


@scenario
async def a_task_goes_on_after_its_handle_is_dropped():
    async def background():
        await asyncio.sleep(1)
        say("still here")

    kept = {asyncio.create_task(background())}  # CPython's loop does not keep it
    await asyncio.sleep(2)
    say(len(kept))


@scenario
async def ping_pong_by_sleep_zero():
    rounds = []

    async def ping():
        for _ in range(3):
            rounds.append("ping")
            await asyncio.sleep(0)

    async def pong():
        for _ in range(3):
            rounds.append("pong")
            await asyncio.sleep(0)

    a = asyncio.create_task(ping())
    b = asyncio.create_task(pong())
    await a
    await b
    say(rounds)


@scenario
async def a_task_awaiting_itself():
    async def narcissus():
        say(await how(tasks[0]))

    tasks = []
    tasks.append(asyncio.create_task(narcissus()))
    await tasks[0]


@scenario
async def a_failing_task_that_nobody_awaits_disturbs_nobody():
    task = asyncio.create_task(fail_after(1, "unheard"))
    await asyncio.sleep(2)
    say(task.done(), describe(task.exception()))


@scenario
async def done_callbacks_run_in_their_order_and_later():
    task = asyncio.create_task(at_once(4))
    for name in ("first", "second", "third"):
        task.add_done_callback(lambda t, name=name: say(name, t.result()))
    await task
    say("awaited")
    await asyncio.sleep(0)
    say("end")


@scenario
async def a_callback_added_to_a_done_task_runs_a_tick_later():
    task = asyncio.create_task(at_once(4))
    await task
    task.add_done_callback(lambda t: say("called with", t.result()))
    say("added")
    await asyncio.sleep(0)
    say("end")


@scenario
async def the_awaiter_and_the_callback_keep_their_order():
    task = asyncio.create_task(after(1, 1))

    async def waiter():
        await task
        say("waiter")

    other = asyncio.create_task(waiter())
    await asyncio.sleep(0)
    task.add_done_callback(lambda t: say("callback"))
    await task
    say("main")
    await other
