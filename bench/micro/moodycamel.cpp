// moodycamel's queue that any thread may use. It keeps no order between the items of several producers.
#include <concurrentqueue/concurrentqueue.h>

#include <thread>

#include "micro.hpp"

namespace {

void micro_queue(benchmark::State& state) {
  moodycamel::ConcurrentQueue<void*> queue;
  void* one = &queue;
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) queue.enqueue(one);
    while (queue.try_dequeue(one)) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue);

moodycamel::ConcurrentQueue<void*> shared;

void micro_queue_2_threads(benchmark::State& state) {
  void* one = &shared;
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) shared.enqueue(one);
    for (int i = 0; i < micro::batch; ++i) {
      while (!shared.try_dequeue(one)) {
      }
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue_2_threads)->Threads(2)->UseRealTime();

}  // namespace

int main(int argc, char** argv) { return micro::run(argc, argv); }
