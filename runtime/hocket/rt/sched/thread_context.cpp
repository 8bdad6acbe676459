#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {
namespace {

constinit thread_local thread_context context;

}  // namespace

[[gnu::noinline]] thread_context& this_thread() noexcept {
  // Keeps the compiler from proving the call pure and merging two of them around a suspension.
  asm volatile("" ::: "memory");
  return context;
}

}  // namespace hocket::rt
