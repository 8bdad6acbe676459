// The parker: whatever bed the worker chooses, a token ends its wait.
#include <hocket/rt/park/parker.hpp>

#include "model_reactor.hpp"
#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

// One worker sleeps, each time in a bed of its choice, until it knows of both pieces of news.
template <class Atomics>
struct parker_world : world {
  rt::basic_parker<Atomics, model_futex> parker;
  model_reactor reactor;
  model_reactor borrower;  // whose work ends when it is called
  model_atomic<int> news{0};

  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i != 0) {
      news.fetch_add(1);
      const auto calls = parker.unpark();
      if (calls == rt::token_calls::reactor) reactor.wake();
      if (calls == rt::token_calls::borrower) borrower.wake();
      return;
    }
    while (news.load() < 2) {
      switch (choose(4)) {
        case 0: {
          const bool token = parker.park(rt::never);
          MODEL_CHECK(token && "without a deadline only a token ends the wait");
          break;
        }
        case 1:
          parker.park(1);
          break;
        case 2:
          if (parker.begin_reactor_wait()) {
            reactor.poll();
            parker.end_reactor_wait();
          }
          break;
        case 3:
          if (parker.begin_loan()) {
            borrower.poll();
            parker.end_loan();
          }
          break;
      }
    }
  }
};

// A token hands on what its giver wrote; and when two were given before it is used, what both wrote.
template <class Atomics, unsigned Wakers>
struct letters_world : world {
  rt::basic_parker<Atomics, model_futex> parker;
  model_reactor reactor;
  model_plain<int> letters[Wakers];
  model_atomic<unsigned> delivered{0};

  unsigned threads() const override { return 1 + Wakers; }

  void thread(unsigned i) override {
    if (i != 0) {
      letters[i - 1] = 1;
      if (parker.unpark() == rt::token_calls::reactor) reactor.wake();
      delivered.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    while (Wakers > 1 && delivered.load(std::memory_order_relaxed) < Wakers) yield();
    while (!sleep_once()) {
    }
    for (const auto& letter : letters) MODEL_CHECK(letter == 1);
  }

  bool sleep_once() {
    if (choose(2) == 0) return parker.park(choose(2) == 0 ? rt::never : 1);
    if (!parker.begin_reactor_wait()) return true;
    reactor.poll();
    return parker.end_reactor_wait();
  }
};

using sound = model_atomics;

TEST(parker_model, a_token_is_never_lost) {
  expect_holds<parker_world<sound>>("parker, 2 wakers, 3 beds", {.preemptions = 3});
  expect_holds<parker_world<sound>>("parker, 2 wakers, 3 beds", {.preemptions = 4});
}

TEST(parker_model, mutants_are_caught) {
  expect_caught<parker_world<broken<"parker: unpark leaves no token with one who is awake">>>(
      "unpark leaves no token with one who is awake");
  expect_caught<parker_world<broken<"parker: unpark forgets the futex">>>("unpark forgets the futex");
  expect_caught<parker_world<broken<"parker: unpark forgets the reactor">>>("unpark forgets the reactor");
  expect_caught<parker_world<broken<"parker: unpark forgets the borrower">>>("unpark forgets the borrower");
  expect_caught<parker_world<broken<"parker: lies down on a token">>>("lies down on a token");
}

TEST(parker_model, a_token_carries_what_its_givers_wrote) {
  expect_holds<letters_world<sound, 2>>("parker, 2 tokens that are one", {.preemptions = 4});
  expect_orders_needed<letters_world<sound, 1>>({"K1"});
  expect_orders_needed<letters_world<sound, 2>>({"K1"});
}

}  // namespace
}  // namespace hocket::model
