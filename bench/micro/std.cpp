// What the standard library and the C library have for the same.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <queue>
#include <semaphore>
#include <thread>
#include <unordered_set>

#include "micro.hpp"

// The C library's, also where another allocator is preloaded.
extern "C" void* __libc_malloc(std::size_t) noexcept;
extern "C" void __libc_free(void*) noexcept;

namespace {

class locked_queue {
 public:
  void push(void* item) {
    const std::lock_guard guard(mutex_);
    items_.push_back(item);
  }
  void* pop() {
    const std::lock_guard guard(mutex_);
    if (items_.empty()) return nullptr;
    void* const item = items_.front();
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::deque<void*> items_;
};

void micro_queue(benchmark::State& state) {
  locked_queue queue;
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) queue.push(&queue);
    while (queue.pop() != nullptr) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue);

locked_queue shared;

void micro_queue_2_threads(benchmark::State& state) {
  for (auto _ : state) {
    for (int i = 0; i < micro::batch; ++i) shared.push(&shared);
    for (int i = 0; i < micro::batch; ++i) {
      while (shared.pop() == nullptr) {
      }
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue_2_threads)->Threads(2)->UseRealTime();

// A priority_queue cannot take one back; a multimap can, and allocates.
void micro_timer_cancel(benchmark::State& state) {
  std::multimap<long, void*> timers;
  const auto times = micro::deadlines(2 * micro::armed);
  std::size_t i = 0;
  while (i < micro::armed) timers.emplace(times[i++], nullptr);
  for (auto _ : state) {
    timers.erase(timers.emplace(times[i = i + 1 < times.size() ? i + 1 : 0], nullptr));
  }
}
BENCHMARK(micro_timer_cancel);

void micro_timer_fire(benchmark::State& state) {
  struct alarm {
    long deadline;
    long sequence;
    void* item;
    bool operator<(const alarm& other) const {  // the earliest is the greatest
      return deadline != other.deadline ? deadline > other.deadline : sequence > other.sequence;
    }
  };
  std::priority_queue<alarm> timers;
  const auto times = micro::deadlines(micro::armed);
  long sequence = 0;
  for (auto _ : state) {
    for (const long due : times) timers.push({due, sequence++, nullptr});
    for (; !timers.empty(); timers.pop()) benchmark::DoNotOptimize(timers.top().item);
  }
  micro::per_item(state, micro::armed);
}
BENCHMARK(micro_timer_fire);

void micro_frame(benchmark::State& state) {
  std::array<void*, micro::batch> frames;
  for (auto _ : state) {
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = __libc_malloc(micro::frame_sizes[i % 4]);
    for (void* each : frames) __libc_free(each);
  }
  micro::per_item(state);
}
BENCHMARK(micro_frame);

void micro_parker(benchmark::State& state) {
  std::binary_semaphore here(0), there(0);
  std::atomic<bool> over = false;
  std::thread other([&] {
    for (there.acquire(); !over; there.acquire()) here.release();
  });
  for (auto _ : state) {
    there.release();
    here.acquire();
  }
  over = true;
  there.release();
  other.join();
}
BENCHMARK(micro_parker)->UseRealTime();

// The clock that would have to be read otherwise.
void micro_poll_clock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(micro_poll_clock);

void micro_registry(benchmark::State& state) {
  std::unordered_set<void*> all;
  std::mutex mutex;
  for (auto _ : state) {
    {
      const std::lock_guard guard(mutex);
      all.insert(&all);
    }
    const std::lock_guard guard(mutex);
    all.erase(&all);
  }
}
BENCHMARK(micro_registry);

}  // namespace

int main(int argc, char** argv) { return micro::run(argc, argv); }
