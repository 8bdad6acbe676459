// What the programs of the micro benches share: the same function names in each file, one program for each runtime, and
// Google Benchmark to measure. The workloads are the names: tools/bench runs `program --benchmark_filter=^name$`.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

namespace micro {

inline constexpr int batch = 64;  // items that go in before they come out again

/// Names the operation that a figure is of, where an iteration does several.
inline void per_item(benchmark::State& state, int items = batch) {
  state.SetItemsProcessed(state.iterations() * items);
}

/// Frames of four sizes, as a program's coroutines have them.
inline constexpr std::size_t frame_sizes[] = {96, 160, 256, 400};

inline constexpr int armed = 1000;  // timers that wait meanwhile

/// Deadlines that arrive in no order, the same for all.
inline std::vector<long> deadlines(int count) {
  std::vector<long> times;
  unsigned long x = 1;
  for (int i = 0; i < count; ++i)
    times.push_back(1 + static_cast<long>((x = x * 6364136223846793005u + 1442695040888963407u) >> 40));
  return times;
}

/// Every program but hocket's.
inline int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace micro
