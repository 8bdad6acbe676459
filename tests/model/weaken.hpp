// Weakens every memory order of an object, one place at a time, and says which weakening its world notices.
//
// An order is noticed when plain data (model_plain) races without it, or, for a seq_cst store, when a store buffer
// shows. What is not noticed may still be needed on weaker processors: README.md, "What is not explored".
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "model_test.hpp"

namespace hocket::model {

struct weakening {
  std::string place;             // "ready_queue.hpp:104"
  std::set<std::string> labels;  // the pairs that the comment above it names: "R1", "P1"
  std::string from, to;
  bool noticed = false;
};

std::vector<weakening> weaken_each_order(const world_maker& maker, bounds limits);

/// Every pair in `needed` is noticed at one of its places, and each place that is not relaxed names a pair.
template <class World>
void expect_orders_needed(std::set<std::string> needed, bounds limits = {.preemptions = 2, .delays = 1}) {
  if (is_sanitized) GTEST_SKIP() << "takes too long under a sanitizer";
  support::extend_deadline(patience);
  for (const auto& w : weaken_each_order(make<World>, limits)) {
    EXPECT_FALSE(w.labels.empty()) << w.place << ": an order without a partner";
    std::string labels;
    for (const auto& l : w.labels) {
      labels += l + ' ';
      if (w.noticed) needed.erase(l);
    }
    std::printf("[  ORDER   ] %-28s %-9s %8s -> %-8s %s\n", w.place.c_str(), labels.c_str(), w.from.c_str(),
                w.to.c_str(), w.noticed ? "noticed" : "-");
  }
  std::fflush(stdout);
  for (const auto& l : needed) ADD_FAILURE() << "pair " << l << " can be weakened and nothing is noticed";
}

}  // namespace hocket::model
