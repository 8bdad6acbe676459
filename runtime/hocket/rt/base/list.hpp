// An intrusive doubly linked list: linking allocates nothing, and a node leaves from anywhere in constant time.
// One thread at a time: the list's owner says which lock guards it.
//
// A ring through the list itself, so a node is two pointers, and knows by them whether it stands in one.
#pragma once

#include <cstddef>

namespace hocket::rt {

template <class T>
class intrusive_list;

/// Derive T from list_node<T>. A node is in at most one list, and must be out of it before it dies.
template <class T>
class list_node {
 public:
  constexpr list_node() = default;
  list_node(const list_node&) = delete;
  list_node& operator=(const list_node&) = delete;

  bool is_linked() const noexcept { return list_next_ != nullptr; }

 protected:
  ~list_node() = default;

 private:
  friend class intrusive_list<T>;
  list_node* list_prev_ = nullptr;
  list_node* list_next_ = nullptr;
};

template <class T>
class intrusive_list {
 public:
  constexpr intrusive_list() noexcept { ring_.list_prev_ = ring_.list_next_ = &ring_; }
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  bool empty() const noexcept { return ring_.list_next_ == &ring_; }
  T* front() const noexcept { return at(ring_.list_next_); }
  T* next(const T& item) const noexcept { return at(node(item).list_next_); }

  void push_back(T& item) noexcept { link(item, ring_.list_prev_, &ring_); }
  void push_front(T& item) noexcept { link(item, &ring_, ring_.list_next_); }

  void erase(T& item) noexcept {
    list_node<T>& n = item;
    n.list_prev_->list_next_ = n.list_next_;
    n.list_next_->list_prev_ = n.list_prev_;
    n.list_prev_ = n.list_next_ = nullptr;
  }

  /// Null when empty.
  T* pop_front() noexcept {
    T* const item = front();
    if (item) erase(*item);
    return item;
  }

 private:
  struct ring_node : list_node<T> {};

  static const list_node<T>& node(const T& item) noexcept { return item; }
  T* at(list_node<T>* n) const noexcept { return n == &ring_ ? nullptr : static_cast<T*>(n); }

  void link(list_node<T>& n, list_node<T>* before, list_node<T>* after) noexcept {
    n.list_prev_ = before;
    n.list_next_ = after;
    before->list_next_ = after->list_prev_ = &n;
  }

  ring_node ring_;
};

/// The same, for those who ask how many there are.
template <class T>
class counted_list : private intrusive_list<T> {
  using list = intrusive_list<T>;

 public:
  using list::empty;
  using list::front;
  using list::next;
  std::size_t size() const noexcept { return size_; }

  void push_back(T& item) noexcept {
    list::push_back(item);
    ++size_;
  }

  void push_front(T& item) noexcept {
    list::push_front(item);
    ++size_;
  }

  void erase(T& item) noexcept {
    list::erase(item);
    --size_;
  }

  /// Null when empty.
  T* pop_front() noexcept {
    T* const item = front();
    if (item) erase(*item);
    return item;
  }

 private:
  std::size_t size_ = 0;
};

}  // namespace hocket::rt
