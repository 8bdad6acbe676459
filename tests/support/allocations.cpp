#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <hocket/rt/base/sanitizers.hpp>

namespace hocket::testing_support {
namespace {

std::atomic<std::uint64_t> count{0};
constinit thread_local std::int64_t blocks = 0;
constinit thread_local unsigned until_failure = 0;

}  // namespace

bool counts_allocations() noexcept {
#if HOCKET_ASAN || HOCKET_TSAN
  return false;
#else
  return true;
#endif
}

std::uint64_t allocations() noexcept { return count.load(std::memory_order_relaxed); }
std::int64_t own_blocks() noexcept { return blocks; }
void fail_allocation(unsigned n) noexcept { until_failure = n; }

#if !(HOCKET_ASAN || HOCKET_TSAN)
namespace {

void* counted(std::size_t size) {
  count.fetch_add(1, std::memory_order_relaxed);
  const bool fails = until_failure > 0 && --until_failure == 0;
  void* const p = fails ? nullptr : std::malloc(size ? size : 1);
  if (!p) throw std::bad_alloc();
  ++blocks;
  return p;
}

void give_back(void* p) noexcept {
  blocks -= p != nullptr;
  std::free(p);
}

}  // namespace
#endif

}  // namespace hocket::testing_support

#if !(HOCKET_ASAN || HOCKET_TSAN)
void* operator new(std::size_t size) { return hocket::testing_support::counted(size); }
void* operator new[](std::size_t size) { return hocket::testing_support::counted(size); }
void operator delete(void* p) noexcept { hocket::testing_support::give_back(p); }
void operator delete[](void* p) noexcept { hocket::testing_support::give_back(p); }
void operator delete(void* p, std::size_t) noexcept { hocket::testing_support::give_back(p); }
void operator delete[](void* p, std::size_t) noexcept { hocket::testing_support::give_back(p); }
#endif
