"""create_await by asyncio.create_task."""
import asyncio

import bench

o = bench.parse(500_000)


async def one(i):
    return i


async def main(o):
    for tasks in o.passes():
        watch = bench.Stopwatch()
        total = 0
        for i in range(tasks):
            total += await asyncio.create_task(one(i))
        measure = watch.read()
    bench.check(total == o.size * (o.size - 1) // 2, "create_await")
    bench.per_op(measure, o.size)


bench.run(main)
