// Several failures at once: ExceptionGroup, BaseExceptionGroup, and except_star for Python's `except*`.
//
// A group may hold groups; splitting it keeps that tree. Exceptions are compared by identity: the same exception_ptr is
// the same exception. Mirrors PEP 654 as of CPython 3.13.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/exceptions.hpp>

namespace hocket {

/// Whether an exception is meant.
using ExceptionCondition = std::function<bool(const std::exception_ptr&)>;

/// The condition to be one of `E...`.
template <class... E>
ExceptionCondition is_one_of() {
  return [](const std::exception_ptr& e) { return (is_exception<E>(e) || ...); };
}

/// Holds exceptions of any kind, also such as CancelledError. Mirrors BaseExceptionGroup.
class BaseExceptionGroup : public BaseException {
 public:
  /// Throws ValueError("second argument (exceptions) must be a non-empty sequence").
  BaseExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions);
  /// "ExceptionGroup" also of one that was kept as a BaseExceptionGroup, as the parts below are.
  const char* name() const noexcept override { return name_; }

  const std::string& message() const noexcept { return message_; }
  /// Its members, each at least once; some may be groups in turn.
  const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }

  /// The group of those members, at any depth, that are meant; nothing when there are none. Mirrors subgroup.
  template <class... E>
    requires(sizeof...(E) > 0)
  std::optional<BaseExceptionGroup> subgroup() const {
    return subgroup(is_one_of<E...>());
  }
  std::optional<BaseExceptionGroup> subgroup(const ExceptionCondition& is_meant) const;

  /// Those that are meant, and the others. Mirrors split.
  template <class... E>
    requires(sizeof...(E) > 0)
  auto split() const {
    return split(is_one_of<E...>());
  }
  std::pair<std::optional<BaseExceptionGroup>, std::optional<BaseExceptionGroup>> split(
      const ExceptionCondition& is_meant) const;

  /// A copy of what it is, to be thrown or put in a group, whatever it was caught as.
  virtual std::exception_ptr as_exception() const { return std::make_exception_ptr(*this); }

 protected:
  struct ordinary {};
  BaseExceptionGroup(ordinary, const std::string& message, std::vector<std::exception_ptr> exceptions);

 private:
  const char* name_ = "BaseExceptionGroup";
  std::string message_;
  std::vector<std::exception_ptr> exceptions_;
};

/// Holds ordinary exceptions only, and is one. Its text is Python's: "unhandled errors in a TaskGroup (2
/// sub-exceptions)". Mirrors ExceptionGroup.
class ExceptionGroup : public Exception, public BaseExceptionGroup {
 public:
  /// Throws as BaseExceptionGroup; TypeError("Cannot nest BaseExceptions in an ExceptionGroup").
  ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions);
  const char* name() const noexcept override { return "ExceptionGroup"; }
  const char* what() const noexcept override { return Exception::what(); }
  std::exception_ptr as_exception() const override { return std::make_exception_ptr(*this); }

  template <class... E>
    requires(sizeof...(E) > 0)
  std::optional<ExceptionGroup> subgroup() const {
    return subgroup(is_one_of<E...>());
  }
  std::optional<ExceptionGroup> subgroup(const ExceptionCondition& is_meant) const;

  template <class... E>
    requires(sizeof...(E) > 0)
  auto split() const {
    return split(is_one_of<E...>());
  }
  std::pair<std::optional<ExceptionGroup>, std::optional<ExceptionGroup>> split(
      const ExceptionCondition& is_meant) const;
};

/// An ExceptionGroup, or a BaseExceptionGroup when one of `exceptions` is no ordinary one: as Python's
/// BaseExceptionGroup(...) chooses. Throws ValueError when there are none.
std::exception_ptr make_exception_group(const std::string& message, std::vector<std::exception_ptr> exceptions);

/// The parts of `e`, a group or not, that are meant, and the others; null where there are none.
std::pair<std::exception_ptr, std::exception_ptr> split_exception(const std::exception_ptr& e,
                                                                  const ExceptionCondition& is_meant);

/// The clauses of one `try ... except*`:
///
///   ExceptStar clauses(std::current_exception());
///   clauses.on<ValueError>([](const ExceptionGroup& eg) {...});
///   clauses.on<OSError, TypeError>([](const ExceptionGroup& eg) {...});
///   clauses.finish();
///
/// One thread at a time.
class ExceptStar {
 public:
  explicit ExceptStar(std::exception_ptr raised) noexcept : raised_(std::move(raised)), unhandled_(raised_) {}

  /// Calls `fn` with the group of those that no clause before had and that are one of `E...`, if there are any; an
  /// exception that is no group comes as ExceptionGroup("", [it]). What `fn` throws is kept for finish(); `throw;` in
  /// it says that they stay unhandled.
  template <class... E, class F>
    requires(sizeof...(E) > 0)
  ExceptStar& on(F&& fn) {
    if (const std::exception_ptr match = take(is_one_of<E...>())) {
      try {
        call_with_group(match, fn);
        handled(match);
      } catch (...) {
        threw(match, std::current_exception());
      }
    }
    return *this;
  }

  /// What is to be raised when the clauses are over, or null: the unhandled ones as the group that they were, together
  /// with what clauses threw.
  std::exception_ptr rest() const;

  /// Raises it.
  void finish() const {
    if (const std::exception_ptr e = rest()) std::rethrow_exception(e);
  }

 private:
  // As an ExceptionGroup where it is one and `fn` takes it.
  template <class F>
  static void call_with_group(const std::exception_ptr& match, F& fn) {
    if constexpr (!std::is_invocable_v<F&, const BaseExceptionGroup&>) {
      try {
        std::rethrow_exception(match);
      } catch (const ExceptionGroup& group) {
        fn(group);
      }
    } else {
      try {
        std::rethrow_exception(match);
      } catch (const ExceptionGroup& group) {
        fn(group);
      } catch (const BaseExceptionGroup& group) {
        fn(group);
      }
    }
  }

  std::exception_ptr take(const ExceptionCondition& is_meant);
  void handled(const std::exception_ptr& match);
  void threw(const std::exception_ptr& match, std::exception_ptr e);

  std::exception_ptr raised_;
  std::exception_ptr unhandled_;             // by the clauses so far
  std::vector<std::exception_ptr> handled_;  // the exceptions, none of them a group
  std::vector<std::exception_ptr> thrown_;   // by clauses
  bool was_reraised_ = false;
};

/// One clause: `except* E`. Gives what is left to be raised, or null.
template <class... E, class F>
  requires(sizeof...(E) > 0)
std::exception_ptr except_star(std::exception_ptr raised, F&& fn) {
  return ExceptStar(std::move(raised)).on<E...>(std::forward<F>(fn)).rest();
}

/// As Python prints an exception without its stack: one line, "ValueError: text", or the tree of a group. Ends without
/// a new line.
std::string format_exception(const std::exception_ptr& e);

}  // namespace hocket
