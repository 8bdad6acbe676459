import asyncio

from scenario import describe, how, how_of, say, scenario


def tree():
    inner = ExceptionGroup("inner", [ValueError("c"), TypeError("d")])
    return ExceptionGroup("outer", [ValueError("a"), RuntimeError("b"), inner])


def shown(part):
    return "None" if part is None else f"{describe(part)}"


@scenario
async def split_by_one_type():
    for part in tree().split(ValueError):
        say(shown(part))


@scenario
async def split_by_several_types():
    for part in tree().split((TypeError, RuntimeError)):
        say(shown(part))


@scenario
async def split_by_a_condition():
    for part in tree().split(lambda e: str(e) in ("a", "d")):
        say(shown(part))


@scenario
async def split_where_none_is_meant():
    for part in tree().split(KeyError):
        say(shown(part))


@scenario
async def split_where_all_are_meant():
    for part in tree().split(Exception):
        say(shown(part))


@scenario
async def a_condition_that_means_a_whole_group():
    for part in tree().split(lambda e: isinstance(e, ExceptionGroup) and e.message == "inner"):
        say(shown(part))


@scenario
async def subgroups():
    say(shown(tree().subgroup(ValueError)))
    say(shown(tree().subgroup(TypeError)))
    say(shown(tree().subgroup(KeyError)))
    say(shown(tree().subgroup(lambda e: str(e) == "b")))


@scenario
async def texts_of_groups():
    group = tree()
    say(group.message, len(group.exceptions), str(group))
    say(str(ExceptionGroup("one", [ValueError("x")])))


@scenario
async def groups_that_cannot_be():
    say(how_of(lambda: ExceptionGroup("empty", [])))
    say(how_of(lambda: ExceptionGroup("nested", [asyncio.CancelledError()])))
    say(shown(BaseExceptionGroup("base", [asyncio.CancelledError(), ValueError("x")])))
    say(type(BaseExceptionGroup("base", [ValueError("x")])).__name__)


@scenario
async def clauses_in_a_row():
    async def body():
        try:
            raise tree()
        except* ValueError as values:
            say("values", shown(values))
        except* TypeError as types:
            say("types", shown(types))

    say(await how(body()))


@scenario
async def a_clause_for_two_types():
    async def body():
        try:
            raise tree()
        except* (ValueError, TypeError) as both:
            say("both", shown(both))
        except* RuntimeError as rest:
            say("rest", shown(rest))
        return "handled"

    say(await how(body()))


@scenario
async def a_clause_for_a_single_exception():
    async def body():
        try:
            raise ValueError("alone")
        except* ValueError as values:
            say("values", shown(values))
        return "handled"

    say(await how(body()))


@scenario
async def a_single_exception_that_no_clause_takes():
    async def body():
        try:
            raise ValueError("alone")
        except* TypeError:
            say("never")

    say(await how(body()))


@scenario
async def a_clause_that_raises():
    async def body():
        try:
            raise tree()
        except* ValueError:
            raise KeyError("new") from None

    say(await how(body()))


@scenario
async def two_clauses_that_raise():
    async def body():
        try:
            raise tree()
        except* ValueError:
            raise RuntimeError("one")
        except* TypeError:
            raise RuntimeError("two")
        except* RuntimeError:
            say("handled")

    say(await how(body()))


@scenario
async def a_clause_that_raises_again():
    async def body():
        try:
            raise tree()
        except* ValueError:
            raise
        except* TypeError:
            say("types are handled")

    say(await how(body()))


@scenario
async def clauses_round_a_task_group():
    async def fail(delay, error):
        await asyncio.sleep(delay)
        raise error

    async def cleanup_fails():
        try:
            await asyncio.sleep(10)
        finally:
            raise RuntimeError("cleanup")

    async def body():
        try:
            async with asyncio.TaskGroup() as tg:
                tg.create_task(fail(1, ValueError("first")))
                tg.create_task(cleanup_fails())
        except* ValueError as values:
            say(shown(values))

    say(await how(body()))


@scenario
async def groups_within_groups_of_tasks():
    async def fail(text):
        await asyncio.sleep(1)
        raise ValueError(text)

    async def inner():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fail("a"))
            tg.create_task(fail("b"))

    async def outer():
        async with asyncio.TaskGroup() as tg:
            tg.create_task(inner())
            tg.create_task(fail("c"))

    say(await how(outer()))


@scenario
async def a_task_that_ends_as_cancelled_by_itself():
    async def leave():
        await asyncio.sleep(1)
        raise asyncio.CancelledError("not a request")

    async def sibling():
        await asyncio.sleep(2)
        say("sibling ends")

    async with asyncio.TaskGroup() as tg:
        task = tg.create_task(leave())
        tg.create_task(sibling())
    say(task.cancelled())
