import asyncio

from scenario import how, how_of, say, scenario


def taken_from(queue):
    return [queue.get_nowait() for _ in range(queue.qsize())]


@scenario
async def the_least_comes_first():
    queue = asyncio.PriorityQueue()
    for n in (5, 1, 4, 1, 3):
        await queue.put(n)
    say(taken_from(queue))


@scenario
async def pairs_by_priority():
    queue = asyncio.PriorityQueue()
    for pair in ((2, "code"), (1, "eat"), (3, "sleep"), (1, "drink")):
        queue.put_nowait(pair)
    say([name for _, name in taken_from(queue)])


@scenario
async def the_newest_comes_first():
    queue = asyncio.LifoQueue()
    for n in range(4):
        await queue.put(n)
    say(await queue.get())
    queue.put_nowait(9)
    say(taken_from(queue))


@scenario
async def a_getter_that_waits_for_the_least():
    queue = asyncio.PriorityQueue()

    async def getter(name):
        say(name, await queue.get())

    tasks = [asyncio.create_task(getter(n)) for n in "ab"]
    await asyncio.sleep(1)
    for n in (3, 2, 1):
        queue.put_nowait(n)
    await asyncio.gather(*tasks)
    say(taken_from(queue))


@scenario
async def putters_wait_for_room_in_a_stack():
    queue = asyncio.LifoQueue(2)

    async def putter(n):
        await queue.put(n)
        say("put", n)

    tasks = [asyncio.create_task(putter(n)) for n in range(5)]
    await asyncio.sleep(1)
    while not queue.empty():
        say("got", await queue.get())
        await asyncio.sleep(1)
    await asyncio.gather(*tasks)


@scenario
async def a_queue_that_is_shut_down():
    queue = asyncio.Queue()
    queue.put_nowait("left")
    queue.shutdown()
    say(how_of(lambda: queue.put_nowait("x")))
    say(await how(queue.put("x")))
    say(await queue.get())
    say(await how(queue.get()))
    say(how_of(queue.get_nowait))
    queue.shutdown()
    queue.task_done()
    say(await how(queue.join()))


@scenario
async def shut_down_at_once():
    queue = asyncio.Queue()
    for n in range(3):
        queue.put_nowait(n)
    joiner = asyncio.create_task(queue.join())
    await asyncio.sleep(1)
    queue.shutdown(immediate=True)
    say(queue.qsize(), queue.empty())
    say(await how(joiner))
    say(await how(queue.get()))
    say(how_of(queue.task_done))


@scenario
async def shut_down_with_an_item_in_hand():
    queue = asyncio.Queue()
    queue.put_nowait("a")
    queue.put_nowait("b")
    say(await queue.get())
    joiner = asyncio.create_task(queue.join())
    queue.shutdown(immediate=True)
    await asyncio.sleep(1)
    say(joiner.done())
    queue.task_done()
    say(await how(joiner))


@scenario
async def getters_wait_as_it_is_shut_down():
    queue = asyncio.Queue()

    async def getter(name):
        say(name, await how(queue.get()))

    tasks = [asyncio.create_task(getter(n)) for n in "abc"]
    await asyncio.sleep(1)
    queue.put_nowait("only")
    queue.shutdown()
    say("shut down")
    await asyncio.gather(*tasks)


@scenario
async def putters_wait_as_it_is_shut_down():
    queue = asyncio.Queue(1)

    async def putter(n):
        say(n, await how(queue.put(n)))

    tasks = [asyncio.create_task(putter(n)) for n in range(3)]
    await asyncio.sleep(1)
    queue.shutdown()
    await asyncio.gather(*tasks)
    say(taken_from(queue))


@scenario
async def workers_until_the_shutdown():
    queue = asyncio.Queue(2)

    async def worker(name, pace):
        try:
            while True:
                item = await queue.get()
                await asyncio.sleep(pace)
                say(name, "did", item)
                queue.task_done()
        except asyncio.QueueShutDown:
            say(name, "goes home")

    workers = [asyncio.create_task(worker("a", 1)), asyncio.create_task(worker("b", 1.7))]
    for n in range(6):
        await queue.put(n)
    queue.shutdown()
    await queue.join()
    say("all done")
    await asyncio.gather(*workers)


@scenario
async def a_cancelled_getter_of_a_queue_shut_down():
    queue = asyncio.PriorityQueue()
    a = asyncio.create_task(queue.get())
    b = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    queue.shutdown()
    a.cancel()
    say(await how(a))
    say(await how(b))


@scenario
async def sizes_of_a_queue():
    queue = asyncio.LifoQueue(2)
    say(queue.maxsize, queue.qsize(), queue.empty(), queue.full())
    queue.put_nowait(1)
    queue.put_nowait(2)
    say(queue.qsize(), queue.empty(), queue.full())
    say(how_of(lambda: queue.put_nowait(3)))
    endless = asyncio.PriorityQueue(-1)
    endless.put_nowait(1)
    say(endless.maxsize, endless.full())
    say(how_of(endless.get_nowait))
    say(how_of(endless.get_nowait))
