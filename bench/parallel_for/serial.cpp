// parallel_for as a plain loop on one thread.
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = collatz::parse(argc, argv);
  for (const long n : o.passes()) {
    std::vector<std::uint32_t> found(static_cast<std::size_t>(n));
    const bench::stopwatch watch;
    for (long i = 0; i < n; ++i) found[static_cast<std::size_t>(i)] = collatz::at(i);
    if (n == o.size) collatz::report(o, watch.read(), found);
  }
}
