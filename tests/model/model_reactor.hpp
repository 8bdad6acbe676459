// A reactor reduced to its wake: level triggered, ends the poll of one thread that blocks there, and is used up by it;
// and events, each of which ends one poll, too.
#pragma once

#include "explorer.hpp"

namespace hocket::model {

class model_reactor {
 public:
  /// True: a wake ended it.
  bool poll() {
    hooks::point("poll", this);
    hooks::drain_stores();
    while (!woken_ && events_ == 0) hooks::block(this, false);
    if (events_ > 0) {
      --events_;
      return false;
    }
    woken_ = false;
    return true;
  }

  void raise_event() {
    hooks::point("event", this);
    hooks::drain_stores();
    ++events_;
    hooks::wake(this, 1);
  }

  void wake() {
    hooks::point("reactor wake", this);
    hooks::drain_stores();
    woken_ = true;
    hooks::wake(this, 1);
  }

 private:
  bool woken_ = false;
  unsigned events_ = 0;
};

}  // namespace hocket::model
