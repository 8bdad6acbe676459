// Context variables: group C21, and X7: they follow a task across threads.
#include <atomic>
#include <memory>

#include "doors.hpp"

using namespace conformance;

namespace {

const asyncio::ContextVar<int> number("number", 0);
const asyncio::ContextVar<std::string> text("text");

}  // namespace

IN_BOTH_DOORS(contexts, a_child_sees_a_copy_of_what_was_there_at_its_creation) {
  const auto token = number.set(1);
  auto child = asyncio::create_task([]() -> Coro<int> {
    co_await settle();
    co_return number.get();
  });
  number.set(2);
  EXPECT_EQ(co_await child, 1);
  EXPECT_EQ(number.get(), 2);
}

IN_BOTH_DOORS(contexts, what_a_child_sets_its_creator_does_not_see) {
  number.set(1);
  auto child = asyncio::create_task([]() -> Coro<int> {
    const int inherited = number.get();
    number.set(5);
    co_await settle();
    co_return 10 * inherited + number.get();
  });
  EXPECT_EQ(co_await child, 15);
  EXPECT_EQ(number.get(), 1);
}

IN_BOTH_DOORS(contexts, a_context_gives_a_value_its_variable_or_what_it_is_told_instead) {
  text.set("here");
  const auto context = asyncio::copy_context();
  EXPECT_EQ(context.get(text, "nothing"), "here");
  EXPECT_EQ(asyncio::Context().get(text, "nothing"), "nothing");
  EXPECT_EQ(asyncio::Context().get(number, '\1'), 1);
  co_return;
}

IN_BOTH_DOORS(contexts, a_plain_await_shares_the_context) {
  auto set = []() -> Coro<> {
    number.set(7);
    co_await asyncio::sleep(0);
  };
  co_await set();
  EXPECT_EQ(number.get(), 7);
}

IN_BOTH_DOORS(contexts, a_value_survives_sleep) {
  number.set(3);
  co_await asyncio::sleep(0.1);
  EXPECT_EQ(number.get(), 3);
}

IN_BOTH_DOORS(contexts, a_token_gives_the_value_back_that_was_there) {
  EXPECT_EQ(number.get(), 0);  // the default
  const auto first = number.set(1);
  EXPECT_FALSE(first.old_value());
  const auto second = number.set(2);
  EXPECT_EQ(second.old_value(), 1);
  number.reset(second);
  EXPECT_EQ(number.get(), 1);
  number.reset(first);
  EXPECT_EQ(number.get(), 0);
  const std::string again = ending_of([&] { number.reset(first); });
  EXPECT_TRUE(again.starts_with("RuntimeError: <Token var=<ContextVar name='number'")) << again;
  EXPECT_TRUE(again.ends_with("has already been used once")) << again;
  co_return;
}

IN_BOTH_DOORS(contexts, a_token_of_another_variable_or_context_is_refused) {
  const asyncio::ContextVar<int> other("other");
  const auto token = number.set(1);
  EXPECT_TRUE(ending_of([&] { other.reset(token); }).ends_with("was created by a different ContextVar"));
  auto child = asyncio::create_task(
      [](asyncio::Token<int> t) -> Coro<std::string> { co_return ending_of([&] { number.reset(t); }); }, token);
  const std::string how = co_await child;
  EXPECT_TRUE(how.starts_with("ValueError: ")) << how;
  EXPECT_TRUE(how.ends_with("was created in a different Context")) << how;
  number.reset(token);
}

IN_BOTH_DOORS(contexts, a_variable_without_a_value_is_a_lookup_error) {
  const std::string how = ending_of([] { return text.get(); });
  EXPECT_TRUE(how.starts_with("LookupError: <ContextVar name='text' at 0x")) << how;
  EXPECT_EQ(text.get("fallback"), "fallback");
  EXPECT_EQ(number.get(9), 9);  // the argument goes before the default
  co_return;
}

IN_BOTH_DOORS(contexts, a_copy_runs_code_that_leaves_no_trace_outside) {
  number.set(1);
  const asyncio::Context copy = asyncio::copy_context();
  const int inside = copy.run(
      [](int add) {
        number.set(number.get() + add);
        return number.get();
      },
      4);
  EXPECT_EQ(inside, 5);
  EXPECT_EQ(number.get(), 1);
  EXPECT_EQ(copy[number], 5);
  EXPECT_EQ(copy.get(number, 0), 5);
  EXPECT_TRUE(copy.contains(number));
  EXPECT_FALSE(copy.contains(text));
  EXPECT_EQ(copy.size(), 1u);
  EXPECT_TRUE(ending_of([&] { return copy[text]; }).starts_with("KeyError: <ContextVar name='text'"));
  const std::string nested = ending_of([&] { copy.run([&] { copy.run([] {}); }); });
  EXPECT_TRUE(nested.ends_with("is already entered")) << nested;
  copy.run([] {});  // and was left again
  co_return;
}

IN_BOTH_DOORS(contexts, a_task_may_run_in_a_context_that_it_is_given) {
  const asyncio::Context context;
  auto child = asyncio::create_task(
      []() -> Coro<int> {
        co_await settle();
        number.set(number.get() + 1);
        co_return number.get();
      }(),
      {.context = context});
  EXPECT_TRUE(child.get_context() == context);
  EXPECT_EQ(co_await child, 1);
  EXPECT_EQ(context[number], 1);  // it ran in the very one
  EXPECT_EQ(number.get(), 0);
}

IN_BOTH_DOORS(contexts, a_callback_runs_in_the_context_of_its_registration) {
  Log log;
  auto note = [&log](const char* name) {
    return [&log, name](auto&&...) { log(name + std::to_string(number.get())); };
  };
  auto loop = asyncio::get_running_loop();
  auto future = new_future<int>();
  number.set(1);
  future.add_done_callback(note("done "));
  loop.call_soon(note("soon "));
  loop.call_later(0.1, note("later "));
  number.set(2);
  auto setter = asyncio::create_task([](Future<int> f) -> Coro<> {
    number.set(3);
    f.set_result(1);
    co_return;
  }(future));
  co_await setter;
  co_await asyncio::sleep(0.2);
  EXPECT_EQ(log.sorted(), (Entries{"done 1", "later 1", "soon 1"}));
  EXPECT_EQ(number.get(), 2);
}

IN_BOTH_DOORS(contexts, a_callback_may_be_given_a_context) {
  const asyncio::Context context;
  auto future = new_future<int>();
  auto set = [](const Future<int>&) { number.set(number.get() + 1); };
  future.add_done_callback(set, {.context = context});
  asyncio::get_running_loop().call_soon([] { number.set(number.get() + 10); }, context);
  future.set_result(1);
  co_await settle();
  EXPECT_EQ(context[number], 11);
  EXPECT_EQ(number.get(), 0);
}

IN_BOTH_DOORS(contexts, to_thread_carries_a_copy_along_and_run_in_executor_does_not) {
  number.set(4);
  const int seen = co_await asyncio::to_thread([] {
    number.set(number.get() + 1);
    return number.get();
  });
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(number.get(), 4);
  const int elsewhere = co_await asyncio::get_running_loop().run_in_executor({}, [] { return number.get(); });
  EXPECT_EQ(elsewhere, 0);
}

IN_BOTH_DOORS(contexts, parallel_work_inherits_it) {
  number.set(6);
  const int seen = co_await asyncio::parallel([] { return number.get(); });
  EXPECT_EQ(seen, 6);
  auto child = []() -> Coro<int> { co_return number.get(); };
  auto&& [a, b] = co_await asyncio::when_all(child(), child());
  EXPECT_EQ(a + b, 12);
}

TEST(contexts, a_runner_keeps_one_between_its_runs) {
  asyncio::Runner runner({.virtual_clock = true});
  auto set = [](int value) -> Coro<int> {
    const int before = number.get();
    number.set(value);
    co_return before;
  };
  EXPECT_EQ(runner.run(set(1)), 0);
  EXPECT_EQ(runner.run(set(2)), 1);
  EXPECT_EQ(number.get(), 0);
  const asyncio::Context own;
  EXPECT_EQ(runner.run(set(3), own), 0);
  EXPECT_EQ(own[number], 3);
  EXPECT_EQ(runner.run(set(4)), 2);
}

TEST(contexts, code_outside_of_loops_has_its_threads_own) {
  const auto token = number.set(8);
  EXPECT_EQ(number.get(), 8);
  EXPECT_EQ(asyncio::run([]() -> Coro<int> { co_return number.get(); }()), 8);
  number.reset(token);
  EXPECT_EQ(number.get(), 0);
}

IN_BOTH_DOORS(contexts, a_value_lives_as_long_as_a_context_has_it) {
  const asyncio::ContextVar<std::shared_ptr<int>> shared("shared");
  auto value = std::make_shared<int>(1);
  {
    auto child = asyncio::create_task([](const auto& var, std::shared_ptr<int> v) -> Coro<> {
      var.set(std::move(v));
      co_await asyncio::sleep(0);
    }(shared, value));
    co_await child;
    EXPECT_EQ(value.use_count(), 2);
  }
  co_await settle();
  EXPECT_EQ(value.use_count(), 1);
}

IN_BOTH_DOORS(contexts, many_variables_keep_their_values_apart) {
  constexpr int variables = 200;
  std::vector<std::unique_ptr<asyncio::ContextVar<int>>> vars;
  std::vector<asyncio::Token<int>> tokens;
  for (int i = 0; i < variables; ++i) {
    vars.push_back(std::make_unique<asyncio::ContextVar<int>>("v" + std::to_string(i)));
    tokens.push_back(vars.back()->set(i));
  }
  const asyncio::Context all = asyncio::copy_context();
  for (int i = 0; i < variables; i += 2) vars[static_cast<std::size_t>(i)]->reset(tokens[static_cast<std::size_t>(i)]);
  EXPECT_EQ(asyncio::copy_context().size(), variables / 2u);
  EXPECT_EQ(all.size(), static_cast<std::size_t>(variables));
  for (int i = 0; i < variables; ++i) {
    const auto& var = *vars[static_cast<std::size_t>(i)];
    EXPECT_EQ(var.get(-1), i % 2 ? i : -1);
    EXPECT_EQ(all[var], i);
  }
  co_return;
}

// X7: tasks that move between workers keep their own values; the parts of one task share one context.
static Coro<> across_steals() {
  auto child = [](int own) -> Coro<int> {
    number.set(own);
    int wrong = 0;
    for (int i = 0; i < 50; ++i) {
      co_await asyncio::sleep(0);
      if (number.get() != own + i) ++wrong;
      number.set(own + i + 1);
    }
    co_return wrong;
  };
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 64; ++i) tasks.push_back(asyncio::create_task(child, 1000 * i));
  int wrong = 0;
  for (auto& t : tasks) wrong += co_await t;
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(number.get(), 0);
}
TEST(contexts, follow_their_tasks_across_workers) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(across_steals(), {.workers = workers});
}

static Coro<> shared_by_parts() {
  const asyncio::ContextVar<int> one("one", 0), two("two", 0);
  auto part = [](const asyncio::ContextVar<int>& var) -> Coro<> {
    for (int i = 0; i < 500; ++i) {
      var.set(var.get() + 1);
      if (i % 50 == 0) co_await asyncio::sleep(0);
    }
  };
  co_await asyncio::when_all(part(one), part(two));
  EXPECT_EQ(one.get(), 500);
  EXPECT_EQ(two.get(), 500);
}
TEST(contexts, parts_of_a_task_that_run_at_once_lose_no_set) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(shared_by_parts(), {.workers = workers});
}

// --- handles ---

IN_BOTH_DOORS(contexts, a_handle_gives_the_context_that_it_is_called_in) {
  const auto loop = asyncio::get_running_loop();
  number.set(1);
  asyncio::Context given = asyncio::copy_context();
  auto seen = new_future<int>();
  const asyncio::Handle in_given = loop.call_soon([=] { seen.try_set_result(number.get()); }, given);
  EXPECT_TRUE(in_given.get_context() == given);
  const asyncio::Handle in_copy = loop.call_soon([] { number.set(5); });
  const asyncio::TimerHandle timer = loop.call_later(0.001, [] { number.set(7); });
  number.set(2);
  const int value = co_await seen;
  EXPECT_EQ(value, 1);
  co_await asyncio::sleep(1);
  EXPECT_EQ(in_copy.get_context().run([] { return number.get(); }), 5);
  EXPECT_EQ(timer.get_context().run([] { return number.get(); }), 7);
  EXPECT_EQ(number.get(), 2);
}
