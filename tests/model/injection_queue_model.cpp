// The injection queue: two producers, two consumers, one who only looks.
#include <hocket/rt/queue/injection_queue.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct job : rt::runnable {
  void run() noexcept override {}
  model_plain<int> value{0};
  unsigned producer = 0;
  int number = 0;
  int taken = 0;
  std::uint64_t pushed_at = ~0ull;     // when its push returned
  std::uint64_t pop_began_at = ~0ull;  // when the pop that gave it was called
};

template <class Atomics>
struct injection_world : world {
  rt::injection_queue<Atomics> queue;
  job jobs[2][2];
  int last_seen[2][2] = {{-1, -1}, {-1, -1}};  // [consumer][producer]
  std::uint64_t looked_at = ~0ull, empty_at = ~0ull;

  injection_world() {
    for (unsigned p = 0; p < 2; ++p) {
      for (int n = 0; n < 2; ++n) {
        jobs[p][n].producer = p;
        jobs[p][n].number = n;
      }
    }
  }

  void produce(unsigned p) {
    if (p == 0) {
      for (auto& j : jobs[0]) {
        j.value = 1;
        queue.push(j);
        j.pushed_at = moment();
      }
    } else {
      rt::runnable_list both;
      for (auto& j : jobs[1]) {
        j.value = 1;
        both.push_back(j);
      }
      queue.push_all(std::move(both));
      for (auto& j : jobs[1]) j.pushed_at = moment();
    }
  }

  bool consume(unsigned c) {
    const auto began = moment();
    auto* j = static_cast<job*>(queue.pop());
    if (!j) return false;
    j->pop_began_at = began;
    MODEL_CHECK(++j->taken == 1 && "taken once");
    MODEL_CHECK(j->number > last_seen[c][j->producer] && "first in, first out");
    last_seen[c][j->producer] = j->number;
    j->value = 2;
    return true;
  }

  void look() {
    const auto began = moment();
    if (queue.looks_empty()) {
      looked_at = began;
      empty_at = moment();
    }
  }

  void at_end() override {
    while (consume(0) || !queue.looks_empty()) {
    }
    for (auto& by : jobs) {
      for (auto& j : by) {
        MODEL_CHECK(j.taken == 1 && "nothing is lost");
        if (looked_at == ~0ull || j.pushed_at > looked_at) continue;
        MODEL_CHECK(j.pop_began_at < empty_at && "looked empty while a pushed item was not popped");
      }
    }
  }
};

template <class Atomics>
struct two_producers_two_consumers : injection_world<Atomics> {
  unsigned threads() const override { return 4; }
  void thread(unsigned i) override {
    if (i < 2) return this->produce(i);
    this->consume(i - 2);
    if (i == 2) this->consume(i - 2);
  }
  void at_end() override {
    // The last consumer here is neither: its order starts anew behind those two.
    for (auto& c : this->last_seen[0]) c = -1;
    injection_world<Atomics>::at_end();
  }
};

template <class Atomics>
struct one_looks : injection_world<Atomics> {
  unsigned threads() const override { return 3; }
  void thread(unsigned i) override {
    if (i == 0) {
      this->produce(0);
      this->produce(1);
    } else if (i == 1) {
      this->consume(0);
      this->consume(0);
    } else {
      this->look();
    }
  }
};

using sound = model_atomics;

TEST(injection_queue_model, every_item_is_popped_once_in_its_producers_order) {
  expect_holds<two_producers_two_consumers<sound>>("injection_queue, 2 producers 2 consumers", {.preemptions = 3});
  expect_holds<two_producers_two_consumers<sound>>("injection_queue, 2 producers 2 consumers", {.preemptions = 4});
}

TEST(injection_queue_model, never_looks_empty_while_it_holds_an_item) {
  expect_holds<one_looks<sound>>("injection_queue, looks_empty", {.preemptions = 3});
  expect_holds<one_looks<sound>>("injection_queue, looks_empty", {.preemptions = 4});
}

TEST(injection_queue_model, holds_with_store_buffers) {
  expect_holds<one_looks<sound>>("injection_queue, looks_empty", {.preemptions = 2, .delays = 1});
}

TEST(injection_queue_model, mutants_are_caught) {
  expect_caught<two_producers_two_consumers<broken<"injection_queue: push without the CAS">>>("push without the CAS");
  expect_caught<two_producers_two_consumers<broken<"injection_queue: two consumers at once">>>("two consumers at once");
  expect_caught<one_looks<broken<"injection_queue: the newcomers leave before the line counts">>>(
      "the newcomers leave before the line counts");
  expect_caught<one_looks<broken<"injection_queue: looks at the line before the newcomers">>>(
      "looks at the line before the newcomers");
}

TEST(injection_queue_model, orders_are_needed) {
  expect_orders_needed<two_producers_two_consumers<sound>>({"J1", "J2"});
}

}  // namespace
}  // namespace hocket::model
