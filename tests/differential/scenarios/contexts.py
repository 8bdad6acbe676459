import asyncio
import contextvars

from scenario import future, how_of, say, scenario

name = contextvars.ContextVar("name", default="nobody")
bare = contextvars.ContextVar("bare")


@scenario
async def a_variable_and_its_default():
    say(name.get())
    say(how_of(bare.get).split(":")[0])
    say(bare.get("fallback"))
    name.set("Ann")
    say(name.get())


@scenario
async def a_change_taken_back():
    first = name.set("Ann")
    second = name.set("Bob")
    say(name.get(), second.old_value)
    name.reset(second)
    say(name.get())
    name.reset(first)
    say(name.get())
    say(how_of(lambda: name.reset(first)).split(":")[0])


@scenario
async def a_task_has_a_copy():
    async def child():
        say("child", name.get())
        name.set("child's")
        await asyncio.sleep(1)
        say("child", name.get())

    name.set("main's")
    task = asyncio.create_task(child())
    name.set("main's later")
    await asyncio.sleep(0)
    say("main", name.get())
    await task
    say("main", name.get())


@scenario
async def an_awaited_coroutine_has_the_callers():
    async def callee():
        name.set("callee's")

    await callee()
    say(name.get())


@scenario
async def children_of_gather_and_group():
    async def child(text):
        before = name.get()
        name.set(text)
        await asyncio.sleep(1)
        say(before, name.get())

    name.set("parent's")
    await asyncio.gather(child("a"), child("b"))
    async with asyncio.TaskGroup() as tg:
        tg.create_task(child("c"))
        name.set("changed")
        tg.create_task(child("d"))
    say(name.get())


@scenario
async def callbacks_have_the_context_of_their_registration():
    loop = asyncio.get_running_loop()
    f = future()
    name.set("first")
    loop.call_soon(lambda: say("soon", name.get()))
    loop.call_later(1, lambda: say("later", name.get()))
    f.add_done_callback(lambda f: say("done", name.get()))
    name.set("second")
    f.set_result(1)
    await asyncio.sleep(2)


@scenario
async def callbacks_in_a_context_that_is_given():
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    context.run(name.set, "given")
    f = future()
    loop.call_soon(lambda: say("soon", name.get()), context=context)
    f.add_done_callback(lambda f: (say("done", name.get()), name.set("changed"))[0], context=context)
    f.set_result(1)
    await asyncio.sleep(0)
    say(context[name], name.get())


@scenario
async def a_task_in_a_context_that_is_given():
    async def child():
        say("child", name.get())
        name.set("child's")
        await asyncio.sleep(0)

    context = contextvars.copy_context()
    context.run(name.set, "given")
    await asyncio.create_task(child(), context=context)
    say(name.get(), context[name])
    await asyncio.create_task(child(), context=context)


@scenario
async def a_copy_of_the_context():
    name.set("before")
    copy = contextvars.copy_context()
    name.set("after")
    say(copy[name], name.get())
    say(copy.run(lambda: name.get()))
    copy.run(name.set, "in the copy")
    say(copy[name], name.get())
    say(name in copy, bare in copy)
    say(copy.get(bare, "none"))
    say(how_of(lambda: copy[bare]).split(":")[0])


@scenario
async def a_context_entered_twice():
    context = contextvars.copy_context()
    say(how_of(lambda: context.run(lambda: context.run(lambda: None))).split(":")[0])


@scenario
async def a_thread_sees_a_copy():
    def look():
        before = name.get()
        name.set("thread's")
        return before

    name.set("task's")
    say(await asyncio.to_thread(look))
    say(name.get())


@scenario
async def a_thread_of_an_executor_sees_nothing():
    name.set("task's")
    say(await asyncio.get_running_loop().run_in_executor(None, name.get))


@scenario
async def a_timeout_has_the_callers_context():
    async with asyncio.timeout(1):
        name.set("inside")
    say(name.get())


@scenario
async def a_generator_has_its_consumers_context():
    async def names():
        for n in range(2):
            yield name.get()
            name.set(f"generator's {n}")

    name.set("consumer's")
    async for seen in names():
        say(seen, name.get())
    say(name.get())


@scenario
async def a_shielded_task_has_the_context_of_the_call():
    async def child():
        await asyncio.sleep(1)
        say("child", name.get())

    name.set("at the call")
    shielded = asyncio.shield(child())
    name.set("later")
    await shielded


@scenario
async def a_task_says_its_context():
    name.set("seen")

    async def child():
        name.set("child's")

    task = asyncio.create_task(child())
    say(task.get_context()[name])
    await task
    say(task.get_context()[name])
