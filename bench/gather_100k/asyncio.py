"""gather_100k by asyncio.gather."""
import asyncio

import bench

o = bench.parse(100_000)


async def one(i):
    return i


async def main(o):
    for tasks in o.passes():
        watch = bench.Stopwatch()
        results = await asyncio.gather(*[one(i) for i in range(tasks)])
        measure = watch.read()
    bench.check(results == list(range(o.size)), "gather_100k")
    bench.per_op(measure, o.size)


bench.run(main)
