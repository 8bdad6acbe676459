"""plain_await: await of a coroutine function's call."""
import bench

o = bench.parse(20_000_000)


async def callee(i):
    return i


async def main(o):
    for calls in o.passes():
        watch = bench.Stopwatch()
        total = 0
        for i in range(calls):
            total += await callee(i)
        measure = watch.read()
    bench.check(total == o.size * (o.size - 1) // 2, "plain_await")
    bench.per_op(measure, o.size)


bench.run(main)
