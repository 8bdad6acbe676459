import asyncio

from scenario import how, how_of, say, scenario


async def arrive(barrier, name, delay=0):
    await asyncio.sleep(delay)
    say(name, "arrives")
    say(name, await how(barrier.wait()))


@scenario
async def the_last_to_arrive_releases_all():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(arrive(barrier, n, i + 1)) for i, n in enumerate("abc")]
    await asyncio.sleep(2.5)
    say(barrier.n_waiting, barrier.parties, barrier.broken)
    await asyncio.gather(*tasks)
    say(barrier.n_waiting, barrier.broken)


@scenario
async def a_barrier_of_one():
    barrier = asyncio.Barrier(1)
    for _ in range(3):
        say(await barrier.wait())
    say(barrier.n_waiting)


@scenario
async def a_barrier_for_nobody():
    say(how_of(lambda: asyncio.Barrier(0)))
    say(how_of(lambda: asyncio.Barrier(-1)))


@scenario
async def a_barrier_again_and_again():
    barrier = asyncio.Barrier(2)

    async def walker(name, pace):
        for lap in range(3):
            await asyncio.sleep(pace)
            await barrier.wait()
            say(name, "lap", lap)

    await asyncio.gather(walker("a", 1), walker("b", 1.5))


@scenario
async def one_barrier_as_a_block():
    barrier = asyncio.Barrier(2)

    async def enter(name):
        async with barrier as place:
            say(name, place)

    await asyncio.gather(enter("a"), enter("b"))


@scenario
async def more_come_than_a_barrier_holds():
    barrier = asyncio.Barrier(2)
    tasks = [asyncio.create_task(arrive(barrier, n)) for n in "abcd"]
    await asyncio.gather(*tasks)
    say(barrier.n_waiting)


@scenario
async def one_is_left_over():
    barrier = asyncio.Barrier(2)
    tasks = [asyncio.create_task(arrive(barrier, n)) for n in "abc"]
    await asyncio.sleep(1)
    say([t.done() for t in tasks], barrier.n_waiting)
    tasks[2].cancel()
    await asyncio.wait(tasks)


@scenario
async def one_that_waits_is_cancelled():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(arrive(barrier, n)) for n in "ab"]
    await asyncio.sleep(1)
    tasks[0].cancel()
    await asyncio.sleep(1)
    say(barrier.n_waiting, barrier.broken)
    tasks += [asyncio.create_task(arrive(barrier, n)) for n in "cd"]
    await asyncio.gather(*tasks)


@scenario
async def one_gives_up_in_time():
    barrier = asyncio.Barrier(2)
    say(await how(asyncio.wait_for(barrier.wait(), 1)))
    say(barrier.n_waiting, barrier.broken)
    await asyncio.gather(arrive(barrier, "a"), arrive(barrier, "b"))


@scenario
async def an_aborted_barrier_is_broken():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(arrive(barrier, n)) for n in "ab"]
    await asyncio.sleep(1)
    await barrier.abort()
    say(barrier.broken, barrier.n_waiting)
    await asyncio.gather(*tasks)
    say(await how(barrier.wait()))
    say(barrier.broken)


@scenario
async def a_broken_barrier_is_reset():
    barrier = asyncio.Barrier(2)
    await barrier.abort()
    say(await how(barrier.wait()))
    await barrier.reset()
    say(barrier.broken)
    await asyncio.gather(arrive(barrier, "a"), arrive(barrier, "b"))


@scenario
async def a_barrier_is_reset_under_those_who_wait():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(arrive(barrier, n)) for n in "ab"]
    await asyncio.sleep(1)
    await barrier.reset()
    say(barrier.broken, barrier.n_waiting)
    await asyncio.gather(*tasks)
    await asyncio.gather(*(arrive(barrier, n) for n in "cde"))


@scenario
async def a_reset_of_nobody():
    barrier = asyncio.Barrier(2)
    await barrier.reset()
    say(barrier.broken, barrier.n_waiting)
    await asyncio.gather(arrive(barrier, "a"), arrive(barrier, "b"))


@scenario
async def one_who_came_aborts():
    barrier = asyncio.Barrier(3)

    async def aborter():
        await asyncio.sleep(1)
        say("aborts")
        await barrier.abort()

    await asyncio.gather(arrive(barrier, "a"), arrive(barrier, "b"), aborter(), arrive(barrier, "late", 2))


@scenario
async def those_who_pass_are_cancelled():
    barrier = asyncio.Barrier(2)
    a = asyncio.create_task(arrive(barrier, "a"))
    await asyncio.sleep(1)
    say(await barrier.wait())
    a.cancel()
    say(await how(a))
    say(barrier.n_waiting, barrier.broken)
    await asyncio.gather(arrive(barrier, "c"), arrive(barrier, "d"))
