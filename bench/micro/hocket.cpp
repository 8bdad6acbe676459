// The runtime's own objects, each alone, on a worker's thread, which is where frames come from a pool.
#include <hocket/hocket.hpp>

#include <array>
#include <atomic>
#include <source_location>
#include <thread>

#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/task.hpp>
#include <hocket/rt/coro/frame_pool.hpp>
#include <hocket/rt/coro/task_word.hpp>
#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/fork_deque.hpp>
#include <hocket/rt/queue/inbox.hpp>
#include <hocket/rt/queue/injection_queue.hpp>
#include <hocket/rt/queue/next_slot.hpp>
#include <hocket/rt/queue/ready_queue.hpp>
#include <hocket/rt/sched/poll_clock.hpp>
#include <hocket/rt/sched/run_meter.hpp>
#include <hocket/rt/time/timer_heap.hpp>

#include "micro.hpp"

namespace {

namespace rt = hocket::rt;

struct item : rt::runnable {
  void run() noexcept override {}
};
using items = std::array<item, micro::batch>;

// One worker's fork deque: the owner's end, and a thief's.
void micro_deque(benchmark::State& state) {
  rt::fork_deque<rt::runnable> deque;
  items all;
  for (auto _ : state) {
    for (item& each : all) deque.owner().push(each);
    while (deque.owner().pop() != nullptr) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_deque);

void micro_deque_steal(benchmark::State& state) {
  rt::fork_deque<rt::runnable> deque;
  items all;
  for (auto _ : state) {
    for (item& each : all) deque.owner().push(each);
    while (deque.thief().steal()) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_deque_steal);

void micro_ready_queue(benchmark::State& state) {
  rt::ready_queue<rt::runnable> queue;
  items all;
  for (auto _ : state) {
    for (item& each : all) queue.owner().push(each);
    while (queue.owner().pop() != nullptr) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_ready_queue);

// The queue that any thread pushes to and any worker takes from.
void micro_queue(benchmark::State& state) {
  rt::injection_queue<> queue;
  items all;
  for (auto _ : state) {
    for (item& each : all) queue.push(each);
    while (queue.pop() != nullptr) {
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue);

rt::injection_queue<> shared;

void micro_queue_2_threads(benchmark::State& state) {
  items all;
  std::array<rt::runnable*, micro::batch> mine;
  for (int i = 0; i < micro::batch; ++i) mine[static_cast<std::size_t>(i)] = &all[static_cast<std::size_t>(i)];
  for (auto _ : state) {
    for (rt::runnable* each : mine) shared.push(*each);
    for (rt::runnable*& each : mine) {  // whosever they are: both threads end together
      while ((each = shared.pop()) == nullptr) {
      }
    }
  }
  micro::per_item(state);
}
BENCHMARK(micro_queue_2_threads)->Threads(2)->UseRealTime();

// What others hand to a serial loop, taken out all at once.
void micro_inbox(benchmark::State& state) {
  rt::inbox<> box;
  items all;
  for (auto _ : state) {
    for (item& each : all) box.push(each);
    auto came = box.drain();
    while (came.pop_front() != nullptr) {
    }
    box.try_go_idle();
  }
  micro::per_item(state);
}
BENCHMARK(micro_inbox);

void micro_next_slot(benchmark::State& state) {
  rt::next_slot<> slot;
  item one;
  for (auto _ : state) {
    slot.owner().put(one);
    benchmark::DoNotOptimize(slot.owner().take());
  }
}
BENCHMARK(micro_next_slot);

struct alarm : rt::timer {
  void run() noexcept override {}
};

// What a timeout costs that does not strike: armed among others, and taken back.
void micro_timer_cancel(benchmark::State& state) {
  rt::timer_heap heap;
  std::array<alarm, micro::armed> others;
  const auto times = micro::deadlines(2 * micro::armed);
  std::size_t i = 0;
  for (alarm& each : others) heap.arm(each, times[i++]);
  alarm own;
  for (auto _ : state) {
    heap.arm(own, times[i = i + 1 < times.size() ? i + 1 : 0]);
    heap.cancel(own);
  }
  for (alarm& each : others) heap.cancel(each);
}
BENCHMARK(micro_timer_cancel);

void micro_timer_fire(benchmark::State& state) {
  rt::timer_heap heap;
  std::array<alarm, micro::armed> all;
  const auto times = micro::deadlines(micro::armed);
  for (auto _ : state) {
    std::size_t i = 0;
    for (alarm& each : all) heap.arm(each, times[i++]);
    while (rt::timer* const due = heap.pop_due(rt::never)) due->run();
  }
  micro::per_item(state, micro::armed);
}
BENCHMARK(micro_timer_fire);

void micro_frame(benchmark::State& state) {
  std::array<void*, micro::batch> frames;
  for (auto _ : state) {
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = rt::allocate_frame(micro::frame_sizes[i % 4]);
    for (std::size_t i = 0; i < frames.size(); ++i) rt::free_frame(frames[i], micro::frame_sizes[i % 4]);
  }
  micro::per_item(state);
}
BENCHMARK(micro_frame);

// A task suspends, and is woken.
void micro_task_word(benchmark::State& state) {
  rt::task_word word;
  for (auto _ : state) {
    benchmark::DoNotOptimize(word.settle());
    benchmark::DoNotOptimize(word.wake());
  }
}
BENCHMARK(micro_task_word);

// Another thread is called, and calls back; both sleep meanwhile.
void micro_parker(benchmark::State& state) {
  rt::parker here, there;
  std::atomic<bool> over = false;
  std::thread other([&] {
    while (there.park() && !over) (void)here.unpark();
  });
  for (auto _ : state) {
    (void)there.unpark();
    here.park();
  }
  over = true;
  (void)there.unpark();
  other.join();
}
BENCHMARK(micro_parker)->UseRealTime();

// Whether a worker is to look at sockets, asked between two short tasks.
void micro_poll_clock(benchmark::State& state) {
  rt::poll_clock clock(100 * rt::nanos_per_us);
  for (auto _ : state) benchmark::DoNotOptimize(clock.is_due());
}
BENCHMARK(micro_poll_clock);

// What is noted around each run of a task whose function is known to be short.
void micro_run_meter(benchmark::State& state) {
  rt::run_meter meter(hocket::loop_state::running_here()->sched(), false);
  meter.begin_thread();
  const auto function = rt::hog_book::id_of(std::source_location::current());
  for (int i = 0; i < 64; ++i) {
    meter.begin(&meter, function, {}, false);
    meter.end();
  }
  if (rt::hog_book::record(function).now() != rt::standing::clean)
    state.SkipWithError("was preempted while it was learnt");
  for (auto _ : state) {
    benchmark::DoNotOptimize(meter.begin(&meter, function, {}, false));
    meter.end();
  }
}
BENCHMARK(micro_run_meter);

// A task enters the loop's registry, and leaves it.
void micro_registry(benchmark::State& state) {
  auto& loop = *hocket::loop_state::running_here();
  const auto task = loop.tasks().front();
  for (auto _ : state) {
    loop.remove_task(*task);
    loop.add_task(*task);
    task->future_core::release_ref();
  }
}
BENCHMARK(micro_registry);

hocket::Coro<> all_of_them() {
  benchmark::RunSpecifiedBenchmarks();
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  hocket::run_parallel(all_of_them(), {.workers = 1, .standby = false});
}
