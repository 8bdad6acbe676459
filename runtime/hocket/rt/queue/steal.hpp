// What a theft came to. Losing a race is not the same as finding nothing: after `lost` the victim may hold more.
#pragma once

namespace hocket::rt {

enum class stole {
  item,   // yours
  empty,  // nothing was there
  lost,   // another took it first: look again, or elsewhere
};

template <class T>
struct steal_result {
  stole outcome = stole::empty;
  T* item = nullptr;  // set for stole::item only

  explicit operator bool() const noexcept { return outcome == stole::item; }
};

}  // namespace hocket::rt
