"""lock_pair: asyncio.Lock."""
import asyncio

import bench

o = bench.parse(10_000_000)


async def main(o):
    shared = asyncio.Lock()
    for pairs in o.passes():
        watch = bench.Stopwatch()
        for _ in range(pairs):
            await shared.acquire()
            shared.release()
        measure = watch.read()
    bench.per_op(measure, o.size)


bench.run(main)
