// parallel_for: the same function for every index of a range, on every core.
#pragma once

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include <hocket/tbb/leaf.hpp>
#include <hocket/tbb/on_tbb.hpp>

namespace hocket {

/// Calls `fn` for one place of a range: with the integer itself, with what an iterator refers to.
template <class F, countable I>
decltype(auto) call_at_place(F& fn, I i) {
  if constexpr (std::integral<I>) {
    return fn(i);
  } else {
    return fn(*i);
  }
}

template <countable I, class F>
Coro<> for_on_tbb(I begin, I end, std::size_t grain, F fn) {
  if (count_between(begin, end) == 0) co_return;
  auto work = [&fn, begin, end, grain] {
    leaf_size size(grain);
    const tbb_machinery from_here;
    const auto leaf = [&fn](const leaf_range<I>& range) {
      range.run([&fn](I from, I to) {
        for (; from != to; ++from) call_at_place(fn, from);
      });
    };
    tbb::parallel_for(leaf_range<I>(begin, end, size), leaf, tbb::simple_partitioner());
  };
  tbb_call_of<void, decltype(work)> call(work);
  co_await call;
}

/// Calls `fn(i)` for every i from `begin` to `end`, which is not included; for iterators `fn(*i)`. At once, in no
/// order, on the workers; `fn` is copied once and then shared, so it must bear to be called by several at once. Pieces
/// of about 100 us are found by measuring; one of at most `grain` indices is not cut further. checkpoint() is called
/// before each.
///
/// Suspends unless the range is empty. Ends when all calls have: `fn` may refer to the caller's locals. Cancelled: no
/// further piece begins, and this throws CancelledError when those that run have ended. Throws the first thing that
/// `fn` throws, and then begins no further piece either. From any task, either door. An extension.
///
///     co_await parallel_for(0, n, [&](int i) { y[i] = f(x[i]); });
template <countable I, class F>
Coro<> parallel_for(I begin, std::type_identity_t<I> end, std::size_t grain, F fn) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return for_on_tbb(begin, end, grain, std::move(fn));
}
template <countable I, class F>
Coro<> parallel_for(I begin, std::type_identity_t<I> end, F fn) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return for_on_tbb(begin, end, 1, std::move(fn));
}

}  // namespace hocket
