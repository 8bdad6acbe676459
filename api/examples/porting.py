"""Workers fetch pages, with a limit and a second try. Beside it porting.cpp, the same in C++: see api/porting.md."""
import asyncio


class Refused(Exception):
    pass


async def fetch(page, attempt):  # stands for a request
    await asyncio.sleep(0.01 * len(page))
    if page == "news" and attempt == 1:
        raise Refused(page)
    if page == "archive":
        await asyncio.sleep(60)
    return page.upper()


async def fetch_patiently(page):
    for attempt in (1, 2):
        try:
            async with asyncio.timeout(0.2):
                return await fetch(page, attempt)
        except (TimeoutError, Refused) as e:
            print(page, "too slow" if isinstance(e, TimeoutError) else "refused")
            await asyncio.sleep(0.05 * attempt)
    return "gave up"


async def worker(name, pages, found):
    try:
        while True:
            page = await pages.get()
            try:
                found[page] = await fetch_patiently(page)
            finally:
                pages.task_done()
    except asyncio.CancelledError:
        await asyncio.sleep(0.01)  # takes its leave
        print(name, "is done")
        raise


async def main():
    pages = asyncio.Queue()
    for page in ("index", "news", "archive", "about"):
        pages.put_nowait(page)
    found = {}
    workers = [asyncio.create_task(worker(f"worker {n}", pages, found)) for n in (1, 2)]
    await pages.join()
    for w in workers:
        w.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    for page, text in sorted(found.items()):
        print(page, text)


asyncio.run(main())
