import asyncio

from scenario import how, say, scenario


async def ticks(n, delay):
    for i in range(n):
        await asyncio.sleep(delay)
        yield i


async def numbers(n):
    for i in range(n):
        yield i


@scenario
async def a_generator_gives_its_values_one_by_one():
    async for i in ticks(3, 1):
        say(i)


@scenario
async def a_generator_that_does_not_wait_lets_nobody_run():
    async def other():
        say("other")

    task = asyncio.create_task(other())
    async for i in numbers(3):
        say(i)
    await task


@scenario
async def two_generators_take_turns_by_time():
    async def show(name, n, delay):
        async for i in ticks(n, delay):
            say(name, i)

    await asyncio.gather(show("a", 3, 1), show("b", 2, 1.25))


@scenario
async def an_empty_generator():
    async for i in numbers(0):
        say(i)
    say("nothing")


@scenario
async def a_generator_that_fails():
    async def failing():
        yield 1
        raise ValueError("in the generator")

    async def body():
        async for i in failing():
            say(i)

    say(await how(body()))


@scenario
async def a_generator_cancelled_where_it_waits():
    async def slow():
        try:
            yield 1
            await asyncio.sleep(100)
            yield 2
        except asyncio.CancelledError:
            say("generator is cancelled")
            raise

    async def body():
        async for i in slow():
            say(i)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def a_generator_that_swallows_the_request_goes_on():
    async def stubborn():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            say("no")
        yield 1

    async def body():
        async for i in stubborn():
            say(i)
        return "end"

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    say(await how(task))


@scenario
async def a_generator_over_a_queue():
    queue = asyncio.Queue()

    async def drain():
        while (item := await queue.get()) is not None:
            yield item

    async def fill():
        for i in range(3):
            await queue.put(i)
            await asyncio.sleep(1)
        await queue.put(None)

    task = asyncio.create_task(fill())
    async for item in drain():
        say(item)
    await task


@scenario
async def a_generator_of_a_generator():
    async def squares(n):
        async for i in ticks(n, 1):
            yield i * i

    async for square in squares(4):
        say(square)


@scenario
async def a_step_with_a_timeout():
    generator = ticks(2, 2)
    say(await how(asyncio.wait_for(anext(generator), 3)))
    say(await how(asyncio.wait_for(anext(generator), 1)))
