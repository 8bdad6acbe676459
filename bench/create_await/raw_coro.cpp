// create_await's floor: a bare coroutine goes once through a FIFO of handles, and its end resumes who waits for it.
#include "common/raw_coro.hpp"
#include "common/raw_loop.hpp"
#include "config.hpp"

namespace {

bench::raw_loop loop;

[[gnu::noinline]] bench::raw_coro one(long i) {
  co_await loop.turn();
  co_return i;
}

bench::raw_coro body(long tasks) {
  long sum = 0;
  for (long i = 0; i < tasks; ++i) sum += co_await one(i);
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = create_await::parse(argc, argv);
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    const bench::raw_coro whole = body(tasks);
    whole.start();
    loop.run();
    if (tasks == o.size) create_await::report(o, watch.read(), whole.value());
  }
}
