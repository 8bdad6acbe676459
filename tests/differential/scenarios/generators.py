import asyncio

from scenario import describe, how, say, scenario


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


async def cleaning(name):
    end = None
    try:
        yield 1
        yield 2
    except BaseException as e:
        end = e
    say(name, "ends by", describe(end) if end else "itself")
    await asyncio.sleep(1)
    say(name, "is clean")
    if end:
        raise end


@scenario
async def a_generator_is_closed_by_hand():
    generator = cleaning("a")
    say(await anext(generator))
    say(await how(generator.aclose()))
    say(await how(generator.aclose()))
    unused = cleaning("unused")
    say(await how(unused.aclose()))


@scenario
async def a_generator_that_fails_in_its_cleanup():
    async def failing():
        try:
            yield 1
        except GeneratorExit:
            raise ValueError("in the cleanup")

    generator = failing()
    say(await anext(generator))
    say(await how(generator.aclose()))


@scenario
async def a_generator_that_ignores_its_end():
    async def stubborn():
        try:
            yield 1
        except GeneratorExit:
            say("no")
        yield 2
        yield 3

    generator = stubborn()
    say(await anext(generator))
    say(await how(generator.aclose()))
    say(await anext(generator))


@scenario
async def an_error_is_thrown_into_a_generator():
    async def skipping():
        for i in (0, 1, 2, 3):
            try:
                yield i
            except ValueError as e:
                say("met", describe(e))

    generator = skipping()
    say(await anext(generator))
    say(await generator.athrow(ValueError("one")))
    say(await anext(generator))
    say(await how(generator.athrow(TypeError("two"))))
    unused = skipping()
    say(await how(unused.athrow(ValueError("three"))))


@scenario
async def values_are_sent_to_a_generator():
    async def summing():
        total = 0
        while True:
            sent = yield total
            total += sent if sent is not None else 100

    generator = summing()
    say(await anext(generator))
    say(await generator.asend(5))
    say(await anext(generator))
    say(await generator.asend(7))
    await generator.aclose()


@scenario
async def a_generator_that_runs_is_not_closed():
    generator = ticks(2, 1)
    task = asyncio.create_task(how(anext(generator)))
    await asyncio.sleep(0.5)
    say(await how(anext(generator)))
    say(await how(generator.aclose()))
    say(await how(generator.athrow(ValueError("x"))))
    say(await task)


@scenario
async def a_generator_that_is_dropped_is_closed_by_its_loop():
    async def ticker():
        for i in range(6):
            say("tick", i)
            await asyncio.sleep(0)

    task = asyncio.create_task(ticker())
    await asyncio.sleep(0)
    async for i in cleaning("dropped"):
        break
    say("after the loop")
    await task
    await asyncio.sleep(2)


@scenario
async def generators_that_are_dropped_are_closed_in_their_order():
    async for i in cleaning("first"):
        break
    async for i in cleaning("second"):
        break
    say("after the loops")
    await asyncio.sleep(3)


@scenario
async def generators_that_are_held_are_closed_by_shutdown_asyncgens():
    generator = cleaning("held")
    await anext(generator)
    await asyncio.get_running_loop().shutdown_asyncgens()
    say("shut down")
    say(await how(generator.aclose()))
