// Futures and done callbacks: groups C24 and C25.
#include <atomic>
#include <memory>
#include <thread>

#include "doors.hpp"

using namespace conformance;

// --- C24: states ---

IN_BOTH_DOORS(futures, a_new_one_is_pending) {
  auto future = new_future<int>();
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  co_return;
}

IN_BOTH_DOORS(futures, a_cancelled_one_stays_cancelled) {
  auto future = new_future<int>();
  EXPECT_TRUE(future.cancel());
  EXPECT_FALSE(future.cancel());
  EXPECT_TRUE(future.done());
  EXPECT_EQ(ending_of([&] { return future.result(); }), "CancelledError");
  EXPECT_EQ(ending_of([&] { return future.exception(); }), "CancelledError");
  EXPECT_EQ(ending_of([&] { future.set_result(1); }), "InvalidStateError: invalid state");
  EXPECT_EQ(ending_of([&] { future.set_exception(asyncio::ValueError("x")); }), "InvalidStateError: invalid state");
  EXPECT_EQ(co_await ending(future), "CancelledError");
}

IN_BOTH_DOORS(futures, the_cancel_message_arrives) {
  auto future = new_future<int>();
  future.cancel("enough");
  EXPECT_EQ(co_await ending(future), "CancelledError: enough");
}

IN_BOTH_DOORS(futures, a_failed_one_throws_and_gives_its_exception) {
  auto future = new_future<int>();
  future.set_exception(asyncio::ValueError("no"));
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(ending_of([&] { return future.result(); }), "ValueError: no");
  EXPECT_EQ(describe(future.exception()), "ValueError: no");
  EXPECT_EQ(co_await ending(future), "ValueError: no");
  EXPECT_EQ(co_await ending(future), "ValueError: no");
}

IN_BOTH_DOORS(futures, no_exception_is_no_way_to_fail) {
  auto future = new_future<int>();
  EXPECT_EQ(ending_of([&] { future.set_exception(std::exception_ptr()); }), "TypeError: invalid exception object");
  EXPECT_EQ(ending_of([&] { future.set_exception(nullptr); }), "TypeError: invalid exception object");
  EXPECT_EQ(ending_of([&] { return future.try_set_exception({}); }), "TypeError: invalid exception object");
  EXPECT_FALSE(future.done());
  future.set_result(1);
  EXPECT_EQ(ending_of([&] { future.set_exception(nullptr); }), "InvalidStateError: invalid state");
  EXPECT_EQ(co_await ending(future), "returned");
}

namespace {

Coro<> keep([[maybe_unused]] std::shared_ptr<int> argument) { co_await asyncio::sleep(0.1); }

}  // namespace

// Its frame ends before it is done, and destructors are code like any other.
IN_BOTH_DOORS(futures, a_task_has_its_loop_until_it_is_done) {
  Task<> task;
  bool done = true, has_loop = false, was_called = false;
  std::string how;
  auto look = [&](const int* p) {
    delete p;
    const auto look_from_outside = [&] {
      done = task.done();
      has_loop = static_cast<bool>(task.get_loop());
      how = ending_of([&] { (void)task.add_done_callback([&](const Task<>&) { was_called = true; }); });
    };
    std::thread(look_from_outside).join();
  };
  task = asyncio::create_task(keep(std::shared_ptr<int>(new int(1), look)));
  co_await task;
  co_await settle();
  EXPECT_FALSE(done);
  EXPECT_TRUE(has_loop);
  EXPECT_EQ(how, "returned");
  EXPECT_TRUE(was_called);
  EXPECT_FALSE(task.get_loop());
}

IN_BOTH_DOORS(futures, a_task_has_no_result_of_its_own_to_set_but_gives_its_names) {
  auto child = []() -> Coro<> { co_await asyncio::sleep(0.1); };
  auto task = asyncio::create_task(child(), {.name = "child"});
  EXPECT_EQ(task.get_name(), "child");
  EXPECT_EQ(asyncio::AnyTask(task).get_name(), "child");
  task.set_name("renamed");
  EXPECT_EQ(task.get_name(), "renamed");
  EXPECT_EQ(task.get_coro(), "<lambda>");
  EXPECT_TRUE(task.get_loop() == asyncio::get_running_loop());
  EXPECT_TRUE(new_future<int>().get_loop() == asyncio::get_running_loop());
  co_await task;
}

IN_BOTH_DOORS(futures, a_task_of_unknown_type_may_be_awaited) {
  auto fail = []() -> Coro<int> {
    co_await asyncio::sleep(0.1);
    throw asyncio::ValueError("any");
  };
  const asyncio::AnyTask task = asyncio::create_task(fail);
  EXPECT_EQ(ending_of([&] { return task.exception(); }), "InvalidStateError: Exception is not set.");
  EXPECT_EQ(co_await ending(task), "ValueError: any");
  EXPECT_EQ(describe(task.exception()), "ValueError: any");
}

// --- C25: callbacks ---

namespace {

std::atomic<int> calls_of_a_function{0};
void count_a_call(const Future<int>&) { ++calls_of_a_function; }

}  // namespace

IN_SERIAL_DOOR(futures, callbacks_run_in_the_order_of_their_registration_and_never_inline) {
  Log log;
  auto future = new_future<int>();
  for (const char* name : {"one", "two", "three"}) {
    future.add_done_callback([&log, name](const Future<int>& f) { log(name + std::to_string(f.result())); });
  }
  future.set_result(1);
  EXPECT_TRUE(log.entries().empty());
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"one1", "two1", "three1"}));
}

IN_BOTH_DOORS(futures, a_callback_that_is_taken_back_is_not_called) {
  for (int removed = 0; removed < 3; ++removed) {
    Log log;
    auto future = new_future<int>();
    std::vector<asyncio::DoneCallback> names;
    for (int i = 0; i < 3; ++i) {
      names.push_back(future.add_done_callback([&log, i](const Future<int>&) { log(std::to_string(i)); }));
    }
    EXPECT_EQ(future.remove_done_callback(names[static_cast<std::size_t>(removed)]), 1u);
    EXPECT_EQ(future.remove_done_callback(names[static_cast<std::size_t>(removed)]), 0u);
    future.set_result(1);
    co_await settle();
    Entries left{"0", "1", "2"};
    left.erase(left.begin() + removed);
    EXPECT_EQ(log.entries(), left);
  }
}

IN_BOTH_DOORS(futures, functions_are_taken_back_by_name_all_at_once) {
  calls_of_a_function = 0;
  auto future = new_future<int>();
  future.add_done_callback(&count_a_call);
  future.add_done_callback([](const Future<int>&) { calls_of_a_function += 10; });
  future.add_done_callback(&count_a_call);
  EXPECT_EQ(future.remove_done_callback(&count_a_call), 2u);
  EXPECT_EQ(future.remove_done_callback(&count_a_call), 0u);
  future.set_result(1);
  co_await settle();
  EXPECT_EQ(calls_of_a_function.load(), 10);
}

namespace {

struct comparable {
  void operator()(const Future<int>&) const {}
  bool operator==(const comparable&) const = default;
};
template <class F>
concept can_be_taken_back = requires(Future<int> future, F fn) { future.remove_done_callback(fn); };
// Its operator== would run under a lock.
static_assert(can_be_taken_back<void (*)(const Future<int>&)> && !can_be_taken_back<comparable>);

}  // namespace

TEST(futures, callbacks_of_a_loop_that_is_closed_are_dropped) {
  const auto held = std::make_shared<int>(0);
  const asyncio::EventLoop loop = asyncio::new_event_loop();
  auto future = loop.create_future<int>();
  future.add_done_callback([held](const Future<int>&) { ADD_FAILURE(); });
  loop.close();
  future.set_result(1);
  EXPECT_EQ(future.result(), 1);
  EXPECT_EQ(held.use_count(), 1);
}

IN_SERIAL_DOOR(futures, what_is_queued_already_is_not_taken_back) {
  calls_of_a_function = 0;
  auto future = new_future<int>();
  const auto name = future.add_done_callback(&count_a_call);
  future.set_result(1);
  EXPECT_EQ(future.remove_done_callback(name), 0u);
  EXPECT_EQ(calls_of_a_function.load(), 0);
  co_await asyncio::sleep(0);
  EXPECT_EQ(calls_of_a_function.load(), 1);
}

IN_SERIAL_DOOR(futures, a_callback_for_what_is_done_is_queued_at_once) {
  calls_of_a_function = 0;
  auto future = new_future<int>();
  future.set_result(1);
  future.add_done_callback(&count_a_call);
  EXPECT_EQ(calls_of_a_function.load(), 0);
  co_await asyncio::sleep(0);
  EXPECT_EQ(calls_of_a_function.load(), 1);
}

IN_BOTH_DOORS(futures, a_callback_of_a_task_is_given_the_task) {
  Log log;
  auto task = asyncio::create_task(settle(), {.name = "given"});
  task.add_done_callback([&log](const Task<>& t) { log(t.get_name() + (t.done() ? " done" : " pending")); });
  asyncio::AnyTask(task).add_done_callback([&log](const asyncio::AnyTask& t) { log("any " + t.get_name()); });
  co_await task;
  co_await settle();
  EXPECT_EQ(log.entries(), (Entries{"given done", "any given"}));
}

IN_BOTH_DOORS(futures, a_callback_that_only_moves_is_called) {
  auto seen = std::make_shared<std::atomic<int>>(0);
  auto future = new_future<int>();
  future.add_done_callback(
      [seen, owned = std::make_unique<int>(5)](const Future<int>& f) { seen->store(*owned + f.result()); });
  future.set_result(1);
  co_await settle();
  EXPECT_EQ(seen->load(), 6);
}

IN_BOTH_DOORS(futures, the_callback_of_one_that_never_ends_dies_with_it) {
  auto owned = std::make_shared<int>(1);
  {
    auto future = new_future<int>();
    future.add_done_callback([owned](const Future<int>&) {});
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
  co_return;
}
