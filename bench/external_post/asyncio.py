"""external_post: loop.call_soon_threadsafe."""
import asyncio
import threading

import bench

o = bench.parse(200_000)
done = threading.Event()
left = 0


def run_one():
    global left
    left -= 1
    if left == 0:
        done.set()


def post(loop, stop):
    global left
    for count in o.passes():
        watch = bench.Stopwatch()
        left = count
        done.clear()
        for _ in range(count):
            loop.call_soon_threadsafe(run_one)
        done.wait()
        measure = watch.read()
    bench.per_op(measure, o.size)
    loop.call_soon_threadsafe(stop.set)


async def main(o):
    stop = asyncio.Event()
    poster = threading.Thread(target=post, args=(asyncio.get_running_loop(), stop))
    poster.start()
    await stop.wait()
    poster.join()


bench.run(main)
