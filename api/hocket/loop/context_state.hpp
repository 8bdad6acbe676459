// The values of context variables: persistent, so that a copy costs one reference.
//
// A context is a counted object whose one field is the root of an immutable tree; set() puts a new root there that
// shares all but its path with the old one. Every task has a context of its own, a copy of its creator's; what it sets,
// its creator does not see. Where nothing was ever set there is no object at all, only a null pointer.
//
// The context follows the task, not the thread: code finds it through the running task. Code outside of tasks has the
// context of its callback, or of Context::run, or its thread's own.
//
// Calls: any thread. The parts of one task that run at once (children of when_all) share its context.
// Mirrors CPython's Context (Python/context.c); its tree is a hash trie, this one a treap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {

/// A value of one variable. Never changes.
class context_value {
 public:
  context_value(const context_value&) = delete;
  context_value& operator=(const context_value&) = delete;
  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: X1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 protected:
  context_value() = default;
  virtual ~context_value() = default;

 private:
  mutable std::atomic<std::uint32_t> refs_{1};
};

/// The number of a variable: never used again.
using context_key = std::uint64_t;
context_key next_context_key() noexcept;

/// An immutable map from variables to values. A copy is one reference; set() and without() share what they can.
class context_map {
 public:
  context_map() = default;

  /// The value, or null. It lives as long as a map that has it.
  const context_value* find(context_key key) const noexcept;
  /// The same, kept beyond the map.
  rt::counted_ptr<const context_value> share(context_key key) const noexcept {
    return rt::counted_ptr<const context_value>(find(key));
  }
  context_map with(context_key key, rt::counted_ptr<const context_value> value) const;
  context_map without(context_key key) const;

  bool empty() const noexcept { return !root_; }
  /// The very same tree.
  bool is_same(const context_map& other) const noexcept { return root_ == other.root_; }
  std::size_t size() const noexcept;

 private:
  struct node;
  using link = rt::counted_ptr<const node>;
  struct node {
    node(context_key k, rt::counted_ptr<const context_value> v, link l, link r) noexcept;
    void add_ref() const noexcept { refs.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
    void release_ref() const noexcept {
      // order: X2: all use happens before the end; pairs with itself.
      if (refs.fetch_sub(1, rt::acq_rel) == 1) delete this;
    }
    const context_key key;
    const rt::counted_ptr<const context_value> value;
    const link left, right;
    mutable std::atomic<std::uint32_t> refs{1};
  };
  explicit context_map(link root) noexcept : root_(std::move(root)) {}
  static link make(context_key key, rt::counted_ptr<const context_value> value, link left, link right);
  static link put(const link& at, context_key key, const rt::counted_ptr<const context_value>& value);
  static link cut(const link& at, context_key key);
  static link join(const link& left, const link& right);
  static std::uint64_t rank(context_key key) noexcept;

  link root_;
};

/// One context, as the handles, tasks and callbacks share it.
class context_state {
 public:
  static rt::counted_ptr<context_state> make(context_map map = {});

  context_map map() const noexcept;
  void set(context_key key, rt::counted_ptr<const context_value> value);
  void erase(context_key key);

  /// For Context.run: false when it is entered already.
  bool enter() noexcept { return !entered_.exchange(true, rt::acquire); }  // order: X3
  void leave() noexcept { entered_.store(false, rt::release); }            // order: X3

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: X4: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 private:
  explicit context_state(context_map map) noexcept : map_(std::move(map)) {}
  ~context_state() = default;

  mutable rt::futex_mutex mutex_;
  context_map map_;  // guarded by mutex_
  std::atomic<bool> entered_{false};
  mutable std::atomic<std::uint32_t> refs_{1};
};

/// Where a task or a callback keeps its context: null until something is set.
class context_slot {
 public:
  context_slot() = default;
  context_slot(const context_slot&) = delete;
  context_slot& operator=(const context_slot&) = delete;
  ~context_slot() {
    if (context_state* const c = context_.load(rt::relaxed)) c->release_ref();  // order: nobody else has it
  }

  context_state* peek() const noexcept { return context_.load(rt::acquire); }  // order: X5

  /// The context itself, made when there is none yet. Any thread that has the owner.
  context_state& get();

  /// Before the owner is known to others: it runs in `c` itself, not in a copy.
  void use(rt::counted_ptr<context_state> c) noexcept;

 private:
  std::atomic<context_state*> context_{nullptr};
};

/// The context of the calling code.
context_state& current_context();
/// The same, or null where nothing was set in it.
context_state* peek_current_context() noexcept;
/// A copy of it for a new task or callback; null where nothing was set.
rt::counted_ptr<context_state> copy_of_current_context();

/// While it lives, the calling code runs in this context. For plain code: nothing may be awaited meanwhile.
class context_scope {
 public:
  /// In the context of `slot`, which may have none yet.
  explicit context_scope(context_slot& slot) noexcept;
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;
  ~context_scope();

 private:
  context_slot* const outer_slot_;
  const void* const outer_task_;
};

}  // namespace hocket
