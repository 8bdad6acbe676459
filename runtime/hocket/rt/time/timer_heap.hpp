// Timers in exact order: by deadline, then by creation. A 4-ary heap whose entries carry the deadline beside the
// pointer, so that sifting touches no timer but the ones that move and those that share a deadline.
//
// Calls: one thread at a time; the owner says what guards it (a strand, or timer_shard's mutex).
// Whoever takes a timer out of the heap, by pop_due() or by cancel(), owns what follows: exactly one party does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

/// A runnable that a heap holds until its deadline. Then it runs on the thread that found it due, outside every lock,
/// and must be short; or that thread queues it.
class timer : public runnable {
 public:
  bool is_armed() const noexcept { return index_ != out; }

 protected:
  ~timer() = default;

 private:
  friend class timer_heap;
  static constexpr std::uint32_t out = ~std::uint32_t{0};

  std::uint32_t index_ = out;

 public:
  std::uint16_t shard = 0;  // owned by whoever shards timers: which shard holds it
};

class timer_heap {
 public:
  timer_heap() = default;
  timer_heap(const timer_heap&) = delete;
  timer_heap& operator=(const timer_heap&) = delete;

  /// The timer must be out of every heap. May throw std::bad_alloc.
  void arm(timer& t, nanos deadline);

  /// False when the timer is not here: it was popped, and its fire is another's business.
  bool cancel(timer& t) noexcept;

  /// Takes out the earliest timer whose deadline is at most `now`; null when there is none.
  timer* pop_due(nanos now) noexcept;

  /// `never` when empty.
  nanos earliest() const noexcept { return entries_.empty() ? never : entries_.front().deadline; }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

 private:
  static constexpr std::size_t arity = 4;

  struct entry {
    nanos deadline;
    timer* item;
    bool before(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : item->number < other.item->number;
    }
  };

  void place(std::size_t i, const entry& e) noexcept;
  void sift_up(std::size_t i, const entry& e) noexcept;
  void sift_down(std::size_t i, const entry& e) noexcept;
  void remove_at(std::size_t i) noexcept;

  std::vector<entry> entries_;
  std::uint64_t next_number_ = 0;
};

}  // namespace hocket::rt
