// Which awaits yield, and for how many iterations of the loop: the numbers are CPython 3.13's, measured there with the
// same beat. A program notices two of them at once: an await that yields where it should not breaks atomicity, one that
// does not yield where it should starves the others.
#include "doors.hpp"

using namespace conformance;

namespace {

/// Counts the loop's iterations: a callback that queues itself again.
class Beat {
 public:
  Beat() : loop_(asyncio::get_running_loop()) { strike(); }
  ~Beat() = default;
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;

  int count() const { return count_; }
  void stop() { stopped_ = true; }

 private:
  void strike() {
    loop_.call_soon([this] {
      ++count_;
      if (!stopped_) strike();
    });
  }

  asyncio::EventLoop loop_;
  int count_ = 0;
  bool stopped_ = false;
};

/// The iterations that `operation()`, a coroutine function, takes. What it throws is dropped.
template <class Operation>
Coro<int> ticks(Operation operation) {
  Beat beat;
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
  const int before = beat.count();
  try {
    co_await operation();
  } catch (...) {
  }
  const int taken = beat.count() - before;
  beat.stop();
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
  co_return taken;
}

Coro<int> noop() { co_return 1; }

Coro<> wait_at(asyncio::Condition c) {
  const auto guard = co_await c.guard();
  co_await c.wait();
}

Coro<int> fifty_deep(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await fifty_deep(depth - 1);
  co_return below + 1;
}

}  // namespace

#define TICKS(name, number, ...)                 \
  IN_SERIAL_DOOR(ticks, name) {                  \
    auto operation = []() -> Coro<> {            \
      __VA_ARGS__;                               \
      co_return;                                 \
    };                                           \
    const int taken = co_await ticks(operation); \
    EXPECT_EQ(taken, number);                    \
  }

// clang-format off: one row each, what is awaited beside its number of ticks
TICKS(a_coroutine_takes_none, 0, co_await noop())
TICKS(a_deep_coroutine_takes_none, 0, co_await fifty_deep(50))
TICKS(a_done_future_takes_none, 0, auto f = new_future<int>(); f.set_result(1); co_await f)
TICKS(sleep_zero_takes_one, 1, co_await asyncio::sleep(0))
TICKS(sleep_less_than_zero_takes_one, 1, co_await asyncio::sleep(-1))
TICKS(a_new_task_takes_two, 2, co_await asyncio::create_task(noop()))
TICKS(a_task_given_a_yield_takes_one, 1, auto t = asyncio::create_task(noop()); co_await asyncio::sleep(0); co_await t)
TICKS(gather_of_one_takes_three, 3, co_await asyncio::gather(noop()))
TICKS(gather_of_three_takes_three, 3, co_await asyncio::gather(noop(), noop(), noop()))
TICKS(gather_of_nothing_takes_none, 0, co_await asyncio::gather())
TICKS(gather_of_a_done_future_takes_none, 0, auto f = new_future<int>(); f.set_result(1); co_await asyncio::gather(f))
TICKS(wait_takes_three, 3, std::vector<Task<int>> tasks; tasks.push_back(asyncio::create_task(noop()));
      co_await asyncio::wait(tasks))
TICKS(shield_takes_three, 3, co_await asyncio::shield(noop()))
TICKS(shield_of_a_done_future_takes_none, 0, auto f = new_future<int>(); f.set_result(1); co_await asyncio::shield(f))
TICKS(as_completed_takes_three, 3, std::vector<Task<int>> tasks; tasks.push_back(asyncio::create_task(noop()));
      for (auto next : asyncio::as_completed(tasks)) co_await std::move(next))
TICKS(as_completed_in_an_asynchronous_loop_takes_three, 3, std::vector<Task<int>> tasks;
      tasks.push_back(asyncio::create_task(noop()));
      ASYNC_FOR(auto task, asyncio::as_completed(tasks)) (void)task)
TICKS(gather_with_return_exceptions_takes_three, 3, co_await asyncio::gather(asyncio::return_exceptions, noop()))
TICKS(an_eager_task_that_does_not_wait_takes_none, 0, co_await asyncio::create_task(noop(), {.eager_start = true}))
TICKS(wait_for_a_coroutine_takes_none, 0, co_await asyncio::wait_for(noop(), 10))
TICKS(wait_for_without_a_limit_takes_none, 0, co_await asyncio::wait_for(noop(), std::nullopt))
TICKS(wait_for_without_time_takes_three, 3, co_await asyncio::wait_for(noop(), 0))
TICKS(wait_for_a_pending_future_without_time_takes_two, 2, co_await asyncio::wait_for(new_future<int>(), 0))
TICKS(wait_for_what_is_done_takes_two, 2, auto f = new_future<int>(); f.set_result(1);
      std::vector futures{f}; co_await asyncio::wait(futures))
TICKS(a_timeout_around_nothing_takes_none, 0, auto body = []() -> Coro<> { co_return; };
      co_await asyncio::timeout(10, body))
TICKS(a_timeout_of_zero_around_nothing_takes_none, 0, auto body = []() -> Coro<> { co_return; };
      co_await asyncio::timeout(0, body))
TICKS(an_empty_task_group_takes_none, 0, auto body = [](asyncio::TaskGroup&) {}; co_await asyncio::task_group(body))
TICKS(a_task_group_of_one_takes_three, 3, auto body = [](asyncio::TaskGroup& tg) { tg.create_task(noop()); };
      co_await asyncio::task_group(body))
TICKS(a_task_group_of_three_takes_three, 3,
      auto body = [](asyncio::TaskGroup& tg) { for (int i = 0; i < 3; ++i) tg.create_task(noop()); };
      co_await asyncio::task_group(body))
TICKS(a_queue_with_room_and_items_takes_none, 0, asyncio::Queue<int> queue; co_await queue.put(1);
      co_await queue.get(); queue.task_done(); co_await queue.join())
TICKS(a_free_lock_takes_none, 0, asyncio::Lock lock; co_await lock.acquire(); lock.release())
TICKS(a_free_semaphore_takes_none, 0, asyncio::Semaphore semaphore(1); co_await semaphore.acquire();
      semaphore.release())
TICKS(a_set_event_takes_none, 0, asyncio::Event event; event.set(); co_await event.wait())
TICKS(an_async_generator_that_does_not_await_takes_none, 0,
      auto numbers = []() -> asyncio::AsyncGenerator<int> { for (int i = 0; i < 3; ++i) co_yield i; };
      ASYNC_FOR(int i, numbers()) { (void)i; })

// One tick for the waiter to stand in the queue, one to be woken, one for the task that awaits the waiter.
TICKS(a_lock_handed_over_takes_three, 3, asyncio::Lock lock; co_await lock.acquire();
      auto other = [](asyncio::Lock l) -> Coro<> { co_await l.acquire(); l.release(); };
      auto t = asyncio::create_task(other(lock)); co_await asyncio::sleep(0); lock.release(); co_await t)
TICKS(a_lock_waited_for_takes_three, 3, asyncio::Lock lock; co_await lock.acquire();
      auto holder = [](asyncio::Lock l) -> Coro<> { co_await asyncio::sleep(0); l.release(); };
      auto t = asyncio::create_task(holder(lock)); co_await lock.acquire(); lock.release(); co_await t)
TICKS(a_semaphore_handed_over_takes_three, 3, asyncio::Semaphore s(1); co_await s.acquire();
      auto other = [](asyncio::Semaphore l) -> Coro<> { co_await l.acquire(); l.release(); };
      auto t = asyncio::create_task(other(s)); co_await asyncio::sleep(0); s.release(); co_await t)
TICKS(an_event_waited_for_takes_three, 3, asyncio::Event e;
      auto other = [](asyncio::Event l) -> Coro<> { co_await l.wait(); };
      auto t = asyncio::create_task(other(e)); co_await asyncio::sleep(0); e.set(); co_await t)
TICKS(a_queue_waited_for_takes_three, 3, asyncio::Queue<int> q;
      auto other = [](asyncio::Queue<int> l) -> Coro<> { co_await l.get(); };
      auto t = asyncio::create_task(other(q)); co_await asyncio::sleep(0); q.put_nowait(1); co_await t)
TICKS(a_shut_down_waited_for_takes_three, 3, asyncio::Queue<int> q; auto t = asyncio::create_task(q.get());
      co_await asyncio::sleep(0); q.shutdown(); co_await t)
TICKS(a_condition_that_holds_takes_none, 0, asyncio::Condition c; auto yes = [] { return true; };
      co_await c.wait_for(yes))
TICKS(a_condition_waited_for_takes_three, 3, asyncio::Condition c; auto t = asyncio::create_task(wait_at(c));
      co_await asyncio::sleep(0); { auto guard = co_await c.guard(); c.notify(); } co_await t)
TICKS(a_condition_whose_lock_is_held_on_takes_four, 4, asyncio::Condition c; auto t = asyncio::create_task(wait_at(c));
      co_await asyncio::sleep(0); { auto guard = co_await c.guard(); c.notify(); co_await asyncio::sleep(0); } co_await t)
TICKS(cancelling_a_wait_for_a_held_condition_takes_four, 4, asyncio::Condition c;
      auto t = asyncio::create_task(wait_at(c)); co_await asyncio::sleep(0);
      { auto guard = co_await c.guard(); t.cancel(); co_await asyncio::sleep(0); } co_await t)
TICKS(a_barrier_of_one_takes_none, 0, asyncio::Barrier b(1); co_await b.wait(); co_await b.reset(); co_await b.abort())
TICKS(the_first_at_a_barrier_waits_for_two, 2, asyncio::Barrier b(2); auto t = asyncio::create_task(b.wait());
      co_await b.wait(); co_await t)
TICKS(the_last_at_a_barrier_does_not_wait, 3, asyncio::Barrier b(2); auto t = asyncio::create_task(b.wait());
      co_await asyncio::sleep(0); co_await b.wait(); co_await t)
TICKS(cancelling_a_sleeper_takes_three, 3, auto t = asyncio::create_task(settle()); co_await asyncio::sleep(0);
      t.cancel(); co_await t)
TICKS(cancelling_an_unstarted_task_takes_two, 2, auto t = asyncio::create_task(settle()); t.cancel(); co_await t)
TICKS(a_future_set_by_a_callback_takes_two, 2, auto f = new_future<int>();
      asyncio::get_running_loop().call_soon([f]() mutable { f.set_result(1); }); co_await f)
// clang-format on
