// parallel_invoke: different functions at once, on every core.
#pragma once

#include <tbb/parallel_invoke.h>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/loop/parallel.hpp>
#include <hocket/tbb/on_tbb.hpp>
#include <hocket/tbb/tsan.hpp>

namespace hocket {

template <class F>
void call_as_leaf(F& fn) {
  const tbb_leaf here;
  checkpoint();
  fn();
}

template <class... Fs>
Coro<> invoke_on_tbb(std::tuple<Fs...> functions) {
  auto work = [&functions] {
    const tbb_machinery from_here;
    if constexpr (sizeof...(Fs) == 1) {
      call_as_leaf(std::get<0>(functions));
    } else {
      std::apply([](Fs&... fn) { tbb::parallel_invoke([&fn] { call_as_leaf(fn); }...); }, functions);
    }
  };
  tbb_call_of<void, decltype(work)> call(work);
  co_await call;
}

/// Calls each of the functions once, at once, on the workers; checkpoint() is called before each. Their values are
/// dropped. Suspends. Ends when all have: they may refer to the caller's locals. Cancelled: those that have not begun
/// are not called, and this throws CancelledError when the others have ended. Throws the first thing that one throws.
/// From any task, either door. An extension.
///
///     co_await parallel_invoke([&] { a = left(); }, [&] { b = right(); });
template <class... Fs>
  requires(sizeof...(Fs) > 0 && (std::is_invocable_v<std::decay_t<Fs>&> && ...))
Coro<> parallel_invoke(Fs&&... functions) {
  static_assert(
      (safe_callable<Fs> && ...),
      "g++ before 13 destroys these lambdas twice inside a co_await expression: give each a name first (auto f "
      "= [...] {...};) and pass the name");
  return invoke_on_tbb(std::tuple<std::decay_t<Fs>...>(std::forward<Fs>(functions)...));
}

}  // namespace hocket
