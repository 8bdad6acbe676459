"""timer_overshoot: asyncio.sleep."""
import asyncio
import time

import bench

o = bench.parse(1000)


async def main(o):
    overshoots = []
    for _ in range(o.size):
        start = time.perf_counter_ns()
        await asyncio.sleep(0.001)
        overshoots.append((time.perf_counter_ns() - start) / 1000 - 1000)
    bench.metric("p50_us", "us", bench.percentile(overshoots, 0.5))
    bench.metric("p99_us", "us", bench.percentile(overshoots, 0.99))


bench.run(main)
