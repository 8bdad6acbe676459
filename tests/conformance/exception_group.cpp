// ExceptionGroup: split, subgroup, except*, and as text; what groups of tasks make of many failures (X6).
#include <set>

#include "doors.hpp"

using namespace conformance;
using asyncio::BaseExceptionGroup;
using asyncio::ExceptionGroup;
using asyncio::ExceptStar;
using asyncio::format_exception;
using asyncio::OSError;
using asyncio::TypeError;
using asyncio::ValueError;

namespace {

template <class E>
std::exception_ptr an(E e) {
  return std::make_exception_ptr(std::move(e));
}

/// "m[ValueError: a, in[TypeError: b]]"
std::string shape(const std::exception_ptr& e) {
  if (!e) return "-";
  try {
    std::rethrow_exception(e);
  } catch (const BaseExceptionGroup& group) {
    std::string text;
    for (const auto& member : group.exceptions()) text += (text.empty() ? "" : ", ") + shape(member);
    return std::string(group.name() == std::string("ExceptionGroup") ? "" : "base ") + group.message() + "[" + text +
           "]";
  } catch (...) {
    return describe(e);
  }
}
template <class Group>
std::string shape(const std::optional<Group>& group) {
  return group ? shape(std::make_exception_ptr(*group)) : "-";
}

ExceptionGroup sample() {
  return ExceptionGroup("m",
                        {an(ValueError("a")), an(ExceptionGroup("in", {an(TypeError("b")), an(ValueError("c"))}))});
}

}  // namespace

TEST(exception_group, refuses_what_pythons_refuses) {
  EXPECT_EQ(ending_of([] { return ExceptionGroup("m", {}); }),
            "ValueError: second argument (exceptions) must be a non-empty sequence");
  EXPECT_EQ(ending_of([] { return BaseExceptionGroup("m", {}); }),
            "ValueError: second argument (exceptions) must be a non-empty sequence");
  EXPECT_EQ(ending_of([] { return ExceptionGroup("m", {an(CancelledError())}); }),
            "TypeError: Cannot nest BaseExceptions in an ExceptionGroup");
}

TEST(exception_group, is_ordinary_when_all_its_members_are) {
  EXPECT_EQ(describe(asyncio::make_exception_group("m", {an(ValueError("x"))})), "ExceptionGroup: m (1 sub-exception)");
  EXPECT_EQ(describe(asyncio::make_exception_group("m", {an(ValueError("x")), an(CancelledError())})),
            "BaseExceptionGroup: m (2 sub-exceptions)");
  EXPECT_EQ(describe(asyncio::make_exception_group("m", {an(1)})), "ExceptionGroup: m (1 sub-exception)");
  bool as_base = false, as_std = false;
  try {
    throw sample();
  } catch (const BaseExceptionGroup& group) {
    as_base = group.exceptions().size() == 2;
  }
  try {
    std::rethrow_exception(asyncio::make_exception_group("m", {an(CancelledError())}));
  } catch (const std::exception&) {
    as_std = true;
  } catch (const asyncio::BaseException&) {
  }
  EXPECT_TRUE(as_base);
  EXPECT_FALSE(as_std);
}

TEST(exception_group, splits_and_keeps_its_tree) {
  const auto [match, rest] = sample().split<ValueError>();
  EXPECT_EQ(shape(match), "m[ValueError: a, in[ValueError: c]]");
  EXPECT_EQ(shape(rest), "m[in[TypeError: b]]");
  EXPECT_EQ(shape(sample().subgroup<TypeError>()), "m[in[TypeError: b]]");
  EXPECT_EQ(shape(sample().subgroup<OSError>()), "-");
  EXPECT_EQ(shape(sample().split<OSError>().second), "m[ValueError: a, in[TypeError: b, ValueError: c]]");
  const auto [all, none] = sample().split<ValueError, TypeError>();
  EXPECT_EQ(shape(all), "m[ValueError: a, in[TypeError: b, ValueError: c]]");
  EXPECT_EQ(shape(none), "-");
  EXPECT_EQ(shape(sample().split<ExceptionGroup>().first), "m[ValueError: a, in[TypeError: b, ValueError: c]]");
  const auto by_text = sample().subgroup([](const std::exception_ptr& e) { return describe(e) == "TypeError: b"; });
  EXPECT_EQ(shape(by_text), "m[in[TypeError: b]]");
}

TEST(exception_group, base_groups_split_too) {
  const BaseExceptionGroup group("m", {an(CancelledError()), an(ValueError("v"))});
  const auto [match, rest] = group.split<CancelledError>();
  EXPECT_EQ(shape(match), "base m[CancelledError]");
  EXPECT_EQ(rest->exceptions().size(), 1u);
}

TEST(exception_group, is_what_it_was_made_as_whatever_it_was_caught_as) {
  try {
    throw sample();
  } catch (const BaseExceptionGroup& group) {
    EXPECT_EQ(shape(group.subgroup<ExceptionGroup>()), "m[ValueError: a, in[TypeError: b, ValueError: c]]");
    const auto [match, rest] = group.split<TypeError>();
    EXPECT_STREQ(match->name(), "ExceptionGroup");
    EXPECT_STREQ(rest->name(), "ExceptionGroup");
    EXPECT_TRUE(asyncio::is_exception<ExceptionGroup>(group.as_exception()));
    EXPECT_TRUE(asyncio::is_exception<ExceptionGroup>(match->exceptions().at(0)));
  }
  const BaseExceptionGroup mixed("m", {an(CancelledError()), an(ValueError("v"))});
  EXPECT_FALSE(mixed.subgroup<ExceptionGroup>());
  EXPECT_STREQ(mixed.subgroup<CancelledError>()->name(), "BaseExceptionGroup");
  EXPECT_STREQ(mixed.subgroup<ValueError>()->name(), "ExceptionGroup");  // as BaseExceptionGroup(...) chooses in Python
}

TEST(exception_group, except_star_gives_each_clause_its_part) {
  std::vector<std::string> seen;
  ExceptStar clauses(an(ExceptionGroup("g", {an(ValueError("1")), an(OSError("2")), an(TypeError("3"))})));
  clauses.on<ValueError>([&](const ExceptionGroup& g) { seen.push_back(shape(std::make_exception_ptr(g))); })
      .on<OSError, ValueError>([&](const auto& g) { seen.push_back(shape(std::make_exception_ptr(g))); });
  EXPECT_EQ(seen, (std::vector<std::string>{"g[ValueError: 1]", "g[OSError: 2]"}));
  EXPECT_EQ(shape(clauses.rest()), "g[TypeError: 3]");
  EXPECT_EQ(ending_of([&] { clauses.finish(); }), "ExceptionGroup: g (1 sub-exception)");
}

// Each as CPython 3.13 ends it.
TEST(exception_group, except_star_raises_what_pythons_raises) {
  const auto run = [](std::exception_ptr e) {
    return shape(ExceptStar(std::move(e))
                     .on<ValueError>([](const ExceptionGroup&) { throw TypeError("new"); })
                     .on<OSError>([](const ExceptionGroup&) { throw; })
                     .rest());
  };
  EXPECT_EQ(run(an(ValueError("n"))), "TypeError: new");
  EXPECT_EQ(run(an(asyncio::EOFError("n"))), "EOFError: n");
  EXPECT_EQ(run(an(OSError("5"))), "[OSError: 5]");
  const auto v = an(ValueError("1")), o = an(OSError("2")), k = an(asyncio::EOFError("3"));
  EXPECT_EQ(run(an(ExceptionGroup("g", {v, o, k}))), "[TypeError: new, g[OSError: 2, EOFError: 3]]");
  EXPECT_EQ(run(an(ExceptionGroup("g", {o, k}))), "g[OSError: 2, EOFError: 3]");
  EXPECT_EQ(run(an(ExceptionGroup("g", {o}))), "g[OSError: 2]");
  EXPECT_EQ(run(an(ExceptionGroup("g", {v}))), "TypeError: new");
  EXPECT_EQ(run(an(ExceptionGroup("g", {v, o}))), "[TypeError: new, g[OSError: 2]]");
  EXPECT_EQ(run(nullptr), "-");
  EXPECT_EQ(shape(asyncio::except_star<ValueError>(an(ExceptionGroup("g", {v, o})), [](const auto&) {})),
            "g[OSError: 2]");
}

TEST(exception_group, prints_as_pythons_does) {
  const ExceptionGroup group("m",
                             {an(ValueError("a")), an(ExceptionGroup("in", {an(TypeError("b")), an(OSError(1, "x"))})),
                              an(asyncio::EOFError("k"))});
  EXPECT_EQ(format_exception(an(group)),
            "  | ExceptionGroup: m (3 sub-exceptions)\n"
            "  +-+---------------- 1 ----------------\n"
            "    | ValueError: a\n"
            "    +---------------- 2 ----------------\n"
            "    | ExceptionGroup: in (2 sub-exceptions)\n"
            "    +-+---------------- 1 ----------------\n"
            "      | TypeError: b\n"
            "      +---------------- 2 ----------------\n"
            "      | OSError: [Errno 1] x\n"
            "      +------------------------------------\n"
            "    +---------------- 3 ----------------\n"
            "    | EOFError: k\n"
            "    +------------------------------------");
  EXPECT_EQ(format_exception(an(ExceptionGroup("out", {an(ExceptionGroup("in", {an(TypeError("two\nlines"))}))}))),
            "  | ExceptionGroup: out (1 sub-exception)\n"
            "  +-+---------------- 1 ----------------\n"
            "    | ExceptionGroup: in (1 sub-exception)\n"
            "    +-+---------------- 1 ----------------\n"
            "      | TypeError: two\n"
            "      | lines\n"
            "      +------------------------------------");
  const std::string many = format_exception(an(ExceptionGroup("m", std::vector(17, an(ValueError("v"))))));
  EXPECT_TRUE(
      many.ends_with("    +---------------- 15 ----------------\n"
                     "    | ValueError: v\n"
                     "    +---------------- ... ----------------\n"
                     "    | and 2 more exceptions\n"
                     "    +------------------------------------"))
      << many;
  EXPECT_EQ(format_exception(an(ValueError("v"))), "ValueError: v");
}

// X6.
IN_BOTH_DOORS(exception_group, of_a_thousand_failing_tasks_has_each_exception_once) {
  std::exception_ptr error;
  try {
    co_await asyncio::task_group([](asyncio::TaskGroup& tg) -> Coro<> {
      for (int i = 0; i < 1000; ++i) {
        tg.create_task([](int n) -> Coro<> {
          try {
            co_await asyncio::sleep(1 + n % 7);  // when all have begun
          } catch (const CancelledError&) {      // a failure of its own, like the first one's
          }
          throw ValueError(std::to_string(n));
        }(i));
      }
      co_return;
    });
  } catch (...) {
    error = std::current_exception();
  }
  EXPECT_EQ(describe(error), "ExceptionGroup: unhandled errors in a TaskGroup (1000 sub-exceptions)");
  std::set<std::string> texts;
  ExceptStar(error).on<ValueError>([&](const ExceptionGroup& group) {
    for (const auto& e : group.exceptions()) texts.insert(describe(e));
  });
  EXPECT_EQ(texts.size(), 1000u);
}

// --- TaskGroup.cancel ---

IN_BOTH_DOORS(task_group_cancel, ends_the_block_without_an_error) {
  Log log;
  co_await asyncio::task_group([&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task([&]() -> Coro<> {
      try {
        co_await asyncio::sleep(100);
      } catch (const CancelledError&) {
        log("task");
        throw;
      }
    });
    co_await settle();
    tg.cancel();
    tg.cancel();
    try {
      co_await asyncio::sleep(100);
    } catch (const CancelledError&) {
      log("body");
      throw;
    }
  });
  EXPECT_EQ(log.sorted(), (Entries{"body", "task"}));
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  co_await asyncio::sleep(0);  // nothing is owed
}

IN_BOTH_DOORS(task_group_cancel, by_one_of_its_tasks_while_the_block_waits) {
  bool slept = false;
  co_await asyncio::task_group([&](asyncio::TaskGroup& tg) {
    tg.create_task([&]() -> Coro<> {
      co_await asyncio::sleep(100);
      slept = true;
    });
    tg.create_task([&tg]() -> Coro<> {
      co_await asyncio::sleep(1);
      tg.cancel();
    });
  });
  EXPECT_FALSE(slept);
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  EXPECT_LT(now(), 50.0);
}

IN_BOTH_DOORS(task_group_cancel, keeps_the_errors_of_its_tasks) {
  const std::string how = co_await ending(asyncio::task_group([](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task([]() -> Coro<> {
      try {
        co_await asyncio::sleep(100);
      } catch (const CancelledError&) {
        throw ValueError("while leaving");
      }
    });
    co_await settle();
    tg.cancel();
  }));
  EXPECT_EQ(how, "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)");
}

IN_BOTH_DOORS(task_group_cancel, takes_no_more_tasks) {
  co_await asyncio::task_group([](asyncio::TaskGroup& tg) -> Coro<> {
    tg.cancel();
    const std::string how = ending_of([&] { return tg.create_task(settle()); });
    EXPECT_TRUE(how.starts_with("RuntimeError: TaskGroup <TaskGroup") && how.ends_with("> is shutting down")) << how;
    co_return;
  });
}

IN_BOTH_DOORS(task_group_cancel, leaves_a_cancel_from_outside_alone) {
  auto outer = asyncio::create_task([]() -> Coro<> {
    co_await asyncio::task_group([](asyncio::TaskGroup& tg) -> Coro<> {
      tg.cancel();
      asyncio::current_task().cancel();
      co_await asyncio::sleep(100);
    });
  });
  const std::string how = co_await ending(outer);
  EXPECT_EQ(how, "CancelledError");
}
