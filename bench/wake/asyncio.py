"""wake: a plain thread calls loop.call_soon_threadsafe."""
import asyncio
import threading
import time

import bench

o = bench.parse(500)
idle = o.number("idle_us", 600) / 1e6
arrived = threading.Event()
arrival = 0


def note():
    global arrival
    arrival = time.perf_counter_ns()
    arrived.set()


def post(loop, stop):
    latencies = []
    for _ in range(o.size + 3):
        time.sleep(idle)
        arrived.clear()
        start = time.perf_counter_ns()
        loop.call_soon_threadsafe(note)
        arrived.wait()
        latencies.append((arrival - start) / 1000)
    bench.metric("p50_us", "us", bench.percentile(latencies[3:], 0.5))
    bench.metric("p99_us", "us", bench.percentile(latencies[3:], 0.99))
    loop.call_soon_threadsafe(stop.set)


async def main(o):
    stop = asyncio.Event()
    poster = threading.Thread(target=post, args=(asyncio.get_running_loop(), stop))
    poster.start()
    await stop.wait()
    poster.join()


bench.run(main)
