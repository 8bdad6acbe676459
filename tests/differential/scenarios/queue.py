import asyncio

from scenario import how, how_of, say, scenario


@scenario
async def first_in_first_out():
    queue = asyncio.Queue()
    for i in range(3):
        await queue.put(i)
    say([await queue.get(), await queue.get(), await queue.get()])


@scenario
async def producer_and_consumer():
    queue = asyncio.Queue()

    async def producer():
        for i in range(3):
            say("put", i)
            await queue.put(i)
            await asyncio.sleep(1)

    async def consumer():
        for _ in range(3):
            say("got", await queue.get())

    await asyncio.gather(producer(), consumer())


@scenario
async def put_waits_for_room():
    queue = asyncio.Queue(maxsize=1)

    async def producer():
        for i in range(3):
            await queue.put(i)
            say("put", i, queue.qsize())

    task = asyncio.create_task(producer())
    await asyncio.sleep(1)
    for _ in range(3):
        say("got", await queue.get())
        await asyncio.sleep(1)
    await task


@scenario
async def a_full_and_an_empty_queue():
    queue = asyncio.Queue(2)
    say(queue.empty(), queue.full(), queue.qsize(), queue.maxsize)
    queue.put_nowait(1)
    queue.put_nowait(2)
    say(queue.empty(), queue.full(), queue.qsize())
    say(how_of(lambda: queue.put_nowait(3)))
    say(queue.get_nowait(), queue.get_nowait())
    say(how_of(queue.get_nowait))


@scenario
async def getters_are_served_in_their_order():
    queue = asyncio.Queue()

    async def getter(name):
        say(name, await queue.get())

    tasks = [asyncio.create_task(getter(name)) for name in "abc"]
    await asyncio.sleep(1)
    for i in range(3):
        queue.put_nowait(i)
    for task in tasks:
        await task


@scenario
async def putters_are_served_in_their_order():
    queue = asyncio.Queue(1)

    async def putter(i):
        await queue.put(i)
        say("put", i)

    tasks = [asyncio.create_task(putter(i)) for i in range(3)]
    await asyncio.sleep(1)
    for _ in range(3):
        say("got", await queue.get())
    for task in tasks:
        await task


@scenario
async def a_cancelled_getter_loses_no_item():
    queue = asyncio.Queue()
    getter = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    queue.put_nowait("item")
    getter.cancel()
    say(await how(getter))
    say(queue.qsize(), await queue.get())


@scenario
async def a_cancelled_getter_passes_its_wake_on():
    queue = asyncio.Queue()
    first = asyncio.create_task(queue.get())
    second = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    queue.put_nowait("item")
    first.cancel()
    say(await how(first))
    say(await how(second))


@scenario
async def a_cancelled_putter_puts_nothing():
    queue = asyncio.Queue(1)
    queue.put_nowait(1)
    putter = asyncio.create_task(queue.put(2))
    await asyncio.sleep(1)
    putter.cancel()
    say(await how(putter))
    say(queue.get_nowait(), queue.qsize())


@scenario
async def a_cancelled_putter_passes_its_room_on():
    queue = asyncio.Queue(1)
    queue.put_nowait(1)
    first = asyncio.create_task(queue.put(2))
    second = asyncio.create_task(queue.put(3))
    await asyncio.sleep(1)
    say(queue.get_nowait())
    first.cancel()
    say(await how(first))
    say(await how(second))
    say(queue.get_nowait())


@scenario
async def a_newcomer_may_take_the_item_before_who_was_woken():
    queue = asyncio.Queue()

    async def getter(name):
        say(name, await queue.get())

    task = asyncio.create_task(getter("waited"))
    await asyncio.sleep(1)
    queue.put_nowait(1)
    say("newcomer", queue.get_nowait())
    await asyncio.sleep(1)
    queue.put_nowait(2)
    await task


@scenario
async def a_newcomer_may_take_the_room_before_who_was_woken():
    queue = asyncio.Queue(1)
    queue.put_nowait(0)

    async def putter():
        await queue.put(1)
        say("put at last")

    task = asyncio.create_task(putter())
    await asyncio.sleep(1)
    queue.get_nowait()
    queue.put_nowait(2)
    await asyncio.sleep(1)
    say(queue.get_nowait())
    await task
    say(queue.get_nowait())


@scenario
async def join_waits_for_every_task_done():
    queue = asyncio.Queue()
    for i in range(3):
        queue.put_nowait(i)

    async def consumer():
        while True:
            item = await queue.get()
            await asyncio.sleep(1)
            say("done", item)
            queue.task_done()

    task = asyncio.create_task(consumer())
    await queue.join()
    say("joined")
    task.cancel()
    say(await how(task))


@scenario
async def join_of_an_empty_queue():
    queue = asyncio.Queue()
    await queue.join()
    say("joined")


@scenario
async def several_join():
    queue = asyncio.Queue()
    queue.put_nowait(1)

    async def joiner(name):
        await queue.join()
        say(name, "joined")

    tasks = [asyncio.create_task(joiner(name)) for name in "ab"]
    await asyncio.sleep(1)
    queue.get_nowait()
    queue.task_done()
    for task in tasks:
        await task


@scenario
async def task_done_too_often():
    queue = asyncio.Queue()
    queue.put_nowait(1)
    queue.get_nowait()
    queue.task_done()
    say(how_of(queue.task_done))


@scenario
async def two_workers_share_ten_items():
    queue = asyncio.Queue(3)

    async def worker(name, pace):
        while (item := await queue.get()) is not None:
            say(name, item)
            await asyncio.sleep(pace)

    async def producer():
        for i in range(10):
            await queue.put(i)
        await queue.put(None)
        await queue.put(None)

    await asyncio.gather(producer(), worker("fast", 1), worker("slow", 2.5))


@scenario
async def get_with_a_timeout():
    queue = asyncio.Queue()
    say(await how(asyncio.wait_for(queue.get(), 1)))
    queue.put_nowait(5)
    say(await how(asyncio.wait_for(queue.get(), 1)))


@scenario
async def an_item_that_comes_with_the_timeout():
    queue = asyncio.Queue()

    async def getter():
        return await asyncio.wait_for(queue.get(), 2)

    task = asyncio.create_task(getter())
    await asyncio.sleep(1)
    queue.put_nowait("in time")
    say(await how(task))
    say(queue.qsize())


@scenario
async def a_ring_of_queues():
    first, second = asyncio.Queue(), asyncio.Queue()

    async def player(mine, other, name):
        for _ in range(3):
            ball = await mine.get()
            say(name, ball)
            await other.put(ball + 1)

    a = asyncio.create_task(player(first, second, "ping"))
    b = asyncio.create_task(player(second, first, "pong"))
    await first.put(0)
    await a
    await b
    say(first.qsize(), second.qsize())
