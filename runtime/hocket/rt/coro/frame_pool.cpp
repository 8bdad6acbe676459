#include <hocket/rt/coro/frame_pool.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/sched/thread_context.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define HOCKET_FRAMES_ON_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOCKET_FRAMES_ON_HEAP 1
#endif
#endif

namespace hocket::rt {
namespace {

class frame_pool;

// Stands before every block. `next` is used only while the block is free.
struct alignas(std::max_align_t) block {
  frame_pool* home;  // null: from the heap
  std::uint32_t size_class;
};

struct free_block : block {
  free_block* next;
};

constexpr std::size_t class_step = 64;   // bytes
constexpr std::size_t class_count = 32;  // up to 2 KiB, header included
constexpr std::size_t slab_size = 64 * 1024;

constexpr std::size_t size_class_of(std::size_t bytes) noexcept { return (bytes + class_step - 1) / class_step - 1; }

std::atomic<std::size_t> bytes_taken{0};

class frame_pool {
 public:
  // The owner only.
  void* take(std::size_t size_class) {
    free_block*& list = free_[size_class];
    if (!list) refill(size_class);
    return std::exchange(list, list->next);
  }

  // The owner only.
  void give(free_block* b) noexcept { b->next = std::exchange(free_[b->size_class], b); }

  // Any thread but the owner.
  void give_back(free_block* b) noexcept {
    b->next = returned_.load(relaxed);
    // order: F1: publishes the block and its link to collect().
    while (!returned_.compare_exchange_weak(b->next, b, release, relaxed)) {
    }
  }

 private:
  void refill(std::size_t size_class) {
    collect();
    if (!free_[size_class]) carve(size_class);
  }

  // Takes home what other threads have freed.
  void collect() noexcept {
    // order: F1: pairs with the release in give_back().
    for (free_block* b = returned_.exchange(nullptr, acquire); b;) give(std::exchange(b, b->next));
  }

  void carve(std::size_t size_class) {
    const std::size_t bytes = (size_class + 1) * class_step;
    if (slab_left_ < bytes) {
      slabs_.emplace_back(static_cast<std::byte*>(::operator new(slab_size)));
      slab_at_ = slabs_.back();
      slab_left_ = slab_size;
      bytes_taken.fetch_add(slab_size, relaxed);  // order: a statistic
    }
    auto* b = ::new (slab_at_) free_block{{this, static_cast<std::uint32_t>(size_class)}, nullptr};
    slab_at_ += bytes;
    slab_left_ -= bytes;
    give(b);
  }

  std::array<free_block*, class_count> free_{};
  std::byte* slab_at_ = nullptr;
  std::size_t slab_left_ = 0;
  std::vector<std::byte*> slabs_;  // never freed: see the header
  alignas(cache_line) std::atomic<free_block*> returned_{nullptr};
};

// Pools whose threads are gone wait here for the next.
struct pool_shelf {
  std::mutex mutex;
  std::vector<frame_pool*> idle;  // guarded by mutex
  std::size_t made = 0;           // guarded by mutex
};

pool_shelf& shelf() {
  static pool_shelf* const it = new pool_shelf;  // outlives every thread
  return *it;
}

// A worker thread's hold on a pool: taken from the shelf at the first frame, put back when the thread ends.
class pool_hold {
 public:
  frame_pool* get() const noexcept { return pool_; }

  void take() {
    auto& s = shelf();
    const std::lock_guard guard(s.mutex);
    if (s.idle.empty()) {
      s.idle.reserve(++s.made);  // so that putting it back needs no memory
      pool_ = new frame_pool;
    } else {
      pool_ = s.idle.back();
      s.idle.pop_back();
    }
  }

  ~pool_hold() {
    if (!pool_) return;
    auto& s = shelf();
    const std::lock_guard guard(s.mutex);
    s.idle.push_back(std::exchange(pool_, nullptr));
  }

 private:
  frame_pool* pool_ = nullptr;
};

thread_local pool_hold own_pool;

void* heap_block(std::size_t bytes) {
  auto* b = static_cast<block*>(::operator new(bytes));
  b->home = nullptr;
  return b + 1;
}

}  // namespace

// Both are noinline: a coroutine may be resumed on another thread, so the pool's address must not be remembered in one.
[[gnu::noinline]] void* allocate_frame(std::size_t size) {
  const std::size_t bytes = size + sizeof(block);
  [[maybe_unused]] const std::size_t size_class = size_class_of(bytes);
#if !defined(HOCKET_FRAMES_ON_HEAP)
  if (size_class < class_count) {
    if (!own_pool.get() && this_thread().sched) own_pool.take();
    if (frame_pool* pool = own_pool.get()) return static_cast<block*>(pool->take(size_class)) + 1;
  }
#endif
  return heap_block(bytes);
}

[[gnu::noinline]] void free_frame(void* frame, std::size_t) noexcept {
  block* const b = static_cast<block*>(frame) - 1;
  if (!b->home) {
    ::operator delete(b);
  } else if (b->home == own_pool.get()) {
    b->home->give(static_cast<free_block*>(b));
  } else {
    b->home->give_back(static_cast<free_block*>(b));
  }
}

std::size_t frame_pool_bytes() noexcept { return bytes_taken.load(relaxed); }

}  // namespace hocket::rt
