#include <hocket/rt/coro/origins.hpp>

#include <unwind.h>

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/coro/frame_pool.hpp>

namespace hocket::rt {
namespace {

constexpr std::size_t shard_count = 16;

struct alignas(cache_line) shard {
  futex_mutex mutex;
  std::unordered_map<const void*, origin> notes;  // guarded by mutex
};

shard& shard_of(const void* thing) {
  static shard* const all = new shard[shard_count];  // outlives every thread
  return all[reinterpret_cast<std::uintptr_t>(thing) / alignof(std::max_align_t) % shard_count];
}

std::mutex asking;

_Unwind_Reason_Code note_call(_Unwind_Context* frame, void* argument) noexcept {
  origin& out = *static_cast<origin*>(argument);
  const auto at = _Unwind_GetIP(frame);
  if (at == 0 || out.depth == origin::deepest) return _URC_END_OF_STACK;
  out.at[out.depth++] = reinterpret_cast<const void*>(at);
  return _URC_NO_REASON;
}

}  // namespace

void origins::begin() {
  const std::lock_guard alone(asking);
  if (askers_.fetch_add(1, relaxed) == 0) note_frames(true);  // order: a setting
}

void origins::end() noexcept {
  const std::lock_guard alone(asking);
  if (askers_.fetch_sub(1, relaxed) > 1) return;  // order: as above
  note_frames(false);
  for (std::size_t i = 0; i < shard_count; ++i) {
    shard& s = shard_of(reinterpret_cast<const void*>(i * alignof(std::max_align_t)));
    const std::lock_guard guard(s.mutex);
    s.notes.clear();
  }
}

origin origins::here() noexcept {
  origin made;
  _Unwind_Backtrace(note_call, &made);
  return made;
}

void origins::note(const void* thing) noexcept {
  const origin made = here();
  shard& s = shard_of(thing);
  const std::lock_guard guard(s.mutex);
  try {
    s.notes.insert_or_assign(thing, made);
  } catch (...) {
    s.notes.erase(thing);  // nobody takes another's for its own
  }
}

bool origins::find(const void* thing, origin& out) noexcept {
  shard& s = shard_of(thing);
  const std::lock_guard guard(s.mutex);
  const auto it = s.notes.find(thing);
  if (it == s.notes.end()) return false;
  out = it->second;
  return true;
}

}  // namespace hocket::rt
