#include <hocket/rt/time/timer_heap.hpp>

#include <algorithm>

namespace hocket::rt {

void timer_heap::arm(timer& t, nanos deadline) {
  const entry e{deadline, &t};
  entries_.push_back(e);
  t.number = next_number_++;
  sift_up(entries_.size() - 1, e);
}

bool timer_heap::cancel(timer& t) noexcept {
  if (!t.is_armed()) return false;
  remove_at(t.index_);
  return true;
}

timer* timer_heap::pop_due(nanos now) noexcept {
  if (entries_.empty() || entries_.front().deadline > now) return nullptr;
  timer* t = entries_.front().item;
  remove_at(0);
  return t;
}

void timer_heap::place(std::size_t i, const entry& e) noexcept {
  entries_[i] = e;
  e.item->index_ = static_cast<std::uint32_t>(i);
}

void timer_heap::sift_up(std::size_t i, const entry& e) noexcept {
  while (i > 0) {
    const std::size_t parent = (i - 1) / arity;
    if (!e.before(entries_[parent])) break;
    place(i, entries_[parent]);
    i = parent;
  }
  place(i, e);
}

void timer_heap::sift_down(std::size_t i, const entry& e) noexcept {
  for (;;) {
    const std::size_t first = i * arity + 1;
    if (first >= entries_.size()) break;
    const std::size_t last = std::min(first + arity, entries_.size());
    std::size_t least = first;
    for (std::size_t c = first + 1; c < last; ++c) {
      if (entries_[c].before(entries_[least])) least = c;
    }
    if (!entries_[least].before(e)) break;
    place(i, entries_[least]);
    i = least;
  }
  place(i, e);
}

void timer_heap::remove_at(std::size_t i) noexcept {
  entries_[i].item->index_ = timer::out;
  const entry moved = entries_.back();
  entries_.pop_back();
  if (i == entries_.size()) return;
  if (i > 0 && moved.before(entries_[(i - 1) / arity])) {
    sift_up(i, moved);
  } else {
    sift_down(i, moved);
  }
}

}  // namespace hocket::rt
