// The same claims at 1, 2 and 4 workers, through both doors.
#pragma once

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <initializer_list>
#include <string>

namespace hocket::tests {

/// Runs the coroutine that `body` makes with so many workers, in real time, so that idle workers are lent as they are
/// in programs.
template <class F>
void at_worker_counts(std::initializer_list<unsigned> counts, F body) {
  for (const unsigned workers : counts) {
    SCOPED_TRACE("workers: " + std::to_string(workers));
    RunOptions o;
    o.workers = workers;
    run(body(), o);
    run_parallel(body(), o);
  }
}

template <class F>
void at_every_count(F body) {
  at_worker_counts({1, 2, 4}, body);
}

}  // namespace hocket::tests
