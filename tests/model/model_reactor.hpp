// A reactor reduced to its wake: level triggered, ends the poll of one thread that blocks there, and is used up by it.
#pragma once

#include "explorer.hpp"

namespace hocket::model {

class model_reactor {
 public:
  void poll() {
    hooks::point("poll", this);
    hooks::drain_stores();
    while (!woken_) hooks::block(this, false);
    woken_ = false;
  }

  void wake() {
    hooks::point("reactor wake", this);
    hooks::drain_stores();
    woken_ = true;
    hooks::wake(this, 1);
  }

 private:
  bool woken_ = false;
};

}  // namespace hocket::model
