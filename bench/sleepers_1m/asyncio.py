"""sleepers_1m: asyncio tasks and sleep."""
import asyncio

import bench

o = bench.parse(1_000_000)


async def main(o):
    seconds = o.number("seconds", 3)
    before = bench.status_bytes("VmRSS")
    watch = bench.Stopwatch()
    await asyncio.gather(*[asyncio.create_task(asyncio.sleep(seconds)) for _ in range(o.size)])
    took = watch.read()[0] * 1e-9
    bench.metric("bytes_per_task", "bytes", (bench.status_bytes("VmHWM") - before) / o.size)
    bench.metric("overhead_s", "s", took - seconds)


bench.run(main)
