// A runnable: the one thing that every queue of the runtime carries and every worker runs.
//
// It is a base class: a task, a strand, a fork item and a timer's target each contain one, so that queueing allocates
// nothing. A runnable stands in at most one queue at a time; whoever takes it out owns it until it is queued again.
// `run` may end the object's life: nothing touches a runnable after run() was called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace hocket::rt {

class runnable {
 public:
  constexpr runnable() noexcept = default;
  runnable(const runnable&) = delete;
  runnable& operator=(const runnable&) = delete;

  virtual void run() noexcept = 0;

  // Owned by the queue that holds this runnable; a heap of timers keeps a number there instead of a link.
  union {
    runnable* next = nullptr;
    std::uint64_t number;
  };

 protected:
  ~runnable() = default;
};

/// A FIFO of runnables linked through `next`. One thread at a time.
class runnable_list {
 public:
  runnable_list() = default;
  runnable_list(runnable_list&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  runnable_list& operator=(runnable_list&& other) noexcept {
    head_ = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  runnable* front() const noexcept { return head_; }

  void push_back(runnable& r) noexcept {
    r.next = nullptr;
    (tail_ ? tail_->next : head_) = &r;
    tail_ = &r;
    ++size_;
  }

  void push_front(runnable& r) noexcept {
    r.next = head_;
    head_ = &r;
    if (!tail_) tail_ = &r;
    ++size_;
  }

  /// Null when empty.
  runnable* pop_front() noexcept {
    runnable* r = head_;
    if (!r) return nullptr;
    head_ = r->next;
    if (!head_) tail_ = nullptr;
    r->next = nullptr;
    --size_;
    return r;
  }

  /// Moves all of `other` behind what is here.
  void append(runnable_list&& other) noexcept {
    if (other.empty()) return;
    (tail_ ? tail_->next : head_) = other.head_;
    tail_ = other.tail_;
    size_ += other.size_;
    other = runnable_list();
  }

 private:
  runnable* head_ = nullptr;
  runnable* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hocket::rt
