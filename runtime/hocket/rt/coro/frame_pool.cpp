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
#include <hocket/rt/coro/free_blocks.hpp>
#include <hocket/rt/coro/origins.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {
namespace {

class frame_pool;

using block = free_block<>;

// Small blocks lie close together; larger ones, which a fork-join program touches all over, begin with a cache line.
constexpr std::size_t small_step = alignof(std::max_align_t);  // bytes
constexpr std::size_t small_most = 256;
constexpr std::size_t small_classes = small_most / small_step;
constexpr std::size_t large_step = cache_line;
constexpr std::size_t largest = 2048;
constexpr std::size_t class_count = small_classes + (largest - small_most) / large_step;

constexpr std::size_t slab_size = 64 * 1024;
constexpr std::size_t slabs_per_chunk = 16;  // what is taken from the heap at once; untouched pages cost nothing
constexpr unsigned many_slabs = 4;           // what a pool with fewer keeps for itself while its owner sleeps

static_assert(sizeof(block) <= small_step);

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

// Where the pools have their slabs from.
class slab_source {
 public:
  std::byte* take() {
    const std::lock_guard guard(mutex_);
    if (left_ == 0) {
      chunks_.reserve(chunks_.size() + 1);
      next_ = static_cast<std::byte*>(::operator new(slabs_per_chunk * slab_size, std::align_val_t(slab_size)));
      chunks_.push_back(next_);
      left_ = slabs_per_chunk;
    }
    --left_;
    bytes_taken.fetch_add(slab_size, relaxed);  // order: a statistic
    return std::exchange(next_, next_ + slab_size);
  }

 private:
  std::mutex mutex_;
  std::byte* next_ = nullptr;       // guarded by mutex_
  std::size_t left_ = 0;            // guarded by mutex_: slabs of the last chunk
  std::vector<std::byte*> chunks_;  // guarded by mutex_; never freed: see the header
};

slab_source& slabs() {
  static slab_source* const it = new slab_source;  // outlives every thread
  return *it;
}

// How often a pool has run dry, and the others had little that it could reach.
std::atomic<std::uint32_t> times_asked{0};

class frame_pool {
 public:
  frame_pool() noexcept : older_(newest.load(relaxed)) {
    // order: F3: publishes the pool to gather().
    while (!newest.compare_exchange_weak(older_, this, release, relaxed)) {
    }
  }
  frame_pool(const frame_pool&) = delete;
  frame_pool& operator=(const frame_pool&) = delete;

  // The owner only.
  void* take(std::size_t size_class) {
    block*& list = free_[size_class];
    if (!list) refill(size_class);
    return std::exchange(list, list->next);
  }

  // The owner only.
  void give(void* memory, std::size_t size_class) noexcept {
    auto* const b = ::new (memory) block;
    b->next = std::exchange(free_[size_class], b);
  }

  // Any thread but the owner.
  void give_back(void* memory, std::size_t size_class) noexcept {
    reachable_[size_class].give_back(*::new (memory) block);
  }

  // The owner only, before it sleeps, and now and then: what it has free is there for who asked, or may ask meanwhile.
  void share(bool before_sleep) noexcept {
    // order: a hint; who asks does not wait.
    const auto asked = times_asked.load(relaxed);
    if (asked != std::exchange(answered_, asked) || (before_sleep && has_much_)) leave_out();
  }

  // The owner only.
  void leave_out() noexcept {
    for (std::size_t c = 0; c < class_count; ++c) {
      if (!free_[c] && !(reserve_[c] && take_list(c))) continue;
      reachable_[c].leave_out(*std::exchange(free_[c], nullptr), std::exchange(reserve_[c], nullptr));
    }
  }

 private:
  [[gnu::noinline]] void refill(std::size_t size_class) {
    if (!take_list(size_class)) carve(size_class);
  }

  // False: nothing of this class is free in this pool.
  bool take_list(std::size_t size_class) noexcept {
    if (!reserve_[size_class]) reserve_[size_class] = reachable_[size_class].take_left_out();
    block* list = reserve_[size_class];
    if (list) {
      reserve_[size_class] = list->next_list;
    } else {
      list = reachable_[size_class].take_returned();
    }
    free_[size_class] = list;
    return list;
  }

  void carve(std::size_t size_class) {
    const std::size_t bytes = block_size(size_class);
    if (bytes > small_most) slab_left_ -= slab_left_ % large_step;  // the slab ends on a cache line
    if (slab_left_ < bytes) {
      if (slab_count_ > 0 && gather(size_class) && take_list(size_class)) return;
      begin_slab();
    }
    give(slab_end_ - slab_left_, size_class);
    slab_left_ -= bytes;
  }

  // From the other pools, what can be reached. True: so much that new memory can wait.
  bool gather(std::size_t size_class) noexcept {
    const std::size_t enough = slab_size / block_size(size_class);
    // order: F3: pairs with the making of a pool.
    for (frame_pool* p = newest.load(acquire); p && !has(size_class, enough); p = p->older_) {
      if (p == this) continue;
      add_lists(size_class, p->reachable_[size_class].take_left_out());
      if (block* const list = p->reachable_[size_class].take_returned()) {
        list->next_list = std::exchange(reserve_[size_class], list);
      }
    }
    const bool found = has(size_class, enough);
    has_much_ = has_much_ || found;
    if (!found) times_asked.fetch_add(1, relaxed);  // order: a hint
    return found;
  }

  bool has(std::size_t size_class, std::size_t enough) const noexcept {
    for (const block* list = reserve_[size_class]; list; list = list->next_list) {
      for (const block* b = list; b; b = b->next) {
        if (--enough == 0) return true;
      }
    }
    return false;
  }

  void add_lists(std::size_t size_class, block* lists) noexcept {
    block** end = &reserve_[size_class];  // which has not enough, and therefore few
    while (*end) end = &(*end)->next_list;
    *end = lists;
  }

  void begin_slab() {
    std::byte* const at = slabs().take();
    ::new (at) slab{this};
    slab_end_ = at + slab_size;
    slab_left_ = slab_size - sizeof(slab);
    has_much_ = has_much_ || ++slab_count_ > many_slabs;
  }

  static constinit inline std::atomic<frame_pool*> newest{nullptr};

  std::array<block*, class_count> free_{};
  std::array<block*, class_count> reserve_{};  // lists, linked; while there are any, none is left out
  std::byte* slab_end_ = nullptr;
  std::size_t slab_left_ = 0;
  unsigned slab_count_ = 0;
  std::uint32_t answered_ = 0;  // of times_asked
  bool has_much_ = false;       // many slabs, or what it found with others
  frame_pool* older_;           // of all pools; written once
  alignas(cache_line) std::array<free_blocks<>, class_count> reachable_;
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
    this_thread().housekeeping = [](bool before_sleep) noexcept {
      if (own_pool) own_pool->share(before_sleep);
    };
  }
  pool_hold(const pool_hold&) = delete;
  pool_hold& operator=(const pool_hold&) = delete;
  ~pool_hold() {
    auto& s = shelf();
    const std::lock_guard guard(s.mutex);
    own_pool->leave_out();
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
  shared.pool.share(false);
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
