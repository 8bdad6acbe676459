// oneTBB's queue that any thread may use.
#include <tbb/concurrent_queue.h>

#include <thread>

#include "micro.hpp"

namespace {

void micro_queue(benchmark::State& state) {
  tbb::concurrent_queue<void*> queue;
  void* one = &queue;
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) queue.push(one);
    while (queue.try_pop(one)) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue);

tbb::concurrent_queue<void*> shared;

void micro_queue_2_threads(benchmark::State& state) {
  void* one = &shared;
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) shared.push(one);
    for (int i = 0; i < micro::batch; ++i) {
      while (!shared.try_pop(one)) {
      }
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue_2_threads)->Threads(2)->UseRealTime();

}  // namespace

int main(int argc, char** argv) { return micro::run(argc, argv); }
