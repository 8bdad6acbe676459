// Who made what: for debug mode, the calls that led to the making of a coroutine, a task, a future or a callback.
//
// A note is the return addresses of the thread that made the thing, kept beside it under its address: nothing that is
// noted grows by it, and where nobody asks for notes, nobody pays (frame_pool.cpp says how). A note is never taken
// back: who is made later at the same place writes over it, so their number is that of the things that were there at
// once. All go when the last who asked for them does.
//
// Calls: any thread; no signal handler, for notes allocate.
#pragma once

#include <array>
#include <atomic>

#include <hocket/rt/base/atomics.hpp>

namespace hocket::rt {

struct origin {
  static constexpr unsigned deepest = 24;
  unsigned depth = 0;
  std::array<const void*, deepest> at;  // return addresses, the innermost first
};

class origins {
 public:
  /// From here on, until as many end(), each frame and task that is made is noted.
  static void begin();
  static void end() noexcept;
  static bool are_noted() noexcept { return askers_.load(relaxed) > 0; }  // order: a setting

  /// Notes the calls that led here as those that made what is at `thing`. When memory is out, there is no note.
  static void note(const void* thing) noexcept;

  /// The calls that led here.
  static origin here() noexcept;

  /// False when there is no note.
  static bool find(const void* thing, origin& out) noexcept;

 private:
  static inline std::atomic<int> askers_{0};
};

}  // namespace hocket::rt
