// Waiting for another thread in a test: by polling, without a guess of how long it takes.
#pragma once

#include <chrono>
#include <thread>

namespace hocket::support {

/// True as soon as `condition()` holds; false when it did not within `limit`. The limit is for failures only: make it
/// generous.
template <class F>
bool eventually(F&& condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (condition()) return true;
    if (std::chrono::steady_clock::now() >= until) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace hocket::support
