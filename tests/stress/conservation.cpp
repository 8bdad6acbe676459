// Items and permits under random cancels and timeouts (10^8 operations by `--count 1e8`): nothing is lost or doubled,
// and nobody sleeps while there is what it waits for.
//
// Six areas run side by side, each with a crowd of tasks and a thread that work at one primitive, give up after
// microseconds, and cancel each other. From time to time the work stops. Then whoever still waits must have cause to,
// and the books must balance; such a quiet point is waited for, and a lost wake is one that never comes.
#include <array>
#include <atomic>
#include <hocket/rt/sched/roll.hpp>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

using chance = std::minstd_rand;
constexpr double longest_patience = 60;  // seconds until a quiet point counts as missed: the machine may be busy

/// What the director of the work waits for, and how often that changed.
std::atomic<const char*> waits_for{"the start"};
std::atomic<std::int64_t> steps{0};
void now_waits_for(const char* what) {
  waits_for = what;
  steps.fetch_add(1);
}

/// Counts itself in and out, also when it is left by an exception.
class counted_in {
 public:
  explicit counted_in(std::atomic<int>& n) : n_(n) { n_.fetch_add(1); }
  counted_in(const counted_in&) = delete;
  ~counted_in() { n_.fetch_sub(1); }

 private:
  std::atomic<int>& n_;
};

/// A primitive and those who work at it.
class area {
 public:
  explicit area(const char* n) : name(n) {}
  virtual ~area() = default;
  area(const area&) = delete;

  /// One operation of a task, and of a thread, which gives up soon.
  virtual Coro<> step(chance& random) = 0;
  virtual void step_on_thread(chance& random) = 0;
  /// Whether everybody who is left waits with cause, and the books balance.
  virtual bool is_quiet() const = 0;
  /// Nobody is left: whether all is as it was.
  virtual bool is_whole() = 0;
  /// Something unusual, by the one who directs the work.
  virtual Coro<> disturb(chance&) { co_return; }

  const char* const name;
  asyncio::Event go;
  std::vector<Task<>> crowd;
  std::atomic<int> begun{0}, active{0};
  std::atomic<std::int64_t> quota{0};
  std::atomic<std::int64_t> operations{0}, cancelled{0}, timed_out{0}, refused{0};
};

/// Only for what is thrown now: later cancels are thrown later.
void take_back_cancels(const asyncio::AnyTask& me) {
  while (me.uncancel() > 0) {
  }
}

Coro<> work(area& a, unsigned seed) {
  const counted_in here(a.active);
  chance random(seed);
  const auto me = asyncio::current_task();
  a.begun.fetch_add(1);
  try {
    co_await a.go.wait();
  } catch (const asyncio::CancelledError&) {
    take_back_cancels(me);
  }
  while (a.quota.fetch_sub(1) > 0) {
    try {
      if (random() % 8 == 0) {
        auto body = [&]() -> Coro<> { co_await a.step(random); };
        co_await asyncio::timeout(1e-6 * static_cast<double>(random() % 40), body);
      } else {
        co_await a.step(random);
      }
    } catch (const asyncio::CancelledError&) {
      take_back_cancels(me);
      a.cancelled.fetch_add(1);
    } catch (const asyncio::TimeoutError&) {
      a.timed_out.fetch_add(1);
    } catch (const asyncio::QueueShutDown&) {
      a.refused.fetch_add(1);
    } catch (const asyncio::BrokenBarrierError&) {
      a.refused.fetch_add(1);
    }
    a.operations.fetch_add(1);
    if (random() % 32 == 0) a.crowd[random() % a.crowd.size()].cancel();
  }
}

void work_on_thread(area& a, unsigned seed) {
  const counted_in here(a.active);
  chance random(seed);
  for (int i = 0; i < 50 && a.quota.fetch_sub(1) > 0; ++i) {
    try {
      a.step_on_thread(random);
    } catch (const asyncio::TimeoutError&) {
      a.timed_out.fetch_add(1);
    } catch (const asyncio::QueueShutDown&) {
      a.refused.fetch_add(1);
    } catch (const asyncio::BrokenBarrierError&) {
      a.refused.fetch_add(1);
    }
    a.operations.fetch_add(1);
  }
}

double short_while(chance& random) { return 1e-6 * static_cast<double>(random() % 60); }

/// More often what there is room or need for, so that seldom all wait for the same.
bool is_to_put(chance& random, bool is_full, bool is_empty) {
  return random() % 8 < (is_full ? 2u : is_empty ? 6u : 4u);
}

// --- Queues: items in = items out + items left ---

/// An item that knows whether it still exists.
class item {
 public:
  explicit item(std::atomic<std::int64_t>& living, int value) : living_(&living), value_(value) { living.fetch_add(1); }
  item(item&& other) noexcept : living_(std::exchange(other.living_, nullptr)), value_(other.value_) {}
  item& operator=(item&& other) noexcept {
    std::swap(living_, other.living_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~item() {
    if (living_) living_->fetch_sub(1);
  }
  bool operator<(const item& other) const { return value_ < other.value_; }

 private:
  std::atomic<std::int64_t>* living_;
  int value_;
};

class queue_area final : public area {
 public:
  queue_area(const char* n, asyncio::Queue<item> (*make)()) : area(n), make_(make), queue_(make()) {}

  Coro<> step(chance& random) override {
    if (is_to_put(random, queue_.full(), queue_.empty())) {
      if (random() % 16 == 0) {
        put_nowait(random);
        co_return;
      }
      const counted_in here(putting_);
      co_await queue_.put(item(living_, static_cast<int>(random() % 100)));
      put_.fetch_add(1);
      co_return;
    }
    if (random() % 64 == 0) {
      auto join = [&]() -> Coro<> { co_await queue_.join(); };
      co_await asyncio::timeout(short_while(random), join);
      co_return;
    }
    {
      const counted_in here(getting_);
      if (random() % 2 == 0) {
        const item got = co_await queue_.get();
        got_.fetch_add(1);
      } else {
        const auto got = co_await queue_.next();
        if (!got) throw asyncio::QueueShutDown();
        got_.fetch_add(1);
      }
    }
    queue_.task_done();
  }
  void step_on_thread(chance& random) override {
    if (is_to_put(random, queue_.full(), queue_.empty())) {
      const counted_in here(putting_);
      queue_.put_blocking(item(living_, 1), short_while(random));
      put_.fetch_add(1);
    } else {
      {
        const counted_in here(getting_);
        const item got = queue_.get_blocking(short_while(random));
        got_.fetch_add(1);
      }
      queue_.task_done();
    }
  }
  Coro<> disturb(chance& random) override {
    is_shut_down_ = true;
    queue_.shutdown(random() % 2 == 0);
    co_return;
  }

  bool is_quiet() const override {
    const int getting = getting_, putting = putting_;
    if (active != getting + putting) return false;
    if (is_shut_down_) return active == 0;
    if ((getting != 0 && !queue_.empty()) || (putting != 0 && !queue_.full())) return false;
    const auto left = static_cast<std::int64_t>(queue_.qsize());
    return put_ == got_ + left && living_ == left + putting;
  }
  bool is_whole() override {
    if (is_shut_down_) {
      queue_.shutdown(true);
      if (living_ != 0 || put_ < got_) return false;
      // task_done() was called for each that came out, shutdown() counted the others: join() has nothing to wait for.
      try {
        queue_.task_done();
        return false;
      } catch (const asyncio::ValueError&) {
      }
      queue_ = make_();
      put_ = got_ = 0;
      is_shut_down_ = false;
      return true;
    }
    const auto left = static_cast<std::int64_t>(queue_.qsize());
    return put_ == got_ + left && living_ == left;
  }

 private:
  void put_nowait(chance& random) {
    try {
      queue_.put_nowait(item(living_, static_cast<int>(random() % 100)));
      put_.fetch_add(1);
    } catch (const asyncio::QueueFull&) {
    }
  }

  asyncio::Queue<item> (*const make_)();
  std::atomic<std::int64_t> living_{0}, put_{0}, got_{0};
  std::atomic<int> putting_{0}, getting_{0};
  std::atomic<bool> is_shut_down_{false};
  asyncio::Queue<item> queue_;
};

// --- Lock and semaphore: permits are conserved, and no more are out than there are ---

class lock_area final : public area {
 public:
  lock_area() : area("lock") {}

  Coro<> step(chance& random) override {
    const auto guard = co_await lock_.guard();
    const std::int64_t before = enter();
    if (random() % 8 == 0) co_await asyncio::sleep(0);
    leave(before);
  }
  void step_on_thread(chance& random) override {
    const auto guard = lock_.guard_blocking(short_while(random));
    leave(enter());
  }
  bool is_quiet() const override { return active == 0 && !lock_.locked(); }
  bool is_whole() override { return !lock_.locked() && counter_ == left_ && !was_shared_; }

 private:
  std::int64_t enter() {
    const std::int64_t before = counter_;
    left_.fetch_add(1);
    counter_ = before + 1;
    return before;
  }
  void leave(std::int64_t before) {
    if (counter_ != before + 1) was_shared_ = true;
  }

  asyncio::Lock lock_;
  std::int64_t counter_ = 0;  // guarded by lock_
  std::atomic<std::int64_t> left_{0};
  std::atomic<bool> was_shared_{false};
};

class semaphore_area final : public area {
 public:
  semaphore_area() : area("semaphore") {}

  Coro<> step(chance& random) override {
    const auto guard = co_await semaphore_.guard();
    const counted_in here(inside_);
    if (inside_ > permits) was_crowded_ = true;
    if (random() % 4 == 0) co_await asyncio::sleep(0);
  }
  void step_on_thread(chance& random) override {
    const auto guard = semaphore_.guard_blocking(short_while(random));
    const counted_in here(inside_);
    if (inside_ > permits) was_crowded_ = true;
  }
  bool is_quiet() const override { return active == 0; }
  bool is_whole() override {
    // One release more than there were acquires is refused, and each permit can be taken.
    bool refuses = false;
    try {
      semaphore_.release();
    } catch (const asyncio::ValueError&) {
      refuses = true;
    }
    return refuses && !was_crowded_;
  }

 private:
  static constexpr int permits = 3;
  asyncio::BoundedSemaphore semaphore_{permits};
  std::atomic<int> inside_{0};
  std::atomic<bool> was_crowded_{false};
};

// --- Conditions: a shelf with room for three, each change told to one ---

class condition_area final : public area {
 public:
  condition_area() : area("conditions") {}

  Coro<> step(chance& random) override {
    const bool puts = is_to_put(random, shelf_ == room, shelf_ == 0);
    const auto guard = co_await lock_.guard();
    if (puts) {
      const counted_in here(putting_);
      auto has_room = [this] { return shelf_ < room; };
      co_await not_full_.wait_for(has_room);
      put();
    } else {
      const counted_in here(getting_);
      auto has_item = [this] { return shelf_ > 0; };
      co_await not_empty_.wait_for(has_item);
      get();
    }
  }
  void step_on_thread(chance& random) override {
    const auto guard = lock_.guard_blocking(short_while(random));
    if (is_to_put(random, shelf_ == room, shelf_ == 0)) {
      const counted_in here(putting_);
      while (shelf_ == room) not_full_.wait_blocking(short_while(random));
      put();
    } else {
      const counted_in here(getting_);
      while (shelf_ == 0) not_empty_.wait_blocking(short_while(random));
      get();
    }
  }
  bool is_quiet() const override {
    const int getting = getting_, putting = putting_;
    return active == getting + putting && !lock_.locked() && (getting == 0 || shelf_ == 0) &&
           (putting == 0 || shelf_ == room) && put_ == got_ + shelf_;
  }
  bool is_whole() override { return !lock_.locked() && put_ == got_ + shelf_ && shelf_ >= 0 && shelf_ <= room; }

 private:
  static constexpr int room = 3;

  // Loads and stores, not additions: two inside at a time would lose one.
  void put() {
    shelf_ = shelf_ + 1;
    put_.fetch_add(1);
    not_empty_.notify();
  }
  void get() {
    shelf_ = shelf_ - 1;
    got_.fetch_add(1);
    not_full_.notify();
  }
  asyncio::Lock lock_;
  asyncio::Condition not_full_{lock_}, not_empty_{lock_};
  std::atomic<int> shelf_{0};  // changed under lock_
  std::atomic<std::int64_t> put_{0}, got_{0};
  std::atomic<int> putting_{0}, getting_{0};
};

// --- Barrier: who waits alone waits with cause ---

class barrier_area final : public area {
 public:
  barrier_area() : area("barrier") {}

  Coro<> step(chance&) override {
    const counted_in here(waiting_);
    const std::size_t index = co_await barrier_.wait();
    if (index >= parties) was_wrong_ = true;
  }
  void step_on_thread(chance& random) override {
    const counted_in here(waiting_);
    if (barrier_.wait_blocking(short_while(random)) >= parties) was_wrong_ = true;
  }
  Coro<> disturb(chance&) override { co_await barrier_.reset(); }

  bool is_quiet() const override {
    const int waiting = waiting_;
    return active == waiting && static_cast<std::size_t>(waiting) < parties &&
           barrier_.n_waiting() == static_cast<std::size_t>(waiting);
  }
  bool is_whole() override { return barrier_.n_waiting() == 0 && !barrier_.broken() && !was_wrong_; }

 private:
  static constexpr std::size_t parties = 3;
  asyncio::Barrier barrier_{parties};
  std::atomic<int> waiting_{0};
  std::atomic<bool> was_wrong_{false};
};

struct tally {
  std::int64_t operations = 0, cancelled = 0, timed_out = 0, refused = 0, quiet_points = 0;
  std::vector<std::string> broken;
  memory_watch memory;
};

/// Until `holds()`; false when the patience ends first.
template <class F>
Coro<bool> eventually(F holds) {
  const stopwatch watch;
  while (!holds()) {
    if (watch.seconds() > longest_patience) co_return false;
    co_await asyncio::sleep(0.00002);
  }
  co_return true;
}

/// A plain thread that ends the program when the director waits too long: a wake that the runtime itself lost would
/// keep the director from saying so.
class watch {
 public:
  watch() : thread_([this] { look(); }) {}
  ~watch() {
    ended_ = true;
    thread_.join();
  }

 private:
  void look() {
    std::int64_t seen = -1;
    stopwatch since;
    while (!ended_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (const std::int64_t now = steps; now != seen) {
        seen = now;
        since = stopwatch();
      } else if (since.seconds() > 2 * longest_patience) {
        std::fprintf(stderr, "FAILED: for ever waiting for %s\n", waits_for.load());
        hocket::rt::dump_schedulers(stderr);
        std::_Exit(1);
      }
    }
  }

  std::atomic<bool> ended_{false};
  std::thread thread_;
};

Coro<> stretch(std::vector<std::unique_ptr<area>>& areas, chance& random, tally& total) {
  constexpr int crowd = 10;
  std::vector<Task<>> threads;
  for (auto& a : areas) {
    a->begun = 0;
    a->quota = 500 + static_cast<std::int64_t>(random() % 4000);
    a->go.clear();
    a->crowd.clear();
    for (int i = 0; i < crowd; ++i) a->crowd.push_back(asyncio::create_task(work(*a, static_cast<unsigned>(random()))));
  }
  // Who is cancelled before it begins never runs.
  for (auto& a : areas) {
    now_waits_for("the crowds to begin");
    const bool all_here = co_await eventually([&] { return a->begun == crowd; });
    if (!all_here) total.broken.push_back(std::string(a->name) + ": not everybody began");
  }
  for (auto& a : areas) {
    a->go.set();
    area* const at = a.get();
    const auto seed = static_cast<unsigned>(random());
    if (random() % 4 == 0)
      threads.push_back(asyncio::create_task(asyncio::to_thread(&work_on_thread, std::ref(*at), seed)));
  }
  if (total.quiet_points % 4 == 0) {
    now_waits_for("a moment to disturb");
    co_await asyncio::sleep(1e-6 * static_cast<double>(random() % 1000));
    co_await areas[random() % areas.size()]->disturb(random);
  }
  now_waits_for("the threads");
  for (auto& t : threads) co_await t;
  for (auto& a : areas) {
    now_waits_for(a->name);
    const bool quiet = co_await eventually([&] { return a->is_quiet(); });
    if (!quiet)
      total.broken.push_back(std::string(a->name) + ": no quiet point: a wake was lost, or the books are wrong");
  }
  ++total.quiet_points;
  for (auto& a : areas) {
    a->quota = 0;
    now_waits_for("the cancelled to go");
    const bool all_gone = co_await eventually([&] {
      bool gone = true;
      for (auto& t : a->crowd) gone = !t.cancel() && gone;
      return gone;
    });
    if (!all_gone) total.broken.push_back(std::string(a->name) + ": a cancelled task does not end");
    if (!a->is_whole()) total.broken.push_back(std::string(a->name) + ": something is lost or doubled");
    total.operations += a->operations.exchange(0);
    total.cancelled += a->cancelled.exchange(0);
    total.timed_out += a->timed_out.exchange(0);
    total.refused += a->refused.exchange(0);
  }
}

Coro<tally> conserve(std::int64_t count, std::uint64_t seed) {
  std::vector<std::unique_ptr<area>> areas;
  areas.push_back(std::make_unique<queue_area>("queue", [] { return asyncio::Queue<item>(3); }));
  areas.push_back(
      std::make_unique<queue_area>("lifo queue", []() -> asyncio::Queue<item> { return asyncio::LifoQueue<item>(1); }));
  areas.push_back(std::make_unique<queue_area>(
      "priority queue", []() -> asyncio::Queue<item> { return asyncio::PriorityQueue<item>(5); }));
  areas.push_back(std::make_unique<lock_area>());
  areas.push_back(std::make_unique<semaphore_area>());
  areas.push_back(std::make_unique<condition_area>());
  areas.push_back(std::make_unique<barrier_area>());
  tally total;
  chance random(static_cast<unsigned>(seed % 2147483646 + 1));
  while (total.operations < count && total.broken.empty()) {
    co_await stretch(areas, random, total);
    total.memory.sample(total.operations, count);
  }
  co_return total;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 200'000);
  const stopwatch clock;
  const watch watching;
  const tally t = enter(o, conserve(o.count, o.seed));
  claims c;
  for (const auto& b : t.broken) c.check(false, b.c_str());
  c.check(t.cancelled > 0 && t.timed_out > 0, "there were cancels and timeouts");
  c.check(t.memory.flat(), "memory is flat");
  std::printf(
      "conservation: %lld operations, %lld cancelled, %lld timed out, %lld refused, %lld quiet points, seed %llu, %.1f "
      "s, "
      "%s\n",
      static_cast<long long>(t.operations), static_cast<long long>(t.cancelled), static_cast<long long>(t.timed_out),
      static_cast<long long>(t.refused), static_cast<long long>(t.quiet_points),
      static_cast<unsigned long long>(o.seed), clock.seconds(), t.memory.text().c_str());
  return c.exit_code();
}
