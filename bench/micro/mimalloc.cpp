// mimalloc by its own name.
#include <mimalloc.h>

#include <array>

#include "micro.hpp"

namespace {

void micro_frame(benchmark::State& state) {
  std::array<void*, micro::batch> frames;
  for (auto _ : state) {
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = mi_malloc(micro::frame_sizes[i % 4]);
    for (void* each : frames) mi_free(each);
  }
  micro::per_item(state);
}
BENCHMARK(micro_frame);

}  // namespace

int main(int argc, char** argv) { return micro::run(argc, argv); }
