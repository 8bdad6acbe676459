import asyncio

from scenario import how, how_of, say, scenario


@scenario
async def who_is_notified_goes_on():
    condition = asyncio.Condition()

    async def waiter(name):
        async with condition:
            say(name, "waits")
            say(name, await condition.wait())

    a = asyncio.create_task(waiter("a"))
    b = asyncio.create_task(waiter("b"))
    await asyncio.sleep(1)
    async with condition:
        condition.notify()
        say("notified")
    await a
    say("b is done:", b.done())
    await asyncio.sleep(1)
    async with condition:
        condition.notify()
    await b


@scenario
async def the_notified_run_one_after_another():
    condition = asyncio.Condition()

    async def waiter(name):
        async with condition:
            await condition.wait()
            say(name, "has the lock")
            await asyncio.sleep(1)
            say(name, "gives it back")

    tasks = [asyncio.create_task(waiter(n)) for n in "abcd"]
    await asyncio.sleep(1)
    async with condition:
        condition.notify(2)
        say("two are notified")
        await asyncio.sleep(1)
        say("and run now")
    await asyncio.sleep(5)
    say([t.done() for t in tasks])
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)


@scenario
async def more_are_notified_than_wait():
    condition = asyncio.Condition()

    async def waiter():
        async with condition:
            await condition.wait()
            say("goes on")

    async with condition:
        condition.notify(3)
    task = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    say(task.done())
    async with condition:
        condition.notify(3)
    await task


@scenario
async def a_condition_without_its_lock():
    condition = asyncio.Condition()
    say(condition.locked())
    say(await how(condition.wait()))
    say(how_of(condition.notify))
    say(how_of(condition.notify_all))
    say(how_of(condition.release))
    say(await how(condition.wait_for(lambda: False)))
    say(await condition.wait_for(lambda: 5))


@scenario
async def waiting_for_a_predicate():
    condition = asyncio.Condition()
    state = {"n": 0}

    async def waiter():
        async with condition:
            say("gives", await condition.wait_for(lambda: state["n"] == 3))

    task = asyncio.create_task(waiter())
    for _ in range(3):
        await asyncio.sleep(1)
        async with condition:
            state["n"] += 1
            condition.notify_all()
    await task


@scenario
async def a_predicate_that_throws():
    condition = asyncio.Condition()

    def predicate():
        raise ValueError("looked")

    async def waiter():
        async with condition:
            await condition.wait_for(predicate)

    say(await how(waiter()))
    say(condition.locked())


@scenario
async def cancelled_while_it_waits():
    condition = asyncio.Condition()

    async def waiter():
        async with condition:
            try:
                await condition.wait()
            finally:
                say("leaves; locked", condition.locked())

    task = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))
    say(condition.locked())


@scenario
async def cancelled_while_somebody_has_the_lock():
    condition = asyncio.Condition()

    async def waiter():
        async with condition:
            try:
                await condition.wait()
            finally:
                say("leaves with the lock")

    task = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    async with condition:
        task.cancel("first")
        await asyncio.sleep(1)
        task.cancel("second")
        await asyncio.sleep(1)
        say("done", task.done())
    say(await how(task))


@scenario
async def cancelled_after_it_was_notified():
    condition = asyncio.Condition()

    async def waiter(name):
        async with condition:
            await condition.wait()
            say(name, "goes on")

    a = asyncio.create_task(waiter("a"))
    b = asyncio.create_task(waiter("b"))
    await asyncio.sleep(1)
    async with condition:
        condition.notify()
        a.cancel()
    say(await how(a))
    say(await how(b))


@scenario
async def an_error_after_the_wait_tells_nobody():
    condition = asyncio.Condition()

    async def failing():
        async with condition:
            await condition.wait()
            raise ValueError("of its own")

    async def waiter():
        async with condition:
            await condition.wait()

    a = asyncio.create_task(failing())
    b = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    async with condition:
        condition.notify()
    say(await how(a))
    await asyncio.sleep(1)
    say(b.done())
    b.cancel()
    say(await how(b))


@scenario
async def a_wait_with_a_timeout():
    condition = asyncio.Condition()
    async with condition:
        say(await how(asyncio.wait_for(condition.wait(), 1)))
        say(condition.locked())
    say(condition.locked())


@scenario
async def a_notification_that_comes_with_the_timeout():
    condition = asyncio.Condition()

    async def waiter(name, limit):
        async with condition:
            say(name, await how(asyncio.wait_for(condition.wait(), limit)))

    a = asyncio.create_task(waiter("a", 2))
    b = asyncio.create_task(waiter("b", 9))
    await asyncio.sleep(1)
    async with condition:
        await asyncio.sleep(1.5)
        condition.notify()
    await a
    await b


@scenario
async def two_conditions_of_one_lock():
    lock = asyncio.Lock()
    full, empty = asyncio.Condition(lock), asyncio.Condition(lock)
    items = []

    async def producer():
        for i in range(4):
            async with lock:
                while len(items) == 2:
                    await empty.wait()
                items.append(i)
                say("put", i)
                full.notify()

    async def consumer():
        for _ in range(4):
            async with lock:
                while not items:
                    await full.wait()
                say("got", items.pop(0))
                empty.notify()
            await asyncio.sleep(1)

    await asyncio.gather(producer(), consumer())
    say(lock.locked(), full.locked(), empty.locked())


@scenario
async def a_waiter_that_a_newcomer_overtakes():
    condition = asyncio.Condition()

    async def waiter():
        async with condition:
            await condition.wait()
            say("notified")

    async def newcomer():
        async with condition:
            say("newcomer")
            await asyncio.sleep(0)

    task = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    await condition.acquire()
    others = [asyncio.create_task(newcomer()) for _ in range(2)]
    await asyncio.sleep(0)
    condition.notify()
    condition.release()
    await asyncio.gather(task, *others)


@scenario
async def a_bounded_semaphore_is_a_semaphore():
    semaphore = asyncio.BoundedSemaphore(2)

    async def guest(name, delay):
        async with semaphore:
            say(name, "in")
            await asyncio.sleep(delay)
            say(name, "out")

    await asyncio.gather(guest("a", 3), guest("b", 1), guest("c", 1.5), guest("d", 1))
    say(semaphore.locked(), how_of(semaphore.release))


@scenario
async def a_bounded_semaphore_full_again_after_a_cancel():
    semaphore = asyncio.BoundedSemaphore(1)
    await semaphore.acquire()
    task = asyncio.create_task(semaphore.acquire())
    await asyncio.sleep(1)
    semaphore.release()
    task.cancel()
    say(await how(task))
    say(semaphore.locked(), how_of(semaphore.release))
