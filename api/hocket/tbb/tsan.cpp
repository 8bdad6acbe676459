#include <hocket/tbb/tsan.hpp>

#if HOCKET_TSAN

#include <utility>

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}

namespace hocket {
namespace {

char before_leaves, after_leaves;      // addresses only
thread_local int machinery_depth = 0;  // how many times this thread is told to look away

void look_away(int times) {
  for (; times > 0; --times, ++machinery_depth) {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
}

int look_again(int times) {
  for (int i = 0; i < times; ++i, --machinery_depth) {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
  return times;
}

}  // namespace

tbb_machinery::tbb_machinery() noexcept {
  __tsan_release(&before_leaves);
  look_away(1);
}

tbb_machinery::~tbb_machinery() {
  look_again(1);
  __tsan_acquire(&after_leaves);
}

tbb_leaf::tbb_leaf(bool uses_leaves, bool is_used_by_leaves) noexcept
    : outer_(look_again(machinery_depth)), before_leaves_(is_used_by_leaves) {
  __tsan_acquire(&before_leaves);
  if (uses_leaves) __tsan_acquire(&after_leaves);
}

tbb_leaf::~tbb_leaf() {
  if (before_leaves_) __tsan_release(&before_leaves);
  __tsan_release(&after_leaves);
  look_away(outer_);
}

}  // namespace hocket

#endif
