// The C++ side of the differential tests: scenarios run in the serial door under the virtual clock.
//
// A SCENARIO is a coroutine body, a PROGRAM a plain function that opens loops itself; each has its twin of the same
// name in the Python file of the same name. What both call is defined here and, in the same words, in scenario.py.
#pragma once

#include <exception>
#include <hocket/hocket.hpp>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace differential {

namespace asyncio = hocket;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::repr;
using asyncio::Task;
using namespace std::string_literals;

struct registration {
  registration(const char* file, const char* name, Coro<> (*scenario)());
  registration(const char* file, const char* name, void (*program)());
};

/// Appends to the trace: the loop's time, then the text.
void say_line(const std::string& text);

/// A value as Python's str() writes it. What gather gives as a tuple is a list in Python.
template <class T>
std::string text_of(const T& value) {
  return hocket::str(value);
}
template <class... Ts>
std::string text_of(const std::tuple<Ts...>& values) {
  std::string text = "[";
  std::apply([&](const auto&... v) { ((text += (text.size() == 1 ? "" : ", ") + repr(v)), ...); }, values);
  return text + "]";
}

template <class... What>
void say(const What&... what) {
  std::string line;
  ((line += " " + text_of(what)), ...);
  say_line(line);
}

/// "ValueError: text"; without the repr of a task or loop behind it, and a group with its members.
std::string describe(const std::exception_ptr& error);

template <class T>
std::string returned(const T& value) {
  return "returned " + repr(value);
}
template <class... Ts>
std::string returned(const std::tuple<Ts...>& values) {
  return "returned " + text_of(values);
}

/// How an await ends: "returned 1", or the exception. Costs no tick of its own.
template <class Awaitable>
  requires(!asyncio::converts_to_coro<Awaitable>)
Coro<std::string> how(Awaitable awaited) {
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<asyncio::awaited_t<Awaitable>>) {
      co_await std::move(awaited);
      co_return "returned None";
    } else if constexpr (asyncio::is_coro<Awaitable>) {
      co_return returned(co_await std::move(awaited));
    } else {
      co_return returned(co_await awaited);  // a moved handle would take the value away from the others
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_return describe(error);
}
template <asyncio::converts_to_coro Awaitable>
Coro<std::string> how(Awaitable&& awaited) {
  return how(Coro<asyncio::awaited_t<Awaitable>>(std::forward<Awaitable>(awaited)));
}

/// How a plain call ends.
template <class F>
std::string how_of(F&& f) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      f();
      return "returned None";
    } else {
      return returned(f());
    }
  } catch (...) {
    return describe(std::current_exception());
  }
}

template <class T>
Coro<T> after(double delay, T value) {
  co_await asyncio::sleep(delay);
  co_return value;
}
inline Coro<std::string> after(double delay, const char* value) { return after(delay, std::string(value)); }

inline Coro<int> fail_after(double delay, std::string text) {
  co_await asyncio::sleep(delay);
  throw asyncio::ValueError(text);
}

template <class T>
Coro<T> at_once(T value) {
  co_return value;
}

/// Says what becomes of it.
Coro<std::string> worker(std::string name, double delay);

template <class T = int>
asyncio::Future<T> future() {
  return asyncio::get_running_loop().create_future<T>();
}

/// A list of coroutines, which an initializer list cannot hold.
template <class First, class... Rest>
std::vector<Coro<First>> coroutines(Coro<First> first, Rest... rest) {
  std::vector<Coro<First>> all;
  all.push_back(std::move(first));
  (all.push_back(std::move(rest)), ...);
  return all;
}

/// asyncio::run under the virtual clock.
template <class T>
T run(Coro<T> coroutine) {
  return asyncio::run(std::move(coroutine), {.virtual_clock = true});
}

}  // namespace differential

#define SCENARIO(name)                                                                   \
  static ::hocket::Coro<> name();                                                        \
  static const ::differential::registration name##_registration(__FILE__, #name, &name); \
  static ::hocket::Coro<> name()

#define PROGRAM(name)                                                                    \
  static void name();                                                                    \
  static const ::differential::registration name##_registration(__FILE__, #name, &name); \
  static void name()
