// matmul: c += a b for matrices of n by n floats, n a power of two: each quarter of c is two products of quarters,
// which follow one another; the four quarters are at once. Blocks of 32 are multiplied by plain loops. After: the
// matmul of the Cilk examples.
#pragma once

#include "common/bench.hpp"

namespace matmul {

inline constexpr long leaf = 32;

inline bench::options parse(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, 1024);
  bench::check(o.size >= leaf && (o.size & (o.size - 1)) == 0, "matmul: --size is a power of two, at least 32");
  return o;
}

/// A square part of a matrix whose rows lie `stride` apart.
struct part {
  float* at;
  long stride;
  part quarter(int row, int column, long half) const { return {at + row * half * stride + column * half, stride}; }
};

inline void multiply_leaf(part a, part b, part c) {
  for (long i = 0; i < leaf; ++i) {
    for (long k = 0; k < leaf; ++k) {
      const float factor = a.at[i * a.stride + k];
      for (long j = 0; j < leaf; ++j) c.at[i * c.stride + j] += factor * b.at[k * b.stride + j];
    }
  }
}

/// Three matrices: a of ones, b with the number of the column in each row, c of zeros.
struct matrices {
  explicit matrices(long size) : n(size), a(count(), 1.f), b(count()), c(count(), 0.f) {
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(static_cast<long>(i) % n % 8);
  }
  part of(std::vector<float>& m) const { return {m.data(), n}; }
  void report(bench::measure m) const {
    for (long i = 0; i < n * n; i += n + 1) {
      bench::check(c[static_cast<std::size_t>(i)] == static_cast<float>(n * (i % n % 8)), "matmul");
    }
    bench::metric("ms", "ms", m.wall * 1e-6);
    bench::metric("cpu_ms", "ms", m.cpu * 1e-6);
  }

  const long n;
  std::vector<float> a, b, c;

 private:
  std::size_t count() const { return static_cast<std::size_t>(n * n); }
};

}  // namespace matmul
