"""queue_pair: asyncio.Queue, put and get by one task."""
import asyncio

import bench

o = bench.parse(5_000_000)


async def main(o):
    queue = asyncio.Queue()
    for pairs in o.passes():
        watch = bench.Stopwatch()
        total = 0
        for i in range(pairs):
            await queue.put(i)
            total += await queue.get()
        measure = watch.read()
    bench.check(total == o.size * (o.size - 1) // 2, "queue_pair")
    bench.per_op(measure, o.size)


bench.run(main)
