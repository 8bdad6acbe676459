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
  auto o = bench::parse(argc, argv, skynet::default_leaves);
  o.workers = 1;
  bench::measures rounds;
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    const long result = sum_below(0, o.size);
    rounds.push_back(watch.read());
    bench::check(result == skynet::expected(o.size), "skynet");
  }
  skynet::report("serial", o, rounds);
}
