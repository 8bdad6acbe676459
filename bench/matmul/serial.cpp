// matmul as a plain recursion on one thread.
#include "config.hpp"

namespace {

void multiply(matmul::part a, matmul::part b, matmul::part c, long n) {
  if (n == matmul::leaf) return matmul::multiply_leaf(a, b, c);
  const long half = n / 2;
  for (const int k : {0, 1}) {
    for (const int i : {0, 1}) {
      for (const int j : {0, 1}) {
        multiply(a.quarter(i, k, half), b.quarter(k, j, half), c.quarter(i, j, half), half);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = matmul::parse(argc, argv);
  matmul::matrices m(o.size);
  const bench::stopwatch watch;
  multiply(m.of(m.a), m.of(m.b), m.of(m.c), o.size);
  m.report(watch.read());
}
