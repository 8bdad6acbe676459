import asyncio

from scenario import VirtualLoop, after, at_once, describe, fail_after, future, how, how_of, program, say, scenario, worker


def group():
    return ExceptionGroup("several", [ValueError("a"), RuntimeError("b"), ExceptionGroup("inner", [ValueError("c")])])


@scenario
async def the_members_of_a_group_by_type():
    match, rest = group().split(ValueError)
    say(describe(match))
    say(describe(rest))


@scenario
async def a_subgroup():
    say(describe(group().subgroup(RuntimeError)))
    say(group().subgroup(ZeroDivisionError))


@scenario
async def except_star_takes_its_kind_and_leaves_the_rest():
    async def body():
        try:
            raise group()
        except* ValueError as values:
            say("values", describe(values))

    say(await how(body()))


@scenario
async def except_star_that_takes_all():
    async def body():
        try:
            raise group()
        except* ValueError as values:
            say("values", describe(values))
        except* RuntimeError as others:
            say("others", describe(others))
        return "all handled"

    say(await how(body()))


@scenario
async def the_loops_handler_hears_of_a_failing_callback():
    def fail():
        raise ValueError("in a callback")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: say("handler:", describe(context["exception"])))
    loop.call_soon(fail)
    await asyncio.sleep(1)
    say("goes on")


@scenario
async def the_loops_handler_hears_what_it_is_told():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: say("handler:", context["message"]))
    loop.call_exception_handler({"message": "told"})


@program
def a_failure_at_the_end_of_run_is_reported():
    async def bad_leaver():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("while leaving")

    async def main():
        def handler(loop, context):
            say("handler:", context["message"], "|", describe(context["exception"]))

        asyncio.get_running_loop().set_exception_handler(handler)
        left.append(asyncio.create_task(bad_leaver()))
        await asyncio.sleep(1)

    left = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


@program
def a_loop_runs_until_it_is_stopped():
    loop = VirtualLoop()
    loop.call_later(2, loop.stop)
    loop.call_later(1, say, "one")
    loop.call_later(3, say, "three")
    loop.run_forever()
    say("stopped", loop.is_running())
    loop.call_later(5, loop.stop)
    loop.run_forever()
    loop.close()


@program
def a_loop_stopped_finishes_its_turn():
    loop = VirtualLoop()
    loop.call_soon(say, "first")
    loop.call_soon(loop.stop)
    loop.call_soon(lambda: loop.call_soon(say, "next turn"))
    loop.call_soon(say, "same turn")
    loop.run_forever()
    say("stopped")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()


@program
def a_loop_stopped_before_the_end():
    loop = VirtualLoop()
    loop.call_later(1, loop.stop)
    coroutine = after(5, 1)
    task = loop.create_task(coroutine)
    say(how_of(lambda: loop.run_until_complete(task)))
    say(task.done())
    say(loop.run_until_complete(task))
    loop.close()


@scenario
async def errors_come_through_many_coroutines():
    async def deep(n):
        if n == 0:
            raise ValueError("at the bottom")
        return await deep(n - 1)

    say(await how(deep(50)))


@scenario
async def an_error_caught_and_another_thrown():
    async def body():
        try:
            await fail_after(1, "first")
        except ValueError as error:
            raise RuntimeError("second") from error

    say(await how(body()))


@scenario
async def a_coroutine_awaited_twice():
    coroutine = at_once(1)
    say(await coroutine)
    say(await how(coroutine))
