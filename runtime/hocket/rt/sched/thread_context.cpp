#include <hocket/rt/sched/op_budget.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

constinit thread_local thread_context context;

}  // namespace

[[gnu::noinline]] thread_context& this_thread() noexcept {
  // Keeps the compiler from proving the call pure and merging two of them around a suspension.
  asm volatile("" ::: "memory");
  return context;
}

// Here, for it is called at every operation and so spares a call.
[[gnu::noinline]] bool must_give_way() noexcept {
  asm volatile("" ::: "memory");
  worker* const self = context.self;
  return self && self->budget().spend();
}

}  // namespace hocket::rt
