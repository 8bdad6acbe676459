// A pointer to an object that counts its own references: T has add_ref() and release_ref(), both const or not.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace hocket::rt {

template <class T>
class counted_ptr {
 public:
  constexpr counted_ptr() noexcept = default;
  constexpr counted_ptr(std::nullptr_t) noexcept {}
  explicit counted_ptr(T* p) noexcept : p_(p) {
    if (p_) p_->add_ref();
  }
  counted_ptr(const counted_ptr& other) noexcept : counted_ptr(other.p_) {}
  counted_ptr(counted_ptr&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  counted_ptr(const counted_ptr<U>& other) noexcept : counted_ptr(static_cast<T*>(other.get())) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  counted_ptr(counted_ptr<U>&& other) noexcept : p_(other.detach()) {}
  counted_ptr& operator=(counted_ptr other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~counted_ptr() {
    if (p_) p_->release_ref();
  }

  /// Takes over a reference that the caller holds.
  static counted_ptr adopt(T* p) noexcept {
    counted_ptr it;
    it.p_ = p;
    return it;
  }
  /// Gives the reference to the caller.
  T* detach() noexcept { return std::exchange(p_, nullptr); }

  T* get() const noexcept { return p_; }
  T& operator*() const noexcept { return *p_; }
  T* operator->() const noexcept { return p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }
  friend bool operator==(const counted_ptr& a, const counted_ptr& b) noexcept { return a.p_ == b.p_; }

 private:
  T* p_ = nullptr;
};

}  // namespace hocket::rt
