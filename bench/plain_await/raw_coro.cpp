// plain_await's floor: a bare coroutine.
#include "common/raw_coro.hpp"

#include "config.hpp"

namespace {

[[gnu::noinline]] bench::raw_coro callee(long i) { co_return plain_await::hidden(i); }

bench::raw_coro call(long calls) {
  long sum = 0;
  for (long i = 0; i < calls; ++i) sum += co_await callee(i);
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = plain_await::parse(argc, argv);
  for (const long calls : o.passes()) {
    const bench::stopwatch watch;
    const bench::raw_coro whole = call(calls);
    whole.start();
    if (calls == o.size) plain_await::report(o, watch.read(), whole.value());
  }
}
