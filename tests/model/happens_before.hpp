// Happens-before, counted: vector clocks for threads and atomics, as ThreadSanitizer keeps them, but over every order
// that the explorer tries. Plain data is a model_plain; an access that is not ordered after the last one fails the run
// as a data race.
//
// So acquire and release matter here although values are always read fresh. After: C. Flanagan, S. N. Freund,
// "FastTrack", PLDI 2009; release sequences as in C++20: continued by read-modify-writes only.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace hocket::model {

inline constexpr unsigned max_threads = 8;

struct vector_clock {
  std::array<std::uint32_t, max_threads> at{};

  void join(const vector_clock& other) noexcept {
    for (unsigned i = 0; i < max_threads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
};

constexpr bool acquires(std::memory_order o) noexcept {
  return o == std::memory_order_acquire || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}
constexpr bool releases(std::memory_order o) noexcept {
  return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

/// Who touched a piece of plain data last.
struct plain_history {
  unsigned writer = 0;
  std::uint32_t written_at = 0;  // 0: before the run
  vector_clock reads;
};

namespace hooks {

vector_clock& own_clock();                              // of the running thread
void tick();                                            // after a release: what follows is later
void plain_access(plain_history& history, bool write);  // fails the run when it races

}  // namespace hooks

/// Plain data that the object under test must publish: in a program it would be an ordinary member.
template <class T>
class model_plain {
 public:
  model_plain() = default;
  model_plain(T value) : value_(value) {}
  model_plain& operator=(T value) {
    hooks::plain_access(history_, true);
    value_ = value;
    return *this;
  }
  operator T() const {
    hooks::plain_access(history_, false);
    return value_;
  }

 private:
  T value_{};
  mutable plain_history history_;
};

}  // namespace hocket::model
