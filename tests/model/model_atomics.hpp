// What the explorer puts in the place of std::atomic, the mutex and the futex, under the very headers that production
// runs.
//
// model_atomics is the policy class; broken<"step"> is the same with one step of one object done wrong
// (base/mutant.hpp). A step is one operation; a compare_exchange_weak never fails without cause.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/rt/base/clock.hpp>

#include "explorer.hpp"
#include "happens_before.hpp"

namespace hocket::model {

template <class T>
class model_atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

  using site = std::source_location;
  static constexpr auto seq_cst = std::memory_order_seq_cst;

 public:
  constexpr model_atomic() noexcept : value_{} {}
  constexpr model_atomic(T value) noexcept : value_(value) {}
  model_atomic(const model_atomic&) = delete;
  model_atomic& operator=(const model_atomic&) = delete;

  T load(std::memory_order order = seq_cst, site where = site::current()) const noexcept {
    if (!hooks::active()) return value_;
    hooks::point("load", this, bits(value_));
    std::uint64_t own = 0;
    if (hooks::own_store(&value_, own)) return from_bits(own);
    if (acquires(hooks::order_at(order, where))) hooks::own_clock().join(released_);
    return value_;
  }

  void store(T value, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    if (hooks::active()) {
      hooks::point("store", this, bits(value));
      order = hooks::order_at(order, where);
      const bool publishes = releases(order);
      const auto clock = publishes ? hooks::own_clock() : vector_clock();
      if (publishes) hooks::tick();
      if (order != seq_cst && hooks::delay_store(&value_, sizeof(T), bits(value), released_, clock)) return;
      hooks::drain_stores();
      released_ = clock;
    }
    value_ = value;
  }

  T exchange(T value, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    return modify("exchange", [value](T) { return value; }, order, where);
  }
  T fetch_add(T n, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    return modify("fetch_add", [n](T v) { return static_cast<T>(v + n); }, order, where);
  }
  T fetch_sub(T n, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    return modify("fetch_sub", [n](T v) { return static_cast<T>(v - n); }, order, where);
  }
  T fetch_or(T n, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    return modify("fetch_or", [n](T v) { return static_cast<T>(v | n); }, order, where);
  }
  T fetch_and(T n, std::memory_order order = seq_cst, site where = site::current()) noexcept {
    return modify("fetch_and", [n](T v) { return static_cast<T>(v & n); }, order, where);
  }

  bool compare_exchange_strong(T& expected, T value, std::memory_order success, std::memory_order failure,
                               site where = site::current()) noexcept {
    if (hooks::active()) {
      hooks::point("compare_exchange", this, bits(value));
      hooks::drain_stores();
    }
    const bool equal = std::memcmp(&value_, &expected, sizeof(T)) == 0;
    if (hooks::active()) synchronize(equal ? hooks::order_at(success, where) : failure, equal);
    (equal ? value_ : expected) = equal ? value : value_;
    return equal;
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order = seq_cst,
                               site where = site::current()) noexcept {
    return compare_exchange_strong(expected, value, order, without_release(order), where);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order success, std::memory_order failure,
                             site where = site::current()) noexcept {
    return compare_exchange_strong(expected, value, success, failure, where);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order order = seq_cst,
                             site where = site::current()) noexcept {
    return compare_exchange_strong(expected, value, order, without_release(order), where);
  }

  // For at_end() and the futex: no step.
  T peek() const noexcept { return value_; }

 private:
  static std::uint64_t bits(T value) noexcept {
    std::uint64_t b = 0;
    std::memcpy(&b, &value, sizeof(T));
    return b;
  }
  static T from_bits(std::uint64_t b) noexcept {
    T value;
    std::memcpy(&value, &b, sizeof(T));
    return value;
  }
  static constexpr std::memory_order without_release(std::memory_order o) noexcept {
    if (o == std::memory_order_acq_rel) return std::memory_order_acquire;
    return o == std::memory_order_release ? std::memory_order_relaxed : o;
  }

  // A read-modify-write keeps the release sequence that it reads from; a failed compare_exchange only reads.
  void synchronize(std::memory_order order, bool writes) noexcept {
    if (acquires(order)) hooks::own_clock().join(released_);
    if (writes && releases(order)) {
      released_.join(hooks::own_clock());
      hooks::tick();
    }
  }

  template <class F>
  T modify(const char* what, F change, std::memory_order order, site where) noexcept {
    const bool active = hooks::active();
    if (active) {
      hooks::point(what, this, bits(change(value_)));
      hooks::drain_stores();
      synchronize(hooks::order_at(order, where), true);
    }
    const T before = value_;
    value_ = change(before);
    return before;
  }

  vector_clock released_;  // what an acquiring reader of value_ knows
  T value_;
};

struct model_atomics {
  template <class T>
  using atomic = model_atomic<T>;
  template <class T>
  using plain = model_plain<T>;
};

/// The text of a mutant, as a template argument.
template <std::size_t N>
struct step {
  constexpr step(const char (&text)[N]) { std::copy_n(text, N, chars); }
  char chars[N];
};

/// The policy under which the named step is done wrong.
template <step Step>
struct broken : model_atomics {
  static constexpr std::string_view mutant{Step.chars, sizeof(Step.chars) - 1};
};

/// A mutex. One step to take; waiting threads are out of the choice.
class model_mutex {
 public:
  void lock() noexcept {
    if (!hooks::active()) return;
    hooks::point("lock", this);
    hooks::drain_stores();
    while (held_) hooks::block(this, false);
    held_ = true;
    hooks::own_clock().join(released_);
  }
  bool try_lock() noexcept {
    if (!hooks::active()) return true;
    hooks::point("try_lock", this);
    hooks::drain_stores();
    if (std::exchange(held_, true)) return false;
    hooks::own_clock().join(released_);
    return true;
  }
  void unlock() noexcept {
    if (!hooks::active()) return;
    hooks::drain_stores();
    released_.join(hooks::own_clock());
    hooks::tick();
    held_ = false;
    hooks::wake(this, ~0u);
  }

 private:
  bool held_ = false;
  vector_clock released_;
};

/// The futex, with a timeout that may come at any moment when there is a deadline.
struct model_futex {
  static bool wait(const model_atomic<std::uint32_t>& word, std::uint32_t expected, rt::nanos deadline) noexcept {
    hooks::point("futex_wait", &word);
    hooks::drain_stores();
    if (word.peek() != expected) return true;
    return hooks::block(&word, deadline != rt::never);
  }
  static void wake(const model_atomic<std::uint32_t>& word) noexcept {
    hooks::point("futex_wake", &word);
    hooks::drain_stores();
    hooks::wake(&word, 1);
  }
};

}  // namespace hocket::model
