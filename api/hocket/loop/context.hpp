// Context variables: values that a task inherits from its creator and that its own changes do not leak out of.
//
//   ContextVar<std::string> request_id("request_id", "none");     a global, or static
//   auto token = request_id.set("42");                            in this task, and in tasks created from now on
//   request_id.get();
//   request_id.reset(token);
//
// A context follows its task across threads; a thread_local does not. Callbacks run in the context of their
// registration, to_thread carries it along. Mirrors the module contextvars.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/loop/context_state.hpp>
#include <hocket/loop/exceptions.hpp>

namespace hocket {

HOCKET_EXCEPTION(LookupError, Exception);
HOCKET_EXCEPTION(KeyError, LookupError);

template <class T>
class ContextVar;

/// A counted handle to a context. A copy of the handle is the same context; copy() makes another. Mirrors
/// contextvars.Context.
class Context {
 public:
  /// An empty one.
  Context() : state_(context_state::make()) {}
  explicit Context(rt::counted_ptr<context_state> state) noexcept : state_(std::move(state)) {}

  context_state* state() const noexcept { return state_.get(); }

  /// Another context with the same values, in constant time. Mirrors Context.copy.
  Context copy() const { return Context(context_state::make(state_->map())); }

  /// Calls `fn(args...)` in this context: what it sets is seen here and not outside. For plain code, which awaits
  /// nothing; a coroutine takes TaskOptions.context. Throws RuntimeError when the context is entered already. Mirrors
  /// Context.run.
  template <class F, class... Args>
  std::invoke_result_t<F, Args...> run(F&& fn, Args&&... args) const {
    const entered here(*state_);
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// The value of `var` here; throws KeyError when it was not set. Mirrors Context.__getitem__.
  template <class T>
  T operator[](const ContextVar<T>& var) const;
  /// The value of `var` here, or `fallback`, which may be anything that becomes a T. Mirrors Context.get.
  template <class T>
  T get(const ContextVar<T>& var, std::type_identity_t<T> fallback) const;
  template <class T>
  bool contains(const ContextVar<T>& var) const noexcept;
  /// How many variables have a value.
  std::size_t size() const noexcept { return state_->map().size(); }

  friend bool operator==(const Context& a, const Context& b) noexcept { return a.state_ == b.state_; }

 private:
  class entered {
   public:
    explicit entered(context_state& state);
    entered(const entered&) = delete;
    entered& operator=(const entered&) = delete;
    ~entered() { state_.leave(); }

   private:
    static context_state& claim(context_state& state);
    context_state& state_;
    context_slot slot_;
    context_scope scope_;
  };

  rt::counted_ptr<context_state> state_;
};

/// Calls `fn(args...)` in this context, which may be entered already: as a callback is.
template <class F, class... Args>
void call_in(const Context& context, F& fn, Args&&... args) {
  context_slot slot;
  slot.use(rt::counted_ptr<context_state>(context.state()));
  const context_scope scope(slot);
  fn(std::forward<Args>(args)...);
}

std::ostream& operator<<(std::ostream& out, const Context& c);

/// A copy of the calling code's context, in constant time. Mirrors contextvars.copy_context.
Context copy_context();

/// A context as an option names it: looked at during the call only. The context itself is used, not a copy.
class ContextRef {
 public:
  constexpr ContextRef() = default;
  ContextRef(const Context& c) noexcept : state_(c.state()) {}
  context_state* state() const noexcept { return state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  context_state* state_ = nullptr;
};

/// `fn`, called in this context.
std::function<void()> in_context(ContextRef context, std::function<void()> fn);

/// What one set() changed, for reset(). A copy is the same token. Mirrors contextvars.Token.
template <class T>
class Token {
 public:
  /// The value before; nullopt when there was none (Python's Token.MISSING).
  std::optional<T> old_value() const {
    const auto* const cell = static_cast<const typename ContextVar<T>::cell*>(shared_->old.get());
    return cell ? std::optional<T>(cell->value) : std::nullopt;
  }

 private:
  friend class ContextVar<T>;
  struct change {
    context_key var;
    rt::counted_ptr<context_state> context;
    rt::counted_ptr<const context_value> old;
    std::atomic<bool> used{false};
  };
  explicit Token(std::shared_ptr<change> c) noexcept : shared_(std::move(c)) {}
  std::shared_ptr<change> shared_;
};

/// A variable of type T, which is copied out by get(). Any thread. Make it global or static, as in Python: a context
/// keeps the value of a variable that is gone. Mirrors contextvars.ContextVar.
template <class T>
class ContextVar {
 public:
  explicit ContextVar(std::string name) : name_(std::move(name)) {}
  ContextVar(std::string name, T fallback) : name_(std::move(name)), default_(std::move(fallback)) {}
  ContextVar(const ContextVar&) = delete;
  ContextVar& operator=(const ContextVar&) = delete;

  const std::string& name() const noexcept { return name_; }

  /// Its value in the calling code's context, or else its default. Throws LookupError when it has neither.
  T get() const {
    if (const auto found = value_in(peek_current_context())) return *found;
    if (default_) return *default_;
    throw LookupError(text());
  }
  /// Its value in the calling code's context, or else `fallback`.
  T get(T fallback) const {
    if (const auto found = value_in(peek_current_context())) return *found;
    return fallback;
  }

  /// Sets it in the calling code's context: for this task and for what it creates from now on.
  Token<T> set(T value) const {
    context_state& context = current_context();
    auto old = context.map().share(key_);
    context.set(key_, rt::counted_ptr<const context_value>::adopt(new cell(std::move(value))));
    using change = typename Token<T>::change;
    return Token<T>(
        std::shared_ptr<change>(new change{key_, rt::counted_ptr<context_state>(&context), std::move(old)}));
  }

  /// Gives it the value back that it had before the set() of `token`. Throws RuntimeError for a token that was used,
  /// ValueError for one of another variable or context.
  void reset(const Token<T>& token) const {
    auto& change = *token.shared_;
    const std::string it = "<Token var=" + text() + " at " + address_of(&change) + ">";
    if (change.used.load(rt::relaxed)) throw RuntimeError(it + " has already been used once");  // order: as below
    if (change.var != key_) throw ValueError(it + " was created by a different ContextVar");
    if (change.context.get() != peek_current_context()) throw ValueError(it + " was created in a different Context");
    if (change.used.exchange(true, rt::relaxed)) {  // order: a mark; the context has its own lock
      throw RuntimeError(it + " has already been used once");
    }
    if (change.old) {
      change.context->set(key_, change.old);
    } else {
      change.context->erase(key_);
    }
  }

  /// `<ContextVar name='x' at 0x...>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const ContextVar& v) { return out << v.text(); }

 private:
  friend class Context;
  friend class Token<T>;

  struct cell final : context_value {
    explicit cell(T v) : value(std::move(v)) {}
    const T value;
  };

  std::optional<T> value_in(const context_state* context) const {
    if (!context) return std::nullopt;
    const context_map map = context->map();  // keeps the value while it is copied
    const auto* const found = static_cast<const cell*>(map.find(key_));
    return found ? std::optional<T>(found->value) : std::nullopt;
  }
  std::string text() const {
    return "<ContextVar name='" + name_ + (default_ ? "' default=..." : "'") + " at " + address_of(this) + ">";
  }
  static std::string address_of(const void* p);

  const std::string name_;
  const std::optional<T> default_;
  const context_key key_ = next_context_key();
};

/// "0x7f...", as Python prints an address.
std::string address_text(const void* address);

template <class T>
std::string ContextVar<T>::address_of(const void* p) {
  return address_text(p);
}

template <class T>
T Context::operator[](const ContextVar<T>& var) const {
  if (const auto found = var.value_in(state_.get())) return *found;
  throw KeyError(var.text());
}

template <class T>
T Context::get(const ContextVar<T>& var, std::type_identity_t<T> fallback) const {
  if (const auto found = var.value_in(state_.get())) return *found;
  return fallback;
}

template <class T>
bool Context::contains(const ContextVar<T>& var) const noexcept {
  return state_->map().find(var.key_) != nullptr;
}

}  // namespace hocket
