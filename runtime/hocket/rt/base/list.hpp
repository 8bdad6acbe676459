// An intrusive doubly linked list: linking allocates nothing, and a node leaves from anywhere in constant time.
// One thread at a time: the list's owner says which lock guards it.
#pragma once

#include <cstddef>

namespace hocket::rt {

template <class T>
class intrusive_list;

/// Derive T from list_node<T>. A node is in at most one list, and must be out of it before it dies.
template <class T>
class list_node {
 public:
  list_node() = default;
  list_node(const list_node&) = delete;
  list_node& operator=(const list_node&) = delete;

  bool is_linked() const noexcept { return linked_; }

 protected:
  ~list_node() = default;

 private:
  friend class intrusive_list<T>;
  T* prev_ = nullptr;
  T* next_ = nullptr;
  bool linked_ = false;
};

template <class T>
class intrusive_list {
 public:
  intrusive_list() = default;
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  T* front() const noexcept { return head_; }
  T* next(const T& item) const noexcept { return node(item).next_; }

  void push_back(T& item) noexcept {
    auto& n = node(item);
    n.prev_ = tail_;
    n.next_ = nullptr;
    n.linked_ = true;
    (tail_ ? node(*tail_).next_ : head_) = &item;
    tail_ = &item;
    ++size_;
  }

  void push_front(T& item) noexcept {
    auto& n = node(item);
    n.prev_ = nullptr;
    n.next_ = head_;
    n.linked_ = true;
    (head_ ? node(*head_).prev_ : tail_) = &item;
    head_ = &item;
    ++size_;
  }

  void erase(T& item) noexcept {
    auto& n = node(item);
    (n.prev_ ? node(*n.prev_).next_ : head_) = n.next_;
    (n.next_ ? node(*n.next_).prev_ : tail_) = n.prev_;
    n.prev_ = n.next_ = nullptr;
    n.linked_ = false;
    --size_;
  }

  /// Null when empty.
  T* pop_front() noexcept {
    T* item = head_;
    if (item) erase(*item);
    return item;
  }

 private:
  static list_node<T>& node(T& item) noexcept { return item; }
  static const list_node<T>& node(const T& item) noexcept { return item; }

  T* head_ = nullptr;
  T* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hocket::rt
