// The free blocks of a pool that others can reach: its owner, one that gives back, one that has run dry.
#include <hocket/rt/coro/free_blocks.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

constexpr unsigned blocks = 4;

// 0 and 1 are free and the owner's, 2 and 3 are frames that end on another thread.
template <class Atomics>
struct free_blocks_world : world {
  using block = rt::free_block<Atomics>;

  rt::free_blocks<Atomics> reachable;
  block all[blocks];
  int holders[blocks] = {};
  model_plain<int> frame[blocks];  // what who holds the block writes there
  int found = 0;                   // at the end

  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) {
      own();
    } else if (i == 1) {
      use(2);
      use(3);
    } else {
      use_lists(reachable.take_left_out());
      use_list(reachable.take_returned());
    }
  }

  void own() {
    for (unsigned n = 0; n < 2; ++n) {
      all[n].next = nullptr;
      reachable.leave_out(all[n], nullptr);
    }
    use_list(reachable.take_returned());
    use_lists(reachable.take_left_out());
  }

  void hold(unsigned n) {
    MODEL_CHECK(++holders[n] == 1 && "a block has one holder");
    frame[n] = 1;
  }

  void use(unsigned n) {
    hold(n);
    --holders[n];
    reachable.give_back(all[n]);
  }

  void use_list(block* list) {
    while (block* const b = list) {
      list = b->next;
      use(static_cast<unsigned>(b - all));
    }
  }

  void use_lists(block* lists) {
    while (block* const list = lists) {
      lists = list->next_list;
      use_list(list);
    }
  }

  void at_end() override {
    for (block* list = reachable.take_left_out(); list; list = list->next_list) count(list);
    count(reachable.take_returned());
    MODEL_CHECK(found == blocks && "nothing is lost");
  }

  void count(block* list) {
    for (; list; list = list->next) {
      hold(static_cast<unsigned>(list - all));
      ++found;
    }
  }
};

using sound = model_atomics;

TEST(free_blocks_model, each_block_has_one_holder_and_none_is_lost) {
  expect_holds<free_blocks_world<sound>>("free_blocks, owner, giver and taker", {.preemptions = 3});
  expect_holds<free_blocks_world<sound>>("free_blocks, owner, giver and taker", {.preemptions = 4});
}

TEST(free_blocks_model, holds_with_store_buffers) {
  expect_holds<free_blocks_world<sound>>("free_blocks, owner, giver and taker", {.preemptions = 2, .delays = 1});
}

TEST(free_blocks_model, mutants_are_caught) {
  expect_caught<free_blocks_world<broken<"free_blocks: given back without the CAS">>>("given back without the CAS");
  expect_caught<free_blocks_world<broken<"free_blocks: returned ones taken without the exchange">>>(
      "returned ones taken without the exchange");
  expect_caught<free_blocks_world<broken<"free_blocks: lists taken without the exchange">>>(
      "lists taken without the exchange");
  expect_caught<free_blocks_world<broken<"free_blocks: forgets what is still out">>>("forgets what is still out");
}

TEST(free_blocks_model, orders_are_needed) { expect_orders_needed<free_blocks_world<sound>>({"F1", "F2"}); }

}  // namespace
}  // namespace hocket::model
