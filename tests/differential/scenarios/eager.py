import asyncio

from scenario import at_once, describe, fail_after, future, how, how_of, program, say, scenario, start_eagerly, VirtualLoop, worker


@scenario
async def an_eager_task_runs_at_the_call():
    task = start_eagerly(worker("task", 1))
    say("created")
    say(await task)


@scenario
async def one_that_does_not_wait_is_done_at_once():
    task = start_eagerly(at_once(5))
    say(task.done(), task.result())
    say(await task)


@scenario
async def one_that_fails_at_once():
    async def fail():
        raise ValueError("early")

    task = start_eagerly(fail())
    say(task.done(), describe(task.exception()))
    say(await how(task))


@scenario
async def an_eager_task_is_the_current_one():
    async def child():
        say("child", asyncio.current_task().get_name())
        await asyncio.sleep(0)
        say("child", asyncio.current_task().get_name())

    asyncio.current_task().set_name("main")
    task = start_eagerly(child(), name="eager")
    say("main", asyncio.current_task().get_name())
    await task


@scenario
async def eager_and_others_by_turns():
    others = [asyncio.create_task(worker("plain one", 0))]
    others.append(start_eagerly(worker("eager", 0)))
    others.append(asyncio.create_task(worker("plain two", 0)))
    say("all created")
    await asyncio.gather(*others)


@scenario
async def an_eager_task_in_an_eager_task():
    async def outer():
        say("outer")
        inner = start_eagerly(worker("inner", 1))
        say("outer goes on")
        await inner
        say("outer ends")

    await start_eagerly(outer())


@scenario
async def cancelling_an_eager_task_that_waits():
    task = start_eagerly(worker("task", 5))
    task.cancel()
    say("asked")
    say(await how(task))


@scenario
async def an_eager_task_that_cancels_itself():
    async def child():
        asyncio.current_task().cancel()
        await at_once(1)
        say("still here")
        await asyncio.sleep(1)
        say("never")

    task = start_eagerly(child())
    say("done", task.done())
    say(await how(task))


@scenario
async def callbacks_of_an_eager_task_that_is_done():
    task = start_eagerly(at_once(1))
    task.add_done_callback(lambda t: say("called", t.result()))
    say("added")
    await asyncio.sleep(0)
    say("after a tick")


@scenario
async def an_eager_factory():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    say("before")
    first = asyncio.create_task(worker("first", 2))
    second = asyncio.create_task(worker("second", 1))
    say("between")
    say(await asyncio.gather(first, second, at_once(3)))


@scenario
async def a_group_with_an_eager_factory():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    async with asyncio.TaskGroup() as tg:
        task = tg.create_task(worker("task", 1))
        say("in the body")
        done = tg.create_task(at_once(1))
        say(done.done(), task.done())
    say(task.result())


@scenario
async def an_eager_factory_taken_away():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    say(loop.get_task_factory() is not None)
    first = asyncio.create_task(worker("first", 1))
    loop.set_task_factory(None)
    second = asyncio.create_task(worker("second", 1.5))
    say("created", loop.get_task_factory() is None)
    await asyncio.gather(first, second)


@scenario
async def a_factory_of_ones_own():
    def factory(loop, coroutine, **options):
        made.append(coroutine.__name__)
        number = len(made)
        task = asyncio.Task(coroutine, loop=loop, **options)
        task.add_done_callback(lambda t: say("number", number, "is done"))
        return task

    made = []
    asyncio.get_running_loop().set_task_factory(factory)
    task = asyncio.create_task(at_once(1))
    say(made)
    await asyncio.gather(task, at_once(2))
    say(made)
    asyncio.get_running_loop().set_task_factory(None)


@scenario
async def wait_for_and_shield_with_an_eager_factory():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    say(await asyncio.wait_for(worker("limited", 1), 2))
    say(await asyncio.shield(worker("shielded", 1)))
    done, pending = await asyncio.wait([asyncio.create_task(at_once(1))])
    say(len(done), len(pending))


@scenario
async def eager_tasks_take_turns_at_a_future():
    f = future()

    async def reader(name):
        say(name, "asks")
        say(name, await f)

    tasks = [start_eagerly(reader(n)) for n in "abc"]
    f.set_result(7)
    say("set")
    await asyncio.gather(*tasks)


@scenario
async def gathering_of_eager_tasks_that_are_done():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    asyncio.get_running_loop().call_soon(say, "a tick")
    say(await asyncio.gather(at_once(1), at_once(2)))
    say(await how(asyncio.gather(at_once(1), fail_after(1, "later"))))


@program
def an_eager_factory_of_a_new_loop():
    loop = VirtualLoop()
    loop.set_task_factory(asyncio.eager_task_factory)
    task = loop.create_task(worker("before the run", 1))
    say("created")
    say(loop.run_until_complete(task))
    loop.close()
