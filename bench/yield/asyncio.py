"""yield by asyncio.sleep(0)."""
import asyncio

import bench

o = bench.parse(2_000_000)


async def take_turns(turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    return turns


async def main(o):
    for turns in o.passes():
        watch = bench.Stopwatch()
        taken = sum(await asyncio.gather(*[take_turns(turns // 100) for _ in range(100)]))
        measure = watch.read()
    bench.check(taken == o.size // 100 * 100, "yield")
    bench.per_op(measure, taken)


bench.run(main)
