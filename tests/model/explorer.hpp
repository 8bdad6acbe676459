// The interleaving explorer: runs a small world of threads again and again, each time in another order, until every
// order within a bound was tried or a check failed.
//
// Threads are fibers on one real thread. They may be switched before each step on a model_atomic or model_mutex
// (model_atomics.hpp), nowhere else. A choice that continues the running thread is free; taking the core away from a
// thread that could go on costs one preemption, and a run may spend `preemptions` of them (Musuvathi & Qadeer, PLDI
// 2007).
//
// Memory is sequentially consistent, or, with `delays` > 0, as on x86: that many stores per run may be held back in
// their thread's store buffer until any later moment. Weaker orders (Arm) are not explored; see README.md.
//
//   struct my_world : model::world { ... };
//   auto v = model::explore(model::make<my_world>, {.preemptions = 3});
//   EXPECT_TRUE(v.holds) << v;
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "happens_before.hpp"

namespace hocket::model {

/// What is explored. Built anew for each run; everything the threads share is a member.
class world {
 public:
  virtual ~world() = default;
  virtual unsigned threads() const = 0;
  /// The body of thread `i`, on its fiber.
  virtual void thread(unsigned i) = 0;
  /// A daemon may still be blocked when a run ends; any other blocked thread is a deadlock.
  virtual bool is_daemon(unsigned) const { return false; }
  /// After all threads are done or blocked for good: the last checks. Not on a fiber.
  virtual void at_end() {}
};

using world_maker = std::function<std::unique_ptr<world>()>;

template <class World>
std::unique_ptr<world> make() {
  return std::make_unique<World>();
}

/// A place in a header where an operation names its order, and the order that a run is to use there instead.
struct order_site {
  std::source_location where;
  std::memory_order order;

  bool same_place(const std::source_location& other) const {
    return where.line() == other.line() && where.column() == other.column() &&
           std::string_view(where.file_name()) == other.file_name();
  }
};

struct bounds {
  unsigned preemptions = 3;
  unsigned delays = 0;                        // stores held back per run; 0: sequentially consistent
  std::uint64_t interleavings = 100'000'000;  // explore() gives up beyond, and says so in verdict::complete
  const order_site* weakened = nullptr;
  std::vector<order_site>* sites = nullptr;  // where set: collects the places of all orders that are not relaxed
  unsigned steps = 20'000;                   // in one run: beyond is a livelock
};

struct verdict {
  bool holds = true;
  bool complete = true;  // explore(): every order within the bounds was tried
  std::uint64_t interleavings = 0;
  std::string failure;  // the check that failed
  std::string path;     // of the failing run, for replay()
  std::string trace;    // of the failing run: one line a step
};
std::ostream& operator<<(std::ostream&, const verdict&);

/// Every order within the bounds, depth first; stops at the first failure.
verdict explore(const world_maker&, bounds = {});

/// `runs` random orders, with priorities and a few random changes of them (Burckhardt et al., "PCT", ASPLOS 2010).
/// The failing path replays without the seed.
verdict sample(const world_maker&, std::uint64_t seed, std::uint64_t runs, bounds = {});

/// One run, by a path that a verdict gave.
verdict replay(const world_maker&, const std::string& path);

// ---- For the bodies of threads ----

/// Ends the run as failed when `held` is false. In at_end() the first failure is kept.
void check(bool held, const char* what);
#define MODEL_CHECK(condition) ::hocket::model::check((condition), #condition)

/// Lets others go first, for free. For loops that wait for another thread's progress.
void yield();

/// Any number below `n`, all of them in turn.
unsigned choose(unsigned n);

/// The number of steps so far: a clock to order events by.
std::uint64_t moment();

// ---- For model_atomics.hpp: how the objects under test talk to the explorer ----

namespace hooks {

/// On a fiber of a run, as opposed to setting up and checking.
bool active();
/// Before each visible step: another thread may be chosen. `what`, `where` and `value` are for the trace.
void point(const char* what, const void* where, std::uint64_t value = 0);
/// The running thread sleeps until wake(where). False: it was `timed`, and the timeout came first.
bool block(const void* where, bool timed);
void wake(const void* where, unsigned count);
/// The order that this place has in this run.
std::memory_order order_at(std::memory_order asked, const std::source_location& where);
/// A store that need not be visible at once; true when it went to the store buffer. `released` becomes `clock` with it.
bool delay_store(void* where, unsigned size, std::uint64_t value, vector_clock& released, const vector_clock& clock);
/// The running thread's youngest delayed store to `where`; true when there is one.
bool own_store(const void* where, std::uint64_t& value);
/// The running thread's delayed stores become visible: before an RMW, a seq_cst store, or entering the kernel.
void drain_stores();

}  // namespace hooks
}  // namespace hocket::model
