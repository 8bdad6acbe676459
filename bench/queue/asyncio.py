"""queue over asyncio.Queue."""
import asyncio

import bench

o = bench.parse(1_000_000)
pairs = int(o.number("pairs", 1))
capacity = int(o.number("capacity", 1024))


async def produce(queue, items):
    for i in range(items):
        await queue.put(i)


async def consume(queue, items):
    total = 0
    for _ in range(items):
        total += await queue.get()
    return total


async def main(o):
    for items in o.passes():
        each = items // pairs
        watch = bench.Stopwatch()
        queue = asyncio.Queue(capacity)
        producers = [produce(queue, each) for _ in range(pairs)]
        consumers = [consume(queue, each) for _ in range(pairs)]
        results = await asyncio.gather(*producers, *consumers)
        measure = watch.read()
    bench.check(sum(results[pairs:]) == pairs * (each * (each - 1) // 2), "queue")
    bench.per_op(measure, pairs * each)


bench.run(main)
