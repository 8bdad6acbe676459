// queue: producers and consumers over a bounded queue. Every producer puts size / pairs numbers, every consumer gets as
// many.
#pragma once

#include "common/bench.hpp"

namespace queue {

struct options : bench::options {
  long pairs = 1;
  long capacity = 1024;
};

inline options parse(int argc, char** argv) {
  options o{bench::parse(argc, argv, 1'000'000)};
  o.pairs = std::max(1L, o.integer("pairs", 1));
  o.capacity = std::max(1L, o.integer("capacity", 1024));
  o.size -= o.size % o.pairs;
  return o;
}

/// `sum` is what the consumers of the whole round got together.
inline void report(const options& o, bench::measure m, long sum) {
  const long each = o.size / o.pairs;
  bench::check(sum == o.pairs * (each * (each - 1) / 2), "queue");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace queue
