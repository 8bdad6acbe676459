"""echo by asyncio's streams; on uvloop with --loop uvloop."""
import asyncio

import bench


async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(_):
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


bench.parse(1)
bench.run(main)
