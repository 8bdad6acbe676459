#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOCKET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOCKET_SANITIZED 1
#endif
#endif

namespace hocket::testing_support {
namespace {

std::atomic<std::uint64_t> count{0};

}  // namespace

bool counts_allocations() noexcept {
#if defined(HOCKET_SANITIZED)
  return false;
#else
  return true;
#endif
}

std::uint64_t allocations() noexcept { return count.load(std::memory_order_relaxed); }

#if !defined(HOCKET_SANITIZED)
namespace {

void* counted(std::size_t size) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}

}  // namespace
#endif

}  // namespace hocket::testing_support

#if !defined(HOCKET_SANITIZED)
void* operator new(std::size_t size) { return hocket::testing_support::counted(size); }
void* operator new[](std::size_t size) { return hocket::testing_support::counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
#endif
