// Two doors, one claim: runs a test's coroutine as the main task of a serial loop and of parallel ones.
//
//   IN_BOTH_DOORS(suite, claim) { ... a coroutine body ... }     an invariant: serial, and parallel at each worker
//   count IN_SERIAL_DOOR(suite, claim) { ... }                          what only a serial loop promises: order and
//   ticks
//
// Time is virtual. In the parallel door tasks run at once and in any order, so a claim that holds in both puts its
// events in order by settle(), which returns when every other task has come to rest, and never by counting sleep(0)s.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <hocket/hocket.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/environment.hpp"

namespace conformance {

namespace asyncio = hocket;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;

using claim = Coro<> (*)();

using asyncio::describe;  // "ValueError: text", as a Python traceback ends

inline void through_serial_door(claim body) {
  try {
    asyncio::run(body(), {.virtual_clock = true});
  } catch (...) {
    ADD_FAILURE() << "the serial door: escaped: " << describe(std::current_exception());
  }
}

inline void through_parallel_door(claim body, unsigned workers) {
  try {
    asyncio::run_parallel(body(), {.workers = workers, .virtual_clock = true});
  } catch (...) {
    ADD_FAILURE() << "escaped: " << describe(std::current_exception());
  }
  // A trace would not help: assertions fail on the workers' threads.
  if (testing::Test::HasFailure()) std::fprintf(stderr, "  in the parallel door with %u workers\n", workers);
}

inline void through_both_doors(claim body) {
  through_serial_door(body);
  for (const unsigned workers : hocket::support::test_workers()) {
    if (!testing::Test::HasFailure()) through_parallel_door(body, workers);
  }
}

/// Returns when every other task has come to rest: virtual time passes only then.
inline Coro<> settle() { co_await asyncio::sleep(0.001); }

/// How an await ends: "returned", or the exception as describe() writes it. Costs no tick of its own.
template <class Awaitable>
  requires(!asyncio::converts_to_coro<Awaitable>)
Coro<std::string> ending(Awaitable awaited) {
  std::exception_ptr error;
  try {
    if constexpr (asyncio::is_coro<Awaitable>) {
      (void)co_await std::move(awaited);
    } else {
      (void)co_await awaited;  // a moved handle would take the value away from the others
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_return error ? describe(error) : "returned";
}
template <asyncio::converts_to_coro Awaitable>
Coro<std::string> ending(Awaitable&& awaited) {
  return ending(Coro<typename std::decay_t<Awaitable>::value_type>(std::forward<Awaitable>(awaited)));
}

/// How a plain call ends, in the same words.
template <class F>
std::string ending_of(F&& f) {
  try {
    (void)std::forward<F>(f)();
  } catch (...) {
    return describe(std::current_exception());
  }
  return "returned";
}

/// What happened, in order. Any thread.
class Log {
 public:
  void operator()(std::string entry) {
    std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
  }
  std::vector<std::string> entries() const {
    std::lock_guard lock(mutex_);
    return entries_;
  }
  std::vector<std::string> sorted() const {
    auto copy = entries();
    std::sort(copy.begin(), copy.end());
    return copy;
  }
  std::size_t count(std::string_view entry) const {
    const auto all = entries();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), entry));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;  // guarded by mutex_
};

using Entries = std::vector<std::string>;

inline double now() { return asyncio::get_running_loop().time(); }

template <class T>
Future<T> new_future() {
  return asyncio::get_running_loop().create_future<T>();
}

}  // namespace conformance

#define CONFORMANCE_CLAIM(suite, name, doors)                            \
  static ::hocket::Coro<> suite##_##name();                              \
  TEST(suite, name) { ::conformance::through_##doors(&suite##_##name); } \
  static ::hocket::Coro<> suite##_##name()

#define IN_BOTH_DOORS(suite, name) CONFORMANCE_CLAIM(suite, name, both_doors)
#define IN_SERIAL_DOOR(suite, name) CONFORMANCE_CLAIM(suite, name, serial_door)
