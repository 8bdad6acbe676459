// Awaits that complete at once use no stack: 10^7 in a row, and 10^6 one inside the other, whatever the compiler and
// its mode.
#include <algorithm>
#include <list>
#include <thread>

#include "stress.hpp"

using namespace stress;

namespace {

/// The lowest and the highest stack address seen, on each thread that the task ran on.
class stack_span {
 public:
  [[gnu::noinline]] void note() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (!last_ || last_->thread != std::this_thread::get_id()) last_ = &of_this_thread();
    last_->low = std::min(last_->low, here);
    last_->high = std::max(last_->high, here);
  }
  std::size_t bytes() const {
    std::size_t most = 0;
    for (const span& s : spans_) most = std::max<std::size_t>(most, s.high - s.low);
    return most;
  }

 private:
  struct span {
    std::thread::id thread;
    std::uintptr_t low = UINTPTR_MAX;
    std::uintptr_t high = 0;
  };

  span& of_this_thread() {
    const auto here = std::this_thread::get_id();
    const auto found = std::find_if(spans_.begin(), spans_.end(), [&](const span& s) { return s.thread == here; });
    return found != spans_.end() ? *found : spans_.emplace_back(span{here});
  }

  std::list<span> spans_;
  span* last_ = nullptr;
};

Coro<int> immediate(stack_span& span) {
  span.note();
  co_return 1;
}

/// A loop over everything that is ready.
Coro<stack_span> ready_awaits(std::int64_t count) {
  stack_span span;
  asyncio::Queue<int> queue;
  asyncio::Lock lock;
  asyncio::Event event;
  event.set();
  auto future = asyncio::get_running_loop().create_future<int>();
  future.set_result(1);
  auto task = asyncio::create_task(immediate(span));
  co_await task;
  stack_span whole;
  for (std::int64_t i = 0; i < count; i += 6) {
    whole.note();
    co_await immediate(whole);
    co_await future;
    co_await task;
    co_await event.wait();
    co_await lock.acquire();
    lock.release();
    co_await queue.put(1);
    co_await queue.get();
    whole.note();
  }
  co_return whole;
}

Coro<std::int64_t> nested(std::int64_t depth, stack_span& span) {
  span.note();
  if (depth == 0) co_return 0;
  const std::int64_t below = co_await nested(depth - 1, span);
  span.note();
  co_return below + 1;
}

/// An exception goes up through as many frames.
Coro<std::int64_t> nested_throw(std::int64_t depth, stack_span& span) {
  span.note();
  if (depth == 0) throw asyncio::ValueError("from the bottom");
  const std::int64_t below = co_await nested_throw(depth - 1, span);
  co_return below + 1;
}

struct result {
  stack_span chain, nest, throwing;
  std::int64_t depth = 0;
  bool thrown = false;
};

Coro<result> all(std::int64_t count) {
  result r;
  r.chain = co_await ready_awaits(count);
  r.depth = co_await nested(count / 10, r.nest);
  try {
    co_await nested_throw(count / 1000, r.throwing);
  } catch (const asyncio::ValueError&) {
    r.thrown = true;
  }
  co_return r;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 10'000'000);
  // Any growth per await would need more than this for one in a hundred of them.
  rlimit limit{};
  ::getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = 1 << 20;
  ::setrlimit(RLIMIT_STACK, &limit);  // new threads take their stack's size from here

  const stopwatch watch;
  const result r = enter(o, all(o.count));
  constexpr std::size_t most = 64 * 1024;
  claims c;
  c.check(r.chain.bytes() < most, "ready awaits in a row use no stack");
  c.check(r.nest.bytes() < most, "nested synchronous completions use no stack");
  c.check(r.depth == o.count / 10, "every level returned");
  c.check(r.throwing.bytes() < most, "an exception through nested awaits uses no stack");
  c.check(r.thrown, "the exception arrived");
  std::printf("flat_stack: %lld ready awaits: %zu bytes of stack; %lld nested: %zu bytes; thrown: %zu bytes; %.1f s\n",
              static_cast<long long>(o.count), r.chain.bytes(), static_cast<long long>(r.depth), r.nest.bytes(),
              r.throwing.bytes(), watch.seconds());
  return c.exit_code();
}
