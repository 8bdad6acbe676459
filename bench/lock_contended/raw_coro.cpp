// lock_contended's floor: a flag and a FIFO of who waits, without a mutex, between bare coroutines that take turns.
#include <deque>

#include "common/raw_coro.hpp"
#include "common/raw_loop.hpp"
#include "config.hpp"

namespace {

class raw_lock {
 public:
  explicit raw_lock(bench::raw_loop& loop) noexcept : loop_(loop) {}

  auto acquire() noexcept {
    struct awaiter {
      raw_lock& lock;
      bool await_ready() const noexcept { return !std::exchange(lock.held_, true); }
      void await_suspend(std::coroutine_handle<> self) const { lock.waiting_.push_back(self); }
      void await_resume() const noexcept {}
    };
    return awaiter{*this};
  }
  /// Hands it on.
  void release() {
    held_ = !waiting_.empty();
    if (!held_) return;
    loop_.post(waiting_.front());
    waiting_.pop_front();
  }

 private:
  bench::raw_loop& loop_;
  std::deque<std::coroutine_handle<>> waiting_;
  bool held_ = false;
};

bench::raw_coro take(bench::raw_loop& loop, raw_lock& shared, long times) {
  for (long i = 0; i < times; ++i) {
    co_await shared.acquire();
    co_await loop.turn();
    shared.release();
  }
  co_return times;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = lock_contended::parse(argc, argv);
  for (const long times : o.passes()) {
    const bench::stopwatch watch;
    bench::raw_loop loop;
    raw_lock shared(loop);
    const bench::raw_coro one = take(loop, shared, times / lock_contended::tasks);
    const bench::raw_coro other = take(loop, shared, times / lock_contended::tasks);
    one.start();
    other.start();
    loop.run();
    bench::check(one.done() && other.done(), "lock_contended");
    if (times == o.size) lock_contended::report(o, watch.read());
  }
}
