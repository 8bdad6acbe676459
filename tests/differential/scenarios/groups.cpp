#include "scenario.hpp"

using namespace differential;
using asyncio::BaseExceptionGroup;
using asyncio::ExceptionGroup;
using asyncio::ExceptStar;
using asyncio::RuntimeError;
using asyncio::TaskGroup;
using asyncio::TypeError;
using asyncio::ValueError;

namespace {
template <class E>
std::exception_ptr one(const char* text) {
  return std::make_exception_ptr(E(text));
}

ExceptionGroup tree() {
  const ExceptionGroup inner("inner", {one<ValueError>("c"), one<TypeError>("d")});
  return ExceptionGroup("outer", {one<ValueError>("a"), one<RuntimeError>("b"), std::make_exception_ptr(inner)});
}
std::exception_ptr thrown_tree() { return std::make_exception_ptr(tree()); }

std::string shown(const ExceptionGroup& group) { return describe(std::make_exception_ptr(group)); }
std::string shown(const std::optional<ExceptionGroup>& part) { return part ? shown(*part) : "None"; }

template <class Parts>
void say_parts(const Parts& parts) {
  say(shown(parts.first));
  say(shown(parts.second));
}

std::string text_of_error(const std::exception_ptr& e) {
  const std::string all = asyncio::describe(e);
  const auto colon = all.find(": ");
  return colon == std::string::npos ? "" : all.substr(colon + 2);
}
}  // namespace

SCENARIO(split_by_one_type) {
  say_parts(tree().split<ValueError>());
  co_return;
}

SCENARIO(split_by_several_types) {
  say_parts(tree().split<TypeError, RuntimeError>());
  co_return;
}

SCENARIO(split_by_a_condition) {
  say_parts(tree().split([](const std::exception_ptr& e) {
    const auto text = text_of_error(e);
    return text == "a" || text == "d";
  }));
  co_return;
}

SCENARIO(split_where_none_is_meant) {
  say_parts(tree().split<asyncio::KeyError>());
  co_return;
}

SCENARIO(split_where_all_are_meant) {
  say_parts(tree().split<asyncio::Exception>());
  co_return;
}

SCENARIO(a_condition_that_means_a_whole_group) {
  say_parts(tree().split([](const std::exception_ptr& e) {
    try {
      std::rethrow_exception(e);
    } catch (const ExceptionGroup& group) {
      return group.message() == "inner";
    } catch (...) {
      return false;
    }
  }));
  co_return;
}

SCENARIO(subgroups) {
  say(shown(tree().subgroup<ValueError>()));
  say(shown(tree().subgroup<TypeError>()));
  say(shown(tree().subgroup<asyncio::KeyError>()));
  say(shown(tree().subgroup([](const std::exception_ptr& e) { return text_of_error(e) == "b"; })));
  co_return;
}

SCENARIO(texts_of_groups) {
  const auto group = tree();
  say(group.message(), group.exceptions().size(), group.what());
  say(ExceptionGroup("one", {one<ValueError>("x")}).what());
  co_return;
}

SCENARIO(groups_that_cannot_be) {
  say(how_of([] { ExceptionGroup("empty", {}); }));
  say(how_of([] { ExceptionGroup("nested", {std::make_exception_ptr(CancelledError())}); }));
  say(describe(
      asyncio::make_exception_group("base", {std::make_exception_ptr(CancelledError()), one<ValueError>("x")})));
  try {
    std::rethrow_exception(asyncio::make_exception_group("base", {one<ValueError>("x")}));
  } catch (const ExceptionGroup& group) {
    say(group.name());
  }
  co_return;
}

SCENARIO(clauses_in_a_row) {
  auto body = []() -> Coro<> {
    ExceptStar(thrown_tree())
        .on<ValueError>([](const ExceptionGroup& values) { say("values", shown(values)); })
        .on<TypeError>([](const ExceptionGroup& types) { say("types", shown(types)); })
        .finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(a_clause_for_two_types) {
  auto body = []() -> Coro<std::string> {
    ExceptStar(thrown_tree())
        .on<ValueError, TypeError>([](const ExceptionGroup& both) { say("both", shown(both)); })
        .on<RuntimeError>([](const ExceptionGroup& rest) { say("rest", shown(rest)); })
        .finish();
    co_return "handled";
  };
  say(co_await how(body()));
}

SCENARIO(a_clause_for_a_single_exception) {
  auto body = []() -> Coro<std::string> {
    ExceptStar(one<ValueError>("alone"))
        .on<ValueError>([](const ExceptionGroup& values) { say("values", shown(values)); })
        .finish();
    co_return "handled";
  };
  say(co_await how(body()));
}

SCENARIO(a_single_exception_that_no_clause_takes) {
  auto body = []() -> Coro<> {
    ExceptStar(one<ValueError>("alone")).on<TypeError>([](const ExceptionGroup&) { say("never"); }).finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(a_clause_that_raises) {
  auto body = []() -> Coro<> {
    ExceptStar(thrown_tree()).on<ValueError>([](const ExceptionGroup&) { throw asyncio::KeyError("'new'"); }).finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(two_clauses_that_raise) {
  auto body = []() -> Coro<> {
    ExceptStar(thrown_tree())
        .on<ValueError>([](const ExceptionGroup&) { throw RuntimeError("one"); })
        .on<TypeError>([](const ExceptionGroup&) { throw RuntimeError("two"); })
        .on<RuntimeError>([](const ExceptionGroup&) { say("handled"); })
        .finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(a_clause_that_raises_again) {
  auto body = []() -> Coro<> {
    ExceptStar(thrown_tree())
        .on<ValueError>([](const ExceptionGroup&) { throw; })
        .on<TypeError>([](const ExceptionGroup&) { say("types are handled"); })
        .finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(clauses_round_a_task_group) {
  auto cleanup_fails = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    throw RuntimeError("cleanup");
  };
  auto group = [&](TaskGroup& tg) {
    tg.create_task(fail_after(1, "first"));
    tg.create_task(cleanup_fails());
  };
  auto body = [&]() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::task_group(group));
    ExceptStar(result.error()).on<ValueError>([](const ExceptionGroup& values) { say(shown(values)); }).finish();
  };
  say(co_await how(body()));
}

SCENARIO(groups_within_groups_of_tasks) {
  auto inner_body = [](TaskGroup& tg) {
    tg.create_task(fail_after(1, "a"));
    tg.create_task(fail_after(1, "b"));
  };
  auto inner = [&]() -> Coro<> { co_await asyncio::task_group(inner_body); };
  auto outer_body = [&](TaskGroup& tg) {
    tg.create_task(inner);
    tg.create_task(fail_after(1, "c"));
  };
  auto outer = [&]() -> Coro<> { co_await asyncio::task_group(outer_body); };
  say(co_await how(outer()));
}

SCENARIO(a_task_that_ends_as_cancelled_by_itself) {
  auto leave = []() -> Coro<> {
    co_await asyncio::sleep(1);
    throw CancelledError("not a request");
  };
  auto sibling = []() -> Coro<> {
    co_await asyncio::sleep(2);
    say("sibling ends");
  };
  Task<> task;
  auto body = [&](TaskGroup& tg) {
    task = tg.create_task(leave());
    tg.create_task(sibling());
  };
  co_await asyncio::task_group(body);
  say(task.cancelled());
}
