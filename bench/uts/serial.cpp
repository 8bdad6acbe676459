// uts as a plain recursion on one thread.
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = uts::parse(argc, argv);
  for (const long depth : uts::passes(o)) {
    const bench::stopwatch watch;
    const long nodes = uts::count_serially(uts::root, depth);
    if (depth == o.size) uts::report(o, watch.read(), nodes);
  }
}
