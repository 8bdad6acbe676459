// skynet as a plain recursion on one thread.
#include "config.hpp"

namespace {

[[gnu::noinline]] long sum_below(long first, long leaves) {
  if (leaves == 1) return first;
  const long step = leaves / skynet::fan_out;
  long sum = 0;
  for (long i = 0; i < skynet::fan_out; ++i) sum += sum_below(first + i * step, step);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = skynet::parse(argc, argv);
  for (const long leaves : o.passes()) {
    const bench::stopwatch watch;
    const long result = sum_below(0, leaves);
    if (leaves == o.size) skynet::report(o, watch.read(), result);
  }
}
