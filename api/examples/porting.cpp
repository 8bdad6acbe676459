// Workers fetch pages, with a limit and a second try. Beside it porting.py, the same in Python: see api/porting.md.
#include <hocket/hocket.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace asyncio = hocket;
using asyncio::Coro;
using Found = std::shared_ptr<std::map<std::string, std::string>>;

class Refused : public std::exception {};

Coro<std::string> fetch(std::string page, int attempt) {  // stands for a request
  co_await asyncio::sleep(0.01 * page.size());
  if (page == "news" && attempt == 1) throw Refused();
  if (page == "archive") co_await asyncio::sleep(60);
  for (char& c : page) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  co_return page;
}

Coro<std::string> fetch_patiently(std::string page) {
  for (const int attempt : {1, 2}) {
    const char* why;
    try {
      co_return co_await asyncio::timeout(0.2, [&]() -> Coro<std::string> { return fetch(page, attempt); });
    } catch (const asyncio::TimeoutError&) {
      why = "too slow";
    } catch (const Refused&) {
      why = "refused";
    }
    asyncio::print(page, why);
    co_await asyncio::sleep(0.05 * attempt);
  }
  co_return "gave up";
}

Coro<> fetch_all(asyncio::Queue<std::string> pages, Found found) {
  for (;;) {
    const std::string page = co_await pages.get();
    auto text = co_await asyncio::as_result(fetch_patiently(page));
    pages.task_done();
    (*found)[page] = std::move(text).value();
  }
}

Coro<> worker(std::string name, asyncio::Queue<std::string> pages, Found found) {
  const auto ended = co_await asyncio::as_result(fetch_all(pages, found));
  if (ended.cancelled()) {
    co_await asyncio::sleep(0.01);  // takes its leave
    asyncio::print(name, "is done");
  }
  ended.rethrow();
}

Coro<> async_main() {
  asyncio::Queue<std::string> pages;
  for (const char* page : {"index", "news", "archive", "about"}) pages.put_nowait(page);
  const auto found = std::make_shared<Found::element_type>();
  std::vector<asyncio::Task<>> workers;
  for (const char* name : {"worker 1", "worker 2"}) workers.push_back(asyncio::create_task(worker(name, pages, found)));
  co_await pages.join();
  for (const auto& w : workers) w.cancel();
  co_await asyncio::gather(asyncio::return_exceptions, workers);
  for (const auto& [page, text] : *found) asyncio::print(page, text);
}

int main() { return asyncio::script(async_main); }
