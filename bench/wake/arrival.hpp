// Where the work says that it runs, and the poster sleeps until it has.
#pragma once

#include <semaphore>

#include "common/bench.hpp"

namespace wake {

class arrival {
 public:
  void note() {
    when_ = bench::steady::now();
    done_.release();
  }
  bench::steady::time_point wait() {
    done_.acquire();
    return when_;
  }

 private:
  bench::steady::time_point when_;
  std::binary_semaphore done_{0};
};

}  // namespace wake
