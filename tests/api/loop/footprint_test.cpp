// What a sleeping task weighs: its block and the frame of its coroutine.
#include <hocket/hocket.hpp>
#include <hocket/rt/base/sanitizers.hpp>
#include <hocket/rt/coro/frame_pool.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace {

using hocket::Coro;

constexpr bool frames_on_heap = HOCKET_ASAN;

// On x86-64 and its like: pointers of eight bytes.
static_assert(sizeof(void*) != 8 || sizeof(hocket::task_state<void>) <= 96);
static_assert(sizeof(void*) != 8 || sizeof(hocket::sleep_wait) <= 40);
static_assert(sizeof(void*) != 8 || sizeof(hocket::coro_promise<void>) <= 24);

// Not inlined: a compiler that sees where a frame ends may put it on the stack.
[[gnu::noinline]] Coro<> sleeper(double seconds) { co_await hocket::sleep(seconds); }

// A free block of each size: none is looked for from here on, among those that other threads have given back.
void fill_pool() {
  for (std::size_t size = 16; size <= 1024; size += 16) {
    hocket::rt::free_frame(hocket::rt::allocate_frame(size), size);
  }
}

// The block that a coroutine's frame stands in, in bytes: once it is free, it is the next of its size.
std::size_t block_of(Coro<> coro) {
  const void* const frame = coro.address();
  coro.close();
  for (std::size_t size = 16; size <= 1024; size += 16) {
    void* const block = hocket::rt::allocate_frame(size);
    hocket::rt::free_frame(block, size);
    if (block == frame) return size;
  }
  return 0;
}

TEST(footprint, the_frame_of_a_coroutine_that_sleeps_takes_six_words_beside_the_sleep) {
  if (frames_on_heap) GTEST_SKIP() << "under AddressSanitizer frames come from the heap";
  const auto main = []() -> Coro<std::size_t> {
    fill_pool();
    co_return block_of(sleeper(1));
  };
  const std::size_t bytes = hocket::run(main());
  EXPECT_GT(bytes, sizeof(hocket::sleep_wait));
#if defined(__clang__)
  EXPECT_LE(bytes, 96u);
#else
  EXPECT_LE(bytes, 192u);  // g++ keeps copies of arguments and awaiters
#endif
}

TEST(footprint, a_name_a_message_or_a_scope_changes_neither_number_nor_place_of_a_task) {
  const auto main = []() -> Coro<> {
    auto task = hocket::create_task(sleeper(10));
    const std::string before = task.get_name();
    const auto number = task.state()->id();
    EXPECT_EQ(before, "Task-" + std::to_string(number));
    co_await hocket::sleep(0);
    task.cancel("enough");
    EXPECT_EQ(task.state()->id(), number);
    EXPECT_EQ(task.get_name(), before);
    task.set_name("named");
    EXPECT_EQ(task.state()->id(), number);
    EXPECT_EQ(task.get_name(), "named");
    EXPECT_NE(std::string(task.state()->where().function_name()).find("sleeper"), std::string::npos);
    std::string message;
    try {
      co_await task;
    } catch (const hocket::CancelledError& e) {
      message = e.what();
    }
    EXPECT_EQ(message, "enough");
    EXPECT_EQ(hocket::all_tasks().size(), 1u);
  };
  hocket::run(main(), {.virtual_clock = true});
}

}  // namespace
