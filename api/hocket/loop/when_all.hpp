// when_all: fork and join. Lazy and structured: nothing starts before it is awaited, and all children have ended when
// it resumes.
//
// The children are light tasks that live in the awaiter, so nothing is allocated but their frames. The first runs in
// place. On the pool the others are put on the worker's fork deque, the second at the young end, where idle workers
// steal from the old end; the child that ends last resumes the parent in place. On a serial loop the children share the
// strand, in order. The first failure is thrown after all have ended; it cancels the others. Cancelling the parent
// cancels every child.
//
// The join counter is for what was stolen. A child that ends takes its next sibling back from the deque, if it is still
// there, and hands it the number of children that ended before it: such a chain counts itself down with one RMW at its
// end, and with none when it is all there was.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/future.hpp>
#include <hocket/rt/coro/frame_pool.hpp>

namespace hocket {

/// A child of a when_all, without its value.
class fork_child : public rt::task_base {
 public:
  rt::task_base& whole_task() noexcept final;
  const rt::task_base* part_of() const noexcept final;
  rt::task_base* run_observed(rt::worker* self) noexcept final;

 protected:
  fork_child(rt::task_home& home, class fork_join_wait& join) noexcept : task_base(home), join_(join) {}
  ~fork_child() = default;

  fork_join_wait& join() const noexcept { return join_; }

 private:
  friend class fork_join_wait;

  fork_join_wait& join_;
  fork_child* sibling_ = nullptr;  // the next one; written before they start
  std::size_t ended_before_ = 0;   // children that ended in the chain that led here; the chain only
};

/// The join: counts its children, keeps the first failure, wakes the parent.
class fork_join_wait : public rt::leaf_awaiter {
 public:
  bool cancel(rt::task_base& self) noexcept final;

  /// `c` ended. Gives what is to run next in place: its sibling or the parent. The awaiter may be gone afterwards.
  rt::task_base* child_ended(fork_child& c, std::exception_ptr error) noexcept;

  rt::task_base& parent() noexcept { return *task_; }

 protected:
  ~fork_join_wait() = default;

  // commit() makes the children, adds each, in order, and starts them. The parent is owned by the worker until it is
  // over, so no child can resume it, and the awaiter stays, while they are started.
  static rt::task_home& home_for_children(rt::task_base& self) noexcept;
  void add(fork_child& c) noexcept {
    // Linked forwards for the chain; backwards, through the link that queues use, for start().
    c.next = last_;
    (last_ ? last_->sibling_ : first_) = &c;
    last_ = &c;
    ++count_;
  }
  void start(rt::task_base& self) noexcept;

  void finish_join();

 private:
  void cancel_children() noexcept;

  fork_child* first_ = nullptr;
  fork_child* last_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> left_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;  // written by the child that set failed_
};

template <class T>
class fork_child_of final : public fork_child, public value_cell<T> {
 public:
  fork_child_of(rt::task_home& home, fork_join_wait& join, Coro<T> coro) noexcept : fork_child(home, join) {
    const handle root = coro.release();
    root.promise().begin(*this, nullptr);
    set_root(root);
  }

 private:
  using handle = typename Coro<T>::handle;

  rt::task_base* finish(bool began) noexcept override {
    const bool cancelled = mark_done_unobserved() || !began;
    std::exception_ptr error = take_outcome_of<T>(handle::from_address(take_root().address()), *this, !cancelled);
    if (cancelled && !error) error = std::make_exception_ptr(CancelledError(cancel_message()));
    return join().child_ended(*this, std::move(error));
  }
};

template <class... Ts>
class [[nodiscard("co_await it")]] when_all_tuple final : public fork_join_wait {
 public:
  explicit when_all_tuple(Coro<Ts>... coros) noexcept : coros_(std::move(coros)...) {}

  bool await_ready() const noexcept { return sizeof...(Ts) == 0; }
  std::tuple<stored<Ts>...> await_resume() {
    finish_join();
    return std::apply([](auto&... c) { return std::tuple<stored<Ts>...>(std::move(*c->value)...); }, children_);
  }

 private:
  bool commit(rt::task_base& self) noexcept override {
    make_children(home_for_children(self), std::index_sequence_for<Ts...>());
    start(self);
    return true;
  }
  template <std::size_t... I>
  void make_children(rt::task_home& home, std::index_sequence<I...>) noexcept {
    (add(std::get<I>(children_).emplace(home, *this, std::move(std::get<I>(coros_)))), ...);
  }

  std::tuple<Coro<Ts>...> coros_;
  std::tuple<std::optional<fork_child_of<Ts>>...> children_;
};

template <class T>
class [[nodiscard("co_await it")]] when_all_vector final : public fork_join_wait {
 public:
  explicit when_all_vector(std::vector<Coro<T>> coros) noexcept : coros_(std::move(coros)) {}

  bool await_ready() const noexcept { return coros_.empty(); }
  std::vector<stored<T>> await_resume() {
    std::vector<stored<T>> all;
    if (coros_.empty()) return all;
    finish_join();
    all.reserve(coros_.size());
    for (std::size_t i = 0; i < coros_.size(); ++i) all.push_back(std::move(*children_[i].value));
    return all;
  }
  ~when_all_vector() {
    if (!children_) return;
    std::destroy_n(children_, coros_.size());
    rt::free_frame(children_, size());
  }

 private:
  using node = fork_child_of<T>;
  static_assert(alignof(node) <= alignof(std::max_align_t),
                "a result that is aligned more strictly than malloc aligns");

  std::size_t size() const noexcept { return coros_.size() * sizeof(node); }

  bool commit(rt::task_base& self) noexcept override {
    rt::task_home& home = home_for_children(self);
    children_ = static_cast<node*>(rt::allocate_frame(size()));
    for (std::size_t i = 0; i < coros_.size(); ++i) {
      add(*std::construct_at(children_ + i, home, *this, std::move(coros_[i])));
    }
    start(self);
    return true;
  }

  std::vector<Coro<T>> coros_;
  node* children_ = nullptr;  // one of each, in a block of the frame pool
};

/// Runs the coroutines at once and gives a tuple of their results (void as std::monostate) when all have ended. The
/// calling task resumes where its last child ended. Cancelled: every child is, and all end before this throws. Throws
/// the first failure. An extension.
template <class... Ts>
when_all_tuple<Ts...> when_all(Coro<Ts>... coros) {
  return when_all_tuple<Ts...>(std::move(coros)...);
}

/// The same for a vector.
template <class T>
when_all_vector<T> when_all(std::vector<Coro<T>> coros) {
  return when_all_vector<T>(std::move(coros));
}

}  // namespace hocket
