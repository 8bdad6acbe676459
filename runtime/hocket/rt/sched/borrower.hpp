// Somebody who has use for workers that would sleep: the scheduler lends them, and asks for them back when it has work.
//
// A lent worker stays in the list of sleepers, at its end. It is called like any sleeper, and the call reaches it
// through its borrower. README.md, "Lending". Calls: help(): the worker it names.  recall(): any thread.
#pragma once

namespace hocket::rt {

class borrower {
 public:
  borrower() = default;
  borrower(const borrower&) = delete;
  borrower& operator=(const borrower&) = delete;
  virtual ~borrower() = default;

  /// Works for the borrower on the calling thread, worker `index`, until recall(index), or until there is nothing to
  /// do. Posts made meanwhile go where a busy worker's go. May return early for any reason.
  virtual void help(unsigned index) noexcept = 0;

  /// Makes help(index) return soon, also when it only now begins. At most once a loan.
  virtual void recall(unsigned index) noexcept = 0;
};

}  // namespace hocket::rt
