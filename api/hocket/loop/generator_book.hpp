// The async generators of a loop: what closes those that are left.
//
// An AsyncGenerator is an object of C++: who drops it ends its frame, and so what its body holds, at once. Its loop
// keeps track of it from its first step on, for three things that need a task: aclose(), the end of those that are
// still held when the loop is closed, and of those that asked to be closed by their loop (closed_by_loop). README.md
// says why only those.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/coro/promise.hpp>

namespace hocket {

class generator_book;
class loop_state;

/// What the promise of every async generator has, whatever it yields.
class async_generator_base : public rt::promise_base, public rt::list_node<async_generator_base> {
 public:
  /// Where it stands, for those who want to run it. The owner's.
  enum class stage : std::uint8_t {
    fresh,  // it has not begun
    begun,
    closed,  // it was closed: it gives no more values, unless it caught the GeneratorExit and yielded again
  };

  stage where_it_stands() const noexcept { return stage_; }
  void stand_at(const std::source_location& where) noexcept { promise_base::stand_at(where, true); }
  bool is_over() const noexcept { return self_.done() || (stage_ == stage::closed && !has_begun_); }

  /// Whether somebody awaits its next value. Exact for tasks of one serial loop; for tasks that run at the same time,
  /// which may not share a generator, it only helps to find the mistake.
  bool is_running() const noexcept { return running_.load(rt::relaxed); }

  /// For the awaiters, when no value is left: the body runs on in the consumer's task.
  rt::transfer_result advance(rt::task_base& task, std::coroutine_handle<> self,
                              std::coroutine_handle<> consumer) noexcept {
    if (!has_begun_) [[unlikely]]
      note_begin(task);
    running_.store(true, rt::relaxed);  // order: see is_running()
    consumer_ = consumer;
    begin(task, consumer);
    return rt::transfer(task, self);
  }
  /// The co_yield at which it stands is to throw.
  void throw_at_yield(std::exception_ptr e) noexcept { error_ = std::move(e); }

  void rethrow_error() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

  /// aclose() begins: throws RuntimeError when it runs. False when there is nothing to run.
  bool begin_close();
  /// Its end: throws what the body threw instead of ending, and when it yielded instead.
  void finish_close();
  /// athrow() begins: the same; what is thrown into a body that has not begun is left for rethrow_error().
  bool begin_throw(std::exception_ptr e);

  /// advance() for those who do not know what it yields.
  rt::transfer_result go_on(rt::task_base& task, std::coroutine_handle<> consumer) noexcept {
    reset_value();
    return advance(task, self_, consumer);
  }

  /// Who dropped it has its loop close it, if it can.
  void close_by_loop() noexcept { closes_by_loop_ = true; }

  /// Its owner lets go: it ends now, or, when `may_hand_over`, is closed by the loop that it asked for that.
  void drop(bool may_hand_over) noexcept;

  /// "<async_generator object ticks at 0x7f...>".
  std::string repr() const;

  void return_void() noexcept { running_.store(false, rt::relaxed); }  // order: see is_running()
  void unhandled_exception() noexcept {
    running_.store(false, rt::relaxed);  // order: as above
    error_ = std::current_exception();   // not the base's: it is thrown once
  }

 protected:
  async_generator_base() = default;
  ~async_generator_base() = default;

  /// `reset` forgets the value; gives whether there was one.
  void made(std::coroutine_handle<> self, const std::source_location& where,
            bool (*reset)(async_generator_base&) noexcept) noexcept {
    self_ = self;
    function_ = where;
    reset_ = reset;
    stand_at(where);
  }

  /// Control goes back to whoever asked.
  rt::transfer_result yield() noexcept {
    running_.store(false, rt::relaxed);  // order: see is_running()
    return rt::transfer(*task(), consumer_);
  }
  void throw_if_asked() {
    if (error_) [[unlikely]]
      std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  friend class generator_book;
  friend class taken_generator;

  void note_begin(rt::task_base& task) noexcept;
  bool reset_value() noexcept { return reset_(*this); }

  std::coroutine_handle<> self_;
  std::coroutine_handle<> consumer_;
  bool (*reset_)(async_generator_base&) noexcept =
      nullptr;                // no virtual function: a promise_base comes first in a frame
  std::exception_ptr error_;  // of the body, or what is to be thrown into it
  std::source_location function_;
  std::uint64_t number_ = 0;    // in the order of the first steps
  loop_state* loop_ = nullptr;  // guarded by its shard's mutex, as those below; not null: it stands in the shard's list
  bool taken_ = false;          // a task closes it; it destroys what was dropped meanwhile
  bool dropped_ = false;
  bool has_begun_ = false;  // the owner's, as those below
  bool closes_by_loop_ = false;
  stage stage_ = stage::fresh;
  std::atomic<bool> running_{false};
};

/// One that a task is to close. Not taken any more at the end, and destroyed when its owner has let go; where the task
/// was cancelled before it began, the loop has it again.
class taken_generator {
 public:
  taken_generator(async_generator_base& g, generator_book& book) noexcept : generator_(&g), book_(&book) {}
  taken_generator(taken_generator&& other) noexcept
      : generator_(std::exchange(other.generator_, nullptr)), book_(other.book_) {}
  taken_generator& operator=(taken_generator&&) = delete;
  ~taken_generator();
  async_generator_base& operator*() const noexcept { return *generator_; }
  /// The task has begun: it is its own now.
  void keep() noexcept { book_ = nullptr; }

 private:
  async_generator_base* generator_;
  generator_book* book_;
};

/// `co_await` of it is aclose().
class generator_close {
 public:
  explicit generator_close(async_generator_base* g) noexcept : generator_(g) {}
  generator_close(const generator_close&) = delete;
  generator_close& operator=(const generator_close&) = delete;

  bool await_ready() {
    runs_ = generator_ && generator_->begin_close();
    return !runs_;
  }
  template <class Promise>
  rt::transfer_result await_suspend(std::coroutine_handle<Promise> consumer,
                                    std::source_location where = std::source_location::current()) const noexcept {
    consumer.promise().stand_at(where);
    return generator_->go_on(*consumer.promise().task(), consumer);
  }
  void await_resume() const {
    if (runs_) generator_->finish_close();
  }

 protected:
  async_generator_base* generator_;

 private:
  bool runs_ = false;
};

/// A loop's own.
class generator_book {
 public:
  explicit generator_book(loop_state& loop) noexcept : loop_(loop) {}

  /// Closes those that have begun. Mirrors shutdown_asyncgens.
  Coro<> shut_down();

  /// Whether none has begun that is still held, and none waits to be closed. Any thread.
  bool is_empty() const noexcept;
  /// While the loop is closed: those that were handed over wait for shut_down(), when no task is left.
  void leave_to_shut_down(bool on) noexcept { is_closing_.store(on, rt::relaxed); }  // order: the loop stands
  /// None is handed over from now on. False when one was and is not closed yet.
  bool try_end_intake() noexcept;
  /// The loop ends: those that are still held have none from now on.
  void close() noexcept;

 private:
  friend class async_generator_base;
  friend class taken_generator;

  bool adopt_again(async_generator_base& g) noexcept;
  bool adopt(async_generator_base& g) noexcept;
  void close_next_adopted();
  std::vector<taken_generator> take_all();

  loop_state& loop_;
  std::atomic<std::uint64_t> begun_{0};  // how many; in the parallel door about so many
  std::atomic<bool> is_closing_{false};
  std::atomic<bool> is_shut_{false};
  mutable rt::futex_mutex mutex_;                     // within a shard's
  rt::intrusive_list<async_generator_base> adopted_;  // guarded by mutex_: dropped, and not yet being closed
  bool takes_ = true;                                 // guarded by mutex_
};

}  // namespace hocket
