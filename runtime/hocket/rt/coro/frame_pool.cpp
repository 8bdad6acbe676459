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
#include <hocket/rt/base/sanitizers.hpp>
#include <hocket/rt/coro/origins.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {
namespace {

class frame_pool;

// Lives in the block itself while that is free.
struct free_block {
  free_block* next;
  std::uint32_t size_class;  // only on the way home: the lists of a pool know theirs
};

// Small blocks lie close together; larger ones, which a fork-join program touches all over, begin with a cache line.
constexpr std::size_t small_step = alignof(std::max_align_t);  // bytes
constexpr std::size_t small_most = 256;
constexpr std::size_t small_classes = small_most / small_step;
constexpr std::size_t large_step = cache_line;
constexpr std::size_t largest = 2048;
constexpr std::size_t class_count = small_classes + (largest - small_most) / large_step;

constexpr std::size_t slab_size = 64 * 1024;
constexpr std::size_t chunk_size = 16 * slab_size;  // what is taken from the heap at once; untouched pages cost nothing

static_assert(sizeof(free_block) <= small_step);

constexpr std::size_t size_class_of(std::size_t bytes) noexcept {
  if (bytes > small_most) return small_classes + (bytes - small_most - 1) / large_step;
  return bytes == 0 ? 0 : (bytes - 1) / small_step;
}

constexpr std::size_t block_size(std::size_t size_class) noexcept {
  if (size_class >= small_classes) return small_most + (size_class - small_classes + 1) * large_step;
  return (size_class + 1) * small_step;
}

// The beginning of a slab.
struct alignas(cache_line) slab {
  frame_pool* home;

  static slab& of(void* block) noexcept {
    constexpr std::uintptr_t offset = slab_size - 1;
    return *reinterpret_cast<slab*>(reinterpret_cast<std::uintptr_t>(block) & ~offset);
  }
};

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
  void give(void* block, std::size_t size_class) noexcept {
    auto* const b = ::new (block) free_block;
    b->next = std::exchange(free_[size_class], b);
  }

  // Any thread but the owner.
  void give_back(void* block, std::size_t size_class) noexcept {
    auto* b = ::new (block) free_block{returned_.load(relaxed), static_cast<std::uint32_t>(size_class)};
    // order: F1: publishes the block and its link to collect().
    while (!returned_.compare_exchange_weak(b->next, b, release, relaxed)) {
    }
  }

 private:
  [[gnu::noinline]] void refill(std::size_t size_class) {
    collect();
    if (!free_[size_class]) carve(size_class);
  }

  // Takes home what other threads have freed.
  void collect() noexcept {
    // order: F1: pairs with the release in give_back().
    for (free_block* b = returned_.exchange(nullptr, acquire); b;) {
      free_block* const following = b->next;
      give(b, b->size_class);
      b = following;
    }
  }

  void carve(std::size_t size_class) {
    const std::size_t bytes = block_size(size_class);
    if (bytes > small_most) slab_left_ -= slab_left_ % large_step;  // the slab ends on a cache line
    if (slab_left_ < bytes) begin_slab();
    give(slab_end_ - slab_left_, size_class);
    slab_left_ -= bytes;
  }

  void begin_slab() {
    if (chunk_left_ == 0) {
      chunks_.reserve(chunks_.size() + 1);
      chunk_at_ = static_cast<std::byte*>(::operator new(chunk_size, std::align_val_t(slab_size)));
      chunks_.push_back(chunk_at_);
      chunk_left_ = chunk_size;
      bytes_taken.fetch_add(chunk_size, relaxed);  // order: a statistic
    }
    ::new (chunk_at_) slab{this};
    chunk_at_ += slab_size;
    slab_end_ = chunk_at_;
    slab_left_ = slab_size - sizeof(slab);
    chunk_left_ -= slab_size;
  }

  std::array<free_block*, class_count> free_{};
  std::byte* slab_end_ = nullptr;
  std::size_t slab_left_ = 0;
  std::byte* chunk_at_ = nullptr;
  std::size_t chunk_left_ = 0;
  std::vector<std::byte*> chunks_;  // never freed: see the header
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

// This thread's, if it is a worker that has made a frame. A plain pointer: reading it asks for no construction.
constinit thread_local frame_pool* own_pool = nullptr;

// A worker thread's hold on its pool: taken from the shelf at the first frame, put back when the thread ends.
class pool_hold {
 public:
  pool_hold() {
    auto& s = shelf();
    const std::lock_guard guard(s.mutex);
    if (s.idle.empty()) {
      s.idle.reserve(++s.made);  // so that putting it back needs no memory
      own_pool = new frame_pool;
    } else {
      own_pool = s.idle.back();
      s.idle.pop_back();
    }
  }
  pool_hold(const pool_hold&) = delete;
  pool_hold& operator=(const pool_hold&) = delete;
  ~pool_hold() {
    auto& s = shelf();
    const std::lock_guard guard(s.mutex);
    s.idle.push_back(std::exchange(own_pool, nullptr));
  }
};

// The pool of all threads that are no workers.
struct outside_pool {
  std::mutex mutex;
  frame_pool pool;  // what its owner may do: guarded by mutex
};

outside_pool& outside() {
  static outside_pool* const it = new outside_pool;  // outlives every thread
  return *it;
}

// What is no larger is taken from a pool without further ado. Debug mode makes it 0: the one comparison that every
// frame needs also finds out whether it is to be noted.
std::atomic<std::size_t> plain_most{largest};

[[maybe_unused]] void* take_from_pool(std::size_t size) {
  if (!own_pool && this_thread().sched) {
    static thread_local const pool_hold hold;
  }
  if (own_pool) return own_pool->take(size_class_of(size));
  auto& shared = outside();
  const std::lock_guard guard(shared.mutex);
  return shared.pool.take(size_class_of(size));
}

[[gnu::noinline]] void* take_otherwise(std::size_t size) {
#if !HOCKET_ASAN
  void* const frame = size <= largest ? take_from_pool(size) : ::operator new(size);
#else
  void* const frame = ::operator new(size);
#endif
  if (origins::are_noted()) origins::note(frame);
  return frame;
}

}  // namespace

// Both are noinline: a coroutine may be resumed on another thread, so the pool's address must not be remembered in one.
[[gnu::noinline]] void* allocate_frame(std::size_t size) {
#if !HOCKET_ASAN
  if (own_pool && size <= plain_most.load(relaxed)) [[likely]]  // order: a setting
    return own_pool->take(size_class_of(size));
#endif
  return take_otherwise(size);
}

[[gnu::noinline]] void free_frame(void* frame, [[maybe_unused]] std::size_t size) noexcept {
#if !HOCKET_ASAN
  if (size <= largest) {
    frame_pool& home = *slab::of(frame).home;
    if (&home == own_pool) {
      home.give(frame, size_class_of(size));
    } else {
      home.give_back(frame, size_class_of(size));
    }
    return;
  }
#endif
  ::operator delete(frame);
}

void note_frames(bool on) noexcept { plain_most.store(on ? 0 : largest, relaxed); }  // order: a setting

std::size_t frame_pool_bytes() noexcept { return bytes_taken.load(relaxed); }  // order: a statistic

}  // namespace hocket::rt
