"""lock_contended: asyncio.Lock that another task always waits for."""
import asyncio

import bench

o = bench.parse(1_000_000)


async def take(shared, times):
    for _ in range(times):
        await shared.acquire()
        await asyncio.sleep(0)
        shared.release()


async def main(o):
    shared = asyncio.Lock()
    for times in o.passes():
        watch = bench.Stopwatch()
        await asyncio.gather(take(shared, times // 2), take(shared, times // 2))
        measure = watch.read()
    bench.per_op(measure, o.size)


bench.run(main)
