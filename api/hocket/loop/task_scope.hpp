// The tasks that must not outlive a `parallel`: it counts them in and out, and its end waits for the last.
#pragma once

#include <atomic>
#include <cstdint>

#include <hocket/loop/future.hpp>

namespace hocket {

class task_scope {
 public:
  explicit task_scope(Future<> empty) : empty_(std::move(empty)) {}

  void enter() noexcept { inside_.fetch_add(1, rt::relaxed); }  // order: whoever enters a task is inside
  /// Ends the wait for emptiness when it was the last.
  void leave() noexcept {
    // order: V1: what a task did is seen by who waits for the scope's end; pairs with itself.
    if (inside_.fetch_sub(1, rt::acq_rel) == 1) empty_.try_set_result();
  }
  const Future<>& empty() const noexcept { return empty_; }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: V2: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 private:
  ~task_scope() = default;

  std::atomic<std::uint32_t> inside_{0};
  mutable std::atomic<std::uint32_t> refs_{1};
  Future<> empty_;
};

}  // namespace hocket
