"""idle_cpu: asyncio.sleep."""
import asyncio

import bench

o = bench.parse(1)


async def main(o):
    await asyncio.sleep(0.05)
    watch = bench.Stopwatch()
    await asyncio.sleep(o.number("seconds", 1))
    wall, cpu = watch.read()
    bench.metric("cpu_percent", "%", 100 * cpu / wall)


bench.run(main)
