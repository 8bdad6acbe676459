// Who awaits whom: what is printed stands in api/call_graph.md.
#include <hocket/hocket.hpp>

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> fetch(asyncio::Queue<int> rows) {
  co_await rows.get();  // nobody puts
}

Coro<> load(asyncio::Queue<int> rows) { co_await fetch(rows); }

Coro<> watch() {
  co_await asyncio::sleep(1);
  asyncio::print_task_tree();
  asyncio::print_call_graph();
}

Coro<> async_main() {
  asyncio::Queue<int> rows;
  const auto loading = asyncio::create_task(load(rows), {.name = "loading"});
  co_await asyncio::sleep(0);
  asyncio::print_call_graph(loading);
  loading.print_stack();
  const auto watching = asyncio::create_task(watch(), {.name = "watching"});
  const std::vector<asyncio::AnyTask> both{loading, watching};
  co_await asyncio::wait(both, {.return_when = asyncio::FIRST_COMPLETED});
  loading.cancel();
}

int main() { return asyncio::script(async_main); }
