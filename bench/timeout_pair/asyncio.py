"""timeout_pair: async with asyncio.timeout()."""
import asyncio

import bench

o = bench.parse(2_000_000)


async def block():
    pass


async def main(o):
    for pairs in o.passes():
        watch = bench.Stopwatch()
        for _ in range(pairs):
            async with asyncio.timeout(10):
                await block()
        measure = watch.read()
    bench.per_op(measure, o.size)


bench.run(main)
