// What every future has in common, be it made by create_future(), a task or a gather: its status, its exception and who
// waits.
//
// A result is set once, by whoever moves `pending` to `completing` (of a task: by its end); then the value is written,
// the end is published, and the waiters are fired in the order in which they came (waiter_list.hpp). Firing only
// queues: nothing that waits runs inside set_result().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include <hocket/loop/exceptions.hpp>
#include <hocket/loop/waiter_list.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {

namespace rt {
class task_base;
}

class future_core;
class loop_state;
class awaiting_parties;
struct ExceptionContext;

/// Someone who wants to know when a future is done. Linked at most once; whoever unlinks it decides what follows.
class future_waiter : public waiter_node {
 public:
  /// The future is done. Must only queue; may end this object's life. Called outside locks.
  virtual void fire(future_core& f) noexcept = 0;

  /// Says which task waits by way of it, or which future completes because of it; nothing when none does. With the
  /// list's mutex held: only notes it.
  virtual void tell(awaiting_parties&) const {}

  /// Whether it answers for what the future failed with, until when it is fired.
  virtual bool is_answerable() const noexcept { return true; }

 protected:
  ~future_waiter() = default;
  /// It was taken out for good, or the future died pending. Called outside locks; may end this object's life.
  virtual void drop() noexcept {}

 private:
  friend class future_core;
};

class future_core {
 public:
  future_core(const future_core&) = delete;
  future_core& operator=(const future_core&) = delete;

  bool is_done() const noexcept { return status_.load(rt::acquire) >= status::succeeded; }       // order: U1
  bool is_cancelled() const noexcept { return status_.load(rt::acquire) == status::cancelled; }  // order: U1

  /// Asks for cancellation. False when it is done already. Overridden by tasks and gathers, which pass it on.
  virtual bool cancel(std::string_view message);

  /// Itself, when it is a task.
  virtual rt::task_base* as_task() noexcept { return nullptr; }

  /// The exception, or null. Marks it as seen. Only when done and not cancelled.
  std::exception_ptr take_notice() const noexcept;

  /// The same, also null when it is pending or cancelled, and does not mark it.
  std::exception_ptr peek_exception() const noexcept { return has_failed() ? failure() : nullptr; }

  /// Whether it ended with an exception that is no cancellation. Does not mark it.
  bool has_failed() const noexcept { return status_.load(rt::acquire) == status::failed; }  // order: U1

  /// Throws what this future ended with, if it did not end with a value; InvalidStateError when it is not done.
  void rethrow_failure() const;

  /// False when it is done already: the waiter is not linked.
  bool add_waiter(future_waiter& w) noexcept;
  /// False when it was not linked any more: it has been, or is being, fired.
  bool remove_waiter(future_waiter& w) noexcept;
  /// Takes out and drops those for which `match(w, wanted)` holds; gives how many. Must not end or wait for anything.
  std::size_t drop_waiters(bool (*match)(const future_waiter&, const void*) noexcept, const void* wanted) noexcept;

  /// Lets each that waits say who it is, in the order in which they came. Any thread.
  void tell_waiters(awaiting_parties& to) const;

  /// The loop it belongs to; null when it has none, and for a task that is done. Who asks from outside of the loop
  /// keeps that alive.
  virtual loop_state* loop() const noexcept = 0;

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  /// The same for its creator, while nobody else has it.
  void add_first_ref() const noexcept {
    refs_.store(refs_.load(rt::relaxed) + 1, rt::relaxed);  // order: published with the object
  }
  void release_ref() const noexcept {
    // order: U2: all use happens before the end; pairs with itself. Who holds the only one need not count down.
    if (refs_.load(rt::acquire) == 1 || refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  /// A context for an exception handler: `key` has the repr; and what it failed with, and in debug mode where it was
  /// made.
  ExceptionContext problem(std::string message, const std::string& key) const;

  /// `<Future finished result=...>` without the value, as far as the core knows; in debug mode with ` created at
  /// FILE:LINE`.
  virtual std::string repr() const;

  /// Waits for nothing and changes nothing: whether anybody has looked at the exception.
  bool exception_was_seen() const noexcept { return seen_.load(rt::relaxed); }  // order: a hint for the last report
  void mark_seen() const noexcept { seen_.store(true, rt::relaxed); }           // order: as above

  // --- for those who complete it ---

  /// True: the caller alone may now write the outcome, and must publish it.
  bool begin_completion() noexcept;
  void publish_value() noexcept { publish(status::succeeded); }
  /// `is_answered_for` becomes true when somebody waited who answers for it.
  void publish_exception(std::exception_ptr e, bool* is_answered_for = nullptr) noexcept;
  void publish_cancelled(std::string_view message) noexcept;
  /// With the CancelledError that ended it, whosever that was: its message comes out of every await.
  void publish_cancelled(std::exception_ptr e) noexcept;

 protected:
  future_core() noexcept = default;
  virtual ~future_core();

  /// For the destructors of those that can tell what they are: says so when nobody has looked at the exception.
  void report_unseen_exception() const noexcept;

  /// What it failed with, or its CancelledError. Written once, before the end is published.
  virtual std::exception_ptr& failure() noexcept = 0;

  /// Debug mode: notes who makes it. `is_noted`: the frame pool has done so.
  void note_creation(bool is_noted = false) noexcept;

  virtual const char* type_name() const noexcept { return "Future"; }
  virtual bool is_being_cancelled() const noexcept { return false; }
  virtual std::string repr_details() const { return {}; }

 private:
  enum class status : std::uint8_t { pending, completing, succeeded, failed, cancelled };

  void publish(status s, bool* is_answered_for = nullptr) noexcept;
  const std::exception_ptr& failure() const noexcept { return const_cast<future_core*>(this)->failure(); }
  rt::futex_mutex& waiters_mutex() const noexcept;
  static std::size_t drop_all(future_waiter* first) noexcept;

  mutable std::atomic<std::uint32_t> refs_{1};
  std::atomic<status> status_{status::pending};
  mutable std::atomic<bool> seen_{false};
  bool has_origin_ = false;  // written before others have it
  mutable basic_waiter_list<rt::futex_mutex> waiters_;
};

}  // namespace hocket
