// What ThreadSanitizer is told about TBB, whose library it cannot see into.
//
// It sees the templates of TBB that are compiled with the program, but not the hand-over of a task from one thread to
// another, so it would report every stolen task. Therefore accesses are not looked at while a thread is in TBB's code
// (tbb_machinery), and are while it is in the caller's (tbb_leaf, tbb_join), with the order that TBB gives: all that
// came before the call comes before each leaf, and each leaf before all that comes after the call. Two leaves of
// parallel_for are not ordered, so a race between them is found. Nothing is left of this in other builds.
#pragma once

#include <hocket/rt/base/sanitizers.hpp>

namespace hocket {

#if HOCKET_TSAN

/// This thread is in TBB's code, between the caller's pieces. What came before is ordered before the leaves; what the
/// leaves did, before what follows.
class tbb_machinery {
 public:
  tbb_machinery() noexcept;
  tbb_machinery(const tbb_machinery&) = delete;
  tbb_machinery& operator=(const tbb_machinery&) = delete;
  ~tbb_machinery();
};

/// This thread is in the caller's code. `after_leaves`: it uses what other leaves made. `before_leaves`: others use
/// what it makes.
class tbb_leaf {
 public:
  explicit tbb_leaf(bool after_leaves = false, bool before_leaves = false) noexcept;
  tbb_leaf(const tbb_leaf&) = delete;
  tbb_leaf& operator=(const tbb_leaf&) = delete;
  ~tbb_leaf();

 private:
  const int outer_;
  const bool before_leaves_;
};

#else

struct tbb_machinery {
  tbb_machinery() noexcept {}
};
struct tbb_leaf {
  explicit tbb_leaf(bool = false, bool = false) noexcept {}
};

#endif

}  // namespace hocket
