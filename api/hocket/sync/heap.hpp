// A binary heap in a sequence, the least item first.
//
// Equal items come out in the order in which Python's heapq gives them, and stand where it puts them: an item that goes
// in rises past those it is less than; when the first goes out, the last one takes its place, sinks to a leaf along the
// lesser children, and rises again.
#pragma once

#include <cstddef>
#include <utility>

namespace hocket::sync {

template <class Items, class Less>
void heap_rise(Items& items, std::size_t at, Less less) {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (!less(items[at], items[parent])) return;
    std::swap(items[at], items[parent]);
    at = parent;
  }
}

template <class Items, class Less>
void heap_push(Items& items, typename Items::value_type&& item, Less less) {
  items.push_back(std::move(item));
  heap_rise(items, items.size() - 1, less);
}

/// Of a heap that is not empty.
template <class Items, class Less>
typename Items::value_type heap_pop(Items& items, Less less) {
  std::swap(items.front(), items.back());
  typename Items::value_type least = std::move(items.back());
  items.pop_back();
  std::size_t at = 0;
  for (std::size_t child = 1; child < items.size(); child = 2 * at + 1) {
    if (child + 1 < items.size() && !less(items[child], items[child + 1])) ++child;
    std::swap(items[at], items[child]);
    at = child;
  }
  heap_rise(items, at, less);
  return least;
}

}  // namespace hocket::sync
