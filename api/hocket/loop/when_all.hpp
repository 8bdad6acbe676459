// when_all: fork and join. Lazy and structured: nothing starts before it is awaited, and all children have ended when
// it resumes.
//
// The children are light tasks that live in the awaiter, so nothing is allocated but their frames. On the pool all but
// the last are put on the worker's fork deque, where idle workers steal from the old end, and the last runs in place;
// the child that ends last resumes the parent in place. On a serial loop the children share the strand, the first one
// running at once. The first failure is thrown after all have ended; it cancels the others. Cancelling the parent
// cancels every child.
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

namespace hocket {

/// A child of a when_all, without its value.
class fork_child : public rt::task_base {
 protected:
  fork_child(rt::task_home& home, class fork_join_wait& join) noexcept : task_base(home), join_(join) {}
  ~fork_child() = default;

  rt::task_base* finish(bool cancelled) noexcept final;
  /// Takes the outcome and destroys the frame; gives the exception, or null.
  virtual std::exception_ptr take_outcome(bool keep_value) noexcept = 0;

 private:
  fork_join_wait& join_;
};

/// The join: counts its children, keeps the first failure, wakes the parent.
class fork_join_wait : public rt::leaf_awaiter {
 public:
  bool commit(rt::task_base& self) noexcept final;
  bool cancel(rt::task_base& self) noexcept final;

  /// One child ended. Gives the parent when it is to run next in place. The awaiter may be gone afterwards.
  rt::task_base* child_ended(std::exception_ptr error) noexcept;

 protected:
  ~fork_join_wait() = default;

  /// Makes the children for `home`; gives how many there are. Called once, with the parent at rest.
  virtual std::size_t make_children(rt::task_home& home) = 0;
  virtual fork_child& child(std::size_t i) noexcept = 0;

  void finish_join();

 private:
  void start_on_pool(rt::task_base& self, std::size_t count) noexcept;
  void start_on_strand(rt::task_base& self, std::size_t count) noexcept;
  void cancel_children() noexcept;

  std::size_t count_ = 0;
  std::atomic<std::size_t> left_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;  // written by the child that set failed_
};

template <class T>
class fork_child_of final : public fork_child, public value_cell<T> {
 public:
  fork_child_of(rt::task_home& home, fork_join_wait& join, Coro<T> coro) noexcept
      : fork_child(home, join), root_(coro.release()) {
    set_root(root_);
    root_.promise().begin(*this, nullptr);
  }
  ~fork_child_of() {
    if (root_) root_.destroy();
  }

 private:
  std::exception_ptr take_outcome(bool keep_value) noexcept override {
    return take_outcome_of<T>(root_, *this, keep_value);
  }

  typename Coro<T>::handle root_;
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
  std::size_t make_children(rt::task_home& home) override { return make_all(home, std::index_sequence_for<Ts...>()); }
  template <std::size_t... I>
  std::size_t make_all(rt::task_home& home, std::index_sequence<I...>) {
    (std::get<I>(children_).emplace(home, *this, std::move(std::get<I>(coros_))), ...);
    return sizeof...(I);
  }
  fork_child& child(std::size_t i) noexcept override {
    fork_child* out = nullptr;
    std::apply([&](auto&... c) { ((i-- == 0 ? (void)(out = &*c) : (void)0), ...); }, children_);
    return *out;
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
    if (!children_) return all;
    finish_join();
    all.reserve(coros_.size());
    for (std::size_t i = 0; i < coros_.size(); ++i) all.push_back(std::move(*at(i).value));
    return all;
  }
  ~when_all_vector() {
    for (std::size_t i = 0; i < made_; ++i) std::destroy_at(&at(i));
  }

 private:
  using node = fork_child_of<T>;
  struct room {
    alignas(node) std::byte bytes[sizeof(node)];
  };

  std::size_t make_children(rt::task_home& home) override {
    children_ = std::make_unique<room[]>(coros_.size());
    for (; made_ < coros_.size(); ++made_) ::new (children_[made_].bytes) node(home, *this, std::move(coros_[made_]));
    return made_;
  }
  node& at(std::size_t i) noexcept { return *std::launder(reinterpret_cast<node*>(children_[i].bytes)); }
  fork_child& child(std::size_t i) noexcept override { return at(i); }

  std::vector<Coro<T>> coros_;
  std::unique_ptr<room[]> children_;
  std::size_t made_ = 0;
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
