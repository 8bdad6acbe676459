// Runs a random program; interpret.py does the same, step for step and word for word.
#include <algorithm>
#include <cmath>
#include <exception>
#include <hocket/hocket.hpp>
#include <optional>
#include <utility>

#include "program.hpp"
#include "scenario.hpp"

namespace differential::random {

namespace {

using asyncio::AnyTask;
using asyncio::TaskGroup;

constexpr double end_of_time = 1e6;  // seconds: more than any program sleeps in all

class interpreter {
 public:
  explicit interpreter(const block& program) : program_(program) {
    for (const int size : queue_sizes) {
      const std::size_t i = queues_.size();
      queues_.push_back(i == 3   ? asyncio::PriorityQueue<int>(size)
                        : i == 4 ? static_cast<asyncio::Queue<int>>(asyncio::LifoQueue<int>(size))
                                 : asyncio::Queue<int>(size));
    }
    for (const int parties : barrier_parties) barriers_.emplace_back(parties);
    for (const int value : semaphore_values) semaphores_.emplace_back(value);
    locks_.resize(locks);
    events_.resize(events);
    conditions_.resize(conditions);
  }

  /// Runs the program as a task, and when all has come to rest ends what is left.
  Coro<> main() {
    asyncio::get_running_loop().set_exception_handler(
        [](const asyncio::EventLoop&, const asyncio::ExceptionContext&) {});
    for (int i = 0; i < futures; ++i) futures_.push_back(future());
    auto first = asyncio::create_task(task_of(program_));
    std::vector<AnyTask> started{first};
    co_await asyncio::wait(started, {.timeout = end_of_time});
    for (int round = 0; round < 50; ++round) {
      bool pending = false;
      for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (tasks_[i].done()) continue;
        pending = true;
        tasks_[i].cancel();
      }
      if (!pending) break;
      say("round", round);
      co_await asyncio::sleep(end_of_time);
    }
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const AnyTask& t = tasks_[i];
      say("task", i, !t.done() ? "pending" : t.cancelled() ? "cancelled" : "done", t.cancelling());
      if (t.done() && !t.cancelled()) (void)t.exception();  // so that nobody is told that nobody asked
    }
    for (const auto& f : futures_) {
      if (f.done() && !f.cancelled()) (void)f.exception();
    }
  }

  std::string trace() && { return std::move(trace_); }

 private:
  template <class... What>
  void say(const What&... what) {
    const double time = asyncio::get_running_loop().time();
    trace_ += std::to_string(std::llround(time * 1e6));
    ((trace_ += " " + text_of(what)), ...);
    trace_ += '\n';
  }

  /// What a task runs: it is known from its first step.
  Coro<int> task_of(const block& b) {
    tasks_.push_back(asyncio::current_task());
    const int last = co_await run(b);
    co_return last;
  }

  /// A task awaits only younger ones: in a ring of awaits CPython's cancel() would recurse for ever. And none while it
  /// has the lock of a condition that others wait for: these end only with the lock, however often cancelled.
  bool may_await(int slot) const {
    const AnyTask me = asyncio::current_task();
    for (int i = 0; i < conditions; ++i) {
      if (cond_owners_[i] == me && cond_waits_[i] > 0) return false;
    }
    if (!slots_[slot]) return false;
    const auto age = [&](const AnyTask& t) { return std::find(tasks_.begin(), tasks_.end(), t) - tasks_.begin(); };
    return age(slots_[slot]) > age(me);
  }

  /// Waits for the condition, whose lock the task has.
  Coro<> wait_for_condition(int i) {
    struct entry {
      explicit entry(int& n) noexcept : count(n) { ++count; }
      ~entry() { --count; }
      int& count;
    };
    const entry waits(cond_waits_[i]);
    co_await conditions_[i].wait();
  }

  /// Runs the steps as the owner of the condition's lock.
  Coro<int> run_as_owner(int i, const block& b) {
    struct ownership {
      explicit ownership(AnyTask& o) noexcept : owner(o) { owner = asyncio::current_task(); }
      ~ownership() { owner = {}; }
      AnyTask& owner;
    };
    const ownership mine(cond_owners_[i]);
    co_return co_await run(b);
  }

  /// Runs the steps; gives the number of the last.
  Coro<int> run(const block& b) {
    int last = 0;
    for (const step& s : b) {
      say(s.number, "begins");
      co_await run(s);
      say(s.number, "ends");
      last = s.number;
    }
    co_return last;
  }

  Coro<> run(const step& s) {
    switch (s.what) {
      case op::sleep:
        co_await asyncio::sleep(static_cast<double>(s.us) * 1e-6);
        break;
      case op::spawn:
        slots_[s.a] = asyncio::create_task(task_of(s.blocks[0]), {.eager_start = s.b == 1});
        break;
      case op::await:
        if (may_await(s.a)) say(s.number, "gives", co_await slots_[s.a]);
        break;
      case op::cancel:
        if (slots_[s.a]) say(s.number, "cancels", slots_[s.a].cancel());
        break;
      case op::cancel_self:
        asyncio::current_task().cancel();
        break;
      case op::uncancel:
        say(s.number, "leaves", asyncio::current_task().uncancel());
        break;
      case op::call:
        say(s.number, "gives", co_await run(s.blocks[0]));
        break;
      case op::attempt: {
        auto result = co_await asyncio::as_result(run(s.blocks[0]));
        say(s.number, result ? "went well" : describe(result.error()));
        if (s.a == 1) result.rethrow();
        break;
      }
      case op::cleanup: {
        auto result = co_await asyncio::as_result(run(s.blocks[0]));
        co_await run(s.blocks[1]);
        result.rethrow();
        break;
      }
      case op::fail:
        throw asyncio::ValueError("e" + std::to_string(s.number));
      case op::timeout: {
        auto body = [&]() -> Coro<int> { co_return co_await run(s.blocks[0]); };
        say(s.number, "gives", co_await asyncio::timeout(static_cast<double>(s.us) * 1e-6, body));
        break;
      }
      case op::moved_timeout: {
        auto body = [&](asyncio::Timeout& limit) -> Coro<int> {
          co_await run(s.blocks[0]);
          const double later = asyncio::get_running_loop().time() + static_cast<double>(s.us) * 2e-6;
          limit.reschedule(s.b == 1 ? std::nullopt : std::optional(later));
          const int last = co_await run(s.blocks[1]);
          say(s.number, "expired", limit.expired());
          co_return last;
        };
        say(s.number, "gives", co_await asyncio::timeout(static_cast<double>(s.us) * 1e-6, body));
        break;
      }
      case op::wait_for:
        say(s.number, "gives", co_await asyncio::wait_for(run(s.blocks[0]), static_cast<double>(s.us) * 1e-6));
        break;
      case op::group: {
        auto body = [&](TaskGroup& tg) -> Coro<int> {
          for (std::size_t i = 0; i + 1 < s.blocks.size(); ++i) tg.create_task(task_of(s.blocks[i]));
          co_return co_await run(s.blocks.back());
        };
        say(s.number, "gives", co_await asyncio::task_group(body));
        break;
      }
      case op::gather: {
        std::vector<Coro<int>> children;
        for (const block& b : s.blocks) children.push_back(task_of(b));
        if (s.a == 0) {
          say(s.number, "gives", co_await asyncio::gather(std::move(children)));
        } else {
          auto results = co_await asyncio::gather(asyncio::return_exceptions, std::move(children));
          std::vector<std::string> texts;
          for (auto& r : results) texts.push_back(r ? std::to_string(r.value()) : describe(r.error()));
          say(s.number, "gives", texts);
        }
        break;
      }
      case op::shield:
        say(s.number, "gives", co_await asyncio::shield(task_of(s.blocks[0])));
        break;
      case op::wait: {
        std::vector<Task<int>> some;
        for (int i = 0; i < slots; ++i) {
          if ((s.a >> i & 1) && slots_[i]) some.push_back(slots_[i]);
        }
        if (some.empty()) break;
        asyncio::WaitOptions options{.return_when = static_cast<asyncio::ReturnWhen>(s.b)};
        if (s.us >= 0) options.timeout = static_cast<double>(s.us) * 1e-6;
        auto result = co_await asyncio::wait(std::move(some), options);
        say(s.number, "gives", result.done.size(), result.pending.size());
        break;
      }
      case op::as_completed:
        co_await complete(s);
        break;
      case op::put:
        co_await queues_[s.a].put(s.number);
        break;
      case op::get:
        say(s.number, "gives", co_await queues_[s.a].get());
        break;
      case op::put_nowait:
        queues_[s.a].put_nowait(s.number);
        break;
      case op::get_nowait:
        say(s.number, "gives", queues_[s.a].get_nowait());
        break;
      case op::task_done:
        queues_[s.a].task_done();
        break;
      case op::join:
        co_await queues_[s.a].join();
        break;
      case op::shutdown:
        queues_[s.a].shutdown(s.b == 1);
        break;
      case op::lock: {
        auto held = co_await locks_[s.a].guard();
        say(s.number, "gives", co_await run(s.blocks[0]));
        break;
      }
      case op::semaphore: {
        auto permit = co_await semaphores_[s.a].guard();
        say(s.number, "gives", co_await run(s.blocks[0]));
        break;
      }
      case op::set:
        events_[s.a].set();
        break;
      case op::clear:
        events_[s.a].clear();
        break;
      case op::wait_event:
        co_await events_[s.a].wait();
        break;
      case op::call_later:
        asyncio::get_running_loop().call_later(static_cast<double>(s.us) * 1e-6,
                                               [this, number = s.number] { say(number, "is called", variable.get()); });
        break;
      case op::cond_wait: {
        auto held = co_await conditions_[s.a].guard();
        co_await wait_for_condition(s.a);
        say(s.number, "gives", co_await run_as_owner(s.a, s.blocks[0]));
        break;
      }
      case op::notify: {
        auto held = co_await conditions_[s.a].guard();
        s.b == 0 ? conditions_[s.a].notify_all() : conditions_[s.a].notify(static_cast<std::size_t>(s.b));
        break;
      }
      case op::barrier_wait:
        say(s.number, "gives", co_await barriers_[s.a].wait());
        break;
      case op::barrier_reset:
        co_await barriers_[s.a].reset();
        break;
      case op::barrier_abort:
        co_await barriers_[s.a].abort();
        break;
      case op::on_done:
        if (slots_[s.a]) {
          auto tell = [this, number = s.number](Task<int> t) { say(number, "hears", state_of(t), variable.get()); };
          callbacks_.emplace_back(slots_[s.a], slots_[s.a].add_done_callback(tell));
        }
        break;
      case op::off_done:
        if (!callbacks_.empty()) {
          say(s.number, "takes back", callbacks_.back().first.remove_done_callback(callbacks_.back().second));
          callbacks_.pop_back();
        }
        break;
      case op::set_var:
        variable.set(s.number);
        break;
      case op::get_var:
        say(s.number, "gives", variable.get());
        break;
      case op::new_future:
        futures_[s.a] = future();
        break;
      case op::set_future:
        if (!futures_[s.a].done()) futures_[s.a].set_result(s.number);
        break;
      case op::fail_future:
        if (!futures_[s.a].done()) futures_[s.a].set_exception(asyncio::ValueError("f" + std::to_string(s.number)));
        break;
      case op::cancel_future:
        say(s.number, "cancels", futures_[s.a].cancel());
        break;
      case op::await_future: {
        auto awaited = futures_[s.a];  // another may take its place meanwhile
        say(s.number, "gives", co_await awaited);
        break;
      }
    }
  }

  static const char* state_of(const AnyTask& t) {
    return !t.done() ? "pending" : t.cancelled() ? "cancelled" : t.exception() ? "failed" : "done";
  }

  Coro<> complete(const step& s) {
    std::vector<Task<int>> some;
    for (int i = 0; i < slots; ++i) {
      if ((s.a >> i & 1) && slots_[i] && !slots_[i].done()) some.push_back(slots_[i]);
    }
    asyncio::AsCompletedOptions options;
    if (s.us >= 0) options.timeout = static_cast<double>(s.us) * 1e-6;
    auto ends = asyncio::as_completed(some, options);
    if (s.b == 1) {
      ASYNC_FOR(auto task, ends) {
        say(s.number, "gives", state_of(task));
      }
    } else {
      for (auto end : ends) say(s.number, "gives", co_await std::move(end));
    }
  }

  static inline const asyncio::ContextVar<int> variable{"variable", 0};

  const block& program_;
  std::vector<AnyTask> tasks_;  // in the order of their first steps
  Task<int> slots_[slots];
  std::vector<asyncio::Queue<int>> queues_;
  std::vector<asyncio::Lock> locks_;
  std::vector<asyncio::Semaphore> semaphores_;
  std::vector<asyncio::Event> events_;
  std::vector<asyncio::Condition> conditions_;
  int cond_waits_[conditions] = {};  // tasks that are in wait() of each
  AnyTask cond_owners_[conditions];
  std::vector<asyncio::Barrier> barriers_;
  std::vector<asyncio::Future<int>> futures_;
  std::vector<std::pair<Task<int>, asyncio::DoneCallback>> callbacks_;
  std::string trace_;
};

}  // namespace

std::string trace_of(const block& program) {
  interpreter i(program);
  try {
    differential::run(i.main());
  } catch (...) {
    return std::move(i).trace() + "escaped: " + describe(std::current_exception()) + "\n";
  }
  return std::move(i).trace();
}

}  // namespace differential::random
