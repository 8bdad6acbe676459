// fork_join as two calls.
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = fork_join::parse(argc, argv);
  for (const long forks : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < forks; ++i) sum += fork_join::leaf(i) + fork_join::leaf(i + 1);
    if (forks == o.size) fork_join::report(o, watch.read(), sum);
  }
}
