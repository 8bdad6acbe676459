// parallel_reduce: a value of every index of a range, combined into one, on every core.
#pragma once

#include <tbb/parallel_reduce.h>
#include <tbb/partitioner.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include <hocket/tbb/parallel_for.hpp>

namespace hocket {

template <countable I, class T, class F, class Combine>
Coro<T> reduce_on_tbb(I begin, I end, std::size_t grain, T identity, F fn, Combine combine) {
  if (count_between(begin, end) == 0) co_return identity;
  auto work = [&, begin, end, grain]() -> T {
    leaf_size size(grain);
    const tbb_machinery from_here;
    const auto leaf = [&](const leaf_range<I>& range, T so_far) {
      range.run(
          [&](I from, I to) {
            for (; from != to; ++from) so_far = combine(std::move(so_far), call_at_place(fn, from));
          },
          /*after_leaves=*/true);
      return so_far;
    };
    const auto join = [&](T left, T right) -> T {
      const tbb_leaf here(/*after_leaves=*/true);
      return combine(std::move(left), std::move(right));
    };
    return tbb::parallel_reduce(leaf_range<I>(begin, end, size), identity, leaf, join, tbb::simple_partitioner());
  };
  tbb_call_of<T, decltype(work)> call(work);
  co_return co_await call;
}

/// Gives `identity` combined with `fn(i)` for every i from `begin` to `end`, which is not included (for iterators
/// `fn(*i)`): combine(a, b), in the order of the range but grouped in any way, so it must be associative, and
/// combine(identity, x) must equal x. For floating point the grouping, and with it the last digits, vary from call to
/// call. `fn` and `combine` must bear to be called by several at once. Pieces, suspending, cancelling, throwing: as
/// parallel_for. An extension.
///
///     const double sum = co_await parallel_reduce(0, n, 0.0, [&](int i) { return x[i] * y[i]; }, std::plus<>());
template <countable I, class T, class F, class Combine>
Coro<T> parallel_reduce(I begin, std::type_identity_t<I> end, std::size_t grain, T identity, F fn, Combine combine) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  HOCKET_REQUIRE_SAFE_CALLABLE(Combine);
  return reduce_on_tbb(begin, end, grain, std::move(identity), std::move(fn), std::move(combine));
}
template <countable I, class T, class F, class Combine>
Coro<T> parallel_reduce(I begin, std::type_identity_t<I> end, T identity, F fn, Combine combine) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  HOCKET_REQUIRE_SAFE_CALLABLE(Combine);
  return reduce_on_tbb(begin, end, 1, std::move(identity), std::move(fn), std::move(combine));
}

}  // namespace hocket
