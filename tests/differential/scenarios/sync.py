import asyncio

from scenario import how, how_of, say, scenario


@scenario
async def a_lock_is_held_by_one():
    lock = asyncio.Lock()

    async def holder(name, delay):
        async with lock:
            say(name, "in")
            await asyncio.sleep(delay)
            say(name, "out")

    await asyncio.gather(holder("a", 2), holder("b", 1), holder("c", 1))


@scenario
async def a_free_lock():
    lock = asyncio.Lock()
    say(lock.locked())
    say(await lock.acquire())
    say(lock.locked())
    lock.release()
    say(lock.locked())
    say(how_of(lock.release))


@scenario
async def a_lock_goes_to_the_first_in_line():
    lock = asyncio.Lock()
    await lock.acquire()

    async def waiter(name):
        await lock.acquire()
        say(name)
        lock.release()

    tasks = [asyncio.create_task(waiter(n)) for n in "abc"]
    await asyncio.sleep(1)
    lock.release()
    await asyncio.gather(*tasks)


@scenario
async def nobody_barges_in_before_who_was_woken():
    lock = asyncio.Lock()
    await lock.acquire()

    async def waiter(name):
        async with lock:
            say(name)

    first = asyncio.create_task(waiter("waited"))
    await asyncio.sleep(1)
    lock.release()
    say("locked", lock.locked())
    async with lock:
        say("newcomer")
    await first


@scenario
async def a_cancelled_waiter_leaves_the_line():
    lock = asyncio.Lock()
    await lock.acquire()

    async def waiter(name):
        async with lock:
            say(name)

    a = asyncio.create_task(waiter("a"))
    b = asyncio.create_task(waiter("b"))
    await asyncio.sleep(1)
    a.cancel()
    lock.release()
    say(await how(a))
    await b


@scenario
async def a_waiter_woken_and_cancelled_wakes_the_next():
    lock = asyncio.Lock()
    await lock.acquire()

    async def waiter(name):
        async with lock:
            say(name)

    a = asyncio.create_task(waiter("a"))
    b = asyncio.create_task(waiter("b"))
    await asyncio.sleep(1)
    lock.release()
    a.cancel()
    say(await how(a))
    await b
    say(lock.locked())


@scenario
async def a_lock_released_by_an_error():
    lock = asyncio.Lock()

    async def failing():
        async with lock:
            raise ValueError("inside")

    say(await how(failing()))
    say(lock.locked())


@scenario
async def a_lock_with_a_timeout():
    lock = asyncio.Lock()
    await lock.acquire()
    say(await how(asyncio.wait_for(lock.acquire(), 1)))
    lock.release()
    say(await how(asyncio.wait_for(lock.acquire(), 1)))
    say(lock.locked())


@scenario
async def a_lock_released_by_another_task():
    lock = asyncio.Lock()
    await lock.acquire()

    async def other():
        await asyncio.sleep(1)
        lock.release()

    task = asyncio.create_task(other())
    await lock.acquire()
    say("mine")
    await task


@scenario
async def a_release_with_two_in_line_wakes_one():
    lock = asyncio.Lock()
    await lock.acquire()

    async def waiter(name):
        await lock.acquire()
        say(name, "has it")
        await asyncio.sleep(1)
        lock.release()

    tasks = [asyncio.create_task(waiter(n)) for n in "ab"]
    await asyncio.sleep(0)
    lock.release()
    await asyncio.sleep(0.5)
    say("half time")
    await asyncio.gather(*tasks)


@scenario
async def an_event_wakes_all():
    event = asyncio.Event()

    async def waiter(name):
        say(name, await event.wait())

    tasks = [asyncio.create_task(waiter(n)) for n in "abc"]
    await asyncio.sleep(1)
    event.set()
    say("set", event.is_set())
    await asyncio.gather(*tasks)


@scenario
async def a_set_event_does_not_wait():
    event = asyncio.Event()
    say(event.is_set())
    event.set()
    say(await event.wait())
    event.clear()
    say(event.is_set())
    say(await how(asyncio.wait_for(event.wait(), 1)))


@scenario
async def set_then_clear_wakes_who_waited():
    event = asyncio.Event()

    async def waiter(name):
        await event.wait()
        say(name, event.is_set())

    a = asyncio.create_task(waiter("a"))
    await asyncio.sleep(1)
    event.set()
    event.clear()
    b = asyncio.create_task(waiter("b"))
    await a
    await asyncio.sleep(1)
    event.set()
    await b


@scenario
async def a_cancelled_waiter_of_an_event():
    event = asyncio.Event()
    a = asyncio.create_task(event.wait())
    b = asyncio.create_task(event.wait())
    await asyncio.sleep(1)
    a.cancel()
    event.set()
    say(await how(a))
    say(await how(b))


@scenario
async def a_semaphore_lets_two_in():
    semaphore = asyncio.Semaphore(2)

    async def guest(name, delay):
        async with semaphore:
            say(name, "in")
            await asyncio.sleep(delay)
            say(name, "out")

    await asyncio.gather(guest("a", 3), guest("b", 1), guest("c", 1.5), guest("d", 1))


@scenario
async def a_semaphore_says_whether_it_is_locked():
    semaphore = asyncio.Semaphore(1)
    say(semaphore.locked())
    say(await semaphore.acquire())
    say(semaphore.locked())
    semaphore.release()
    semaphore.release()
    say(semaphore.locked())


@scenario
async def a_semaphore_below_zero():
    say(how_of(lambda: asyncio.Semaphore(-1)))
    say(how_of(lambda: asyncio.BoundedSemaphore(-1)))


@scenario
async def a_bounded_semaphore_released_too_often():
    semaphore = asyncio.BoundedSemaphore(1)
    await semaphore.acquire()
    semaphore.release()
    say(how_of(semaphore.release))


@scenario
async def a_semaphore_is_fair():
    semaphore = asyncio.Semaphore(1)

    async def guest(name):
        for i in range(2):
            await semaphore.acquire()
            say(name, i)
            await asyncio.sleep(1)
            semaphore.release()

    await asyncio.gather(guest("a"), guest("b"), guest("c"))


@scenario
async def a_semaphore_of_zero_waits_for_a_release():
    semaphore = asyncio.Semaphore(0)

    async def guest(name):
        await semaphore.acquire()
        say(name)

    tasks = [asyncio.create_task(guest(n)) for n in "abc"]
    await asyncio.sleep(1)
    semaphore.release()
    semaphore.release()
    await asyncio.sleep(1)
    say([t.done() for t in tasks])
    semaphore.release()
    await asyncio.gather(*tasks)


@scenario
async def a_permit_of_a_cancelled_waiter_goes_to_the_next():
    semaphore = asyncio.Semaphore(0)
    a = asyncio.create_task(semaphore.acquire())
    b = asyncio.create_task(semaphore.acquire())
    await asyncio.sleep(1)
    semaphore.release()
    a.cancel()
    say(await how(a))
    say(await how(b))
    say(semaphore.locked())


@scenario
async def a_permit_that_comes_with_the_timeout():
    semaphore = asyncio.Semaphore(0)
    task = asyncio.create_task(asyncio.wait_for(semaphore.acquire(), 1))
    await asyncio.sleep(2)
    semaphore.release()
    say(await how(task))
    say(semaphore.locked())


@scenario
async def nobody_barges_in_at_a_semaphore():
    semaphore = asyncio.Semaphore(0)

    async def guest(name):
        await semaphore.acquire()
        say(name)

    waited = asyncio.create_task(guest("waited"))
    await asyncio.sleep(1)
    semaphore.release()
    newcomer = asyncio.create_task(guest("newcomer"))
    await asyncio.sleep(1)
    semaphore.release()
    await asyncio.gather(waited, newcomer)


@scenario
async def the_three_in_a_row():
    lock, semaphore, event = asyncio.Lock(), asyncio.Semaphore(1), asyncio.Event()

    async def one(name):
        await event.wait()
        async with semaphore:
            async with lock:
                say(name)
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(one(n)) for n in "abcd"]
    await asyncio.sleep(1)
    event.set()
    tasks[1].cancel()
    for task in tasks:
        say(await how(task))
