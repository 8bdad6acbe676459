// Those who wait for a future: each is fired once, or taken out by its owner or by another, or told that the future is
// done. Their links are watched (model_plain), so one that is touched outside of its turn is a data race.
#include <hocket/loop/waiter_list.hpp>

#include <initializer_list>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

template <class Atomics>
struct waiter : basic_waiter_node<Atomics> {
  model_plain<int> wait{0};  // its owner's before it is added and after it is out
  int waits = 0, fired = 0, taken_out = 0, late = 0;
  int place = -1;  // among those that were fired
};

// What those who complete, wait, give up and look for somebody do.
template <class Atomics>
class waiters_world : public world {
 protected:
  using one_waiter = waiter<Atomics>;
  using waiters = std::initializer_list<one_waiter*>;

  void complete() {
    outcome_ = 1;
    fire_all();
  }

  void fire_all() {
    auto* w = static_cast<one_waiter*>(list_.close(mutex_));
    for (int place = 0; w; ++place) {
      MODEL_CHECK(is_known(w));
      auto* const next = static_cast<one_waiter*>(w->take_next());
      w->wait = w->wait + 1;
      w->place = place;
      MODEL_CHECK(++w->fired <= w->waits);
      w = next;
    }
  }

  bool wait(one_waiter& w) {
    w.wait = 1;
    ++w.waits;
    if (list_.add(w, mutex_)) return true;
    ++w.late;
    return false;
  }

  bool give_up(one_waiter& w) {
    if (!list_.remove(w, mutex_)) return false;
    taken_out(w);
    return true;
  }

  // Those of `wanted` that wait, in the order in which they stand there.
  void pick_out(waiters wanted) {
    auto* w = static_cast<one_waiter*>(list_.take_if(
        [&](const auto& n) noexcept {
          const auto& each = static_cast<const one_waiter&>(n);
          MODEL_CHECK(each.wait == 1);
          return is_among(&each, wanted);
        },
        mutex_));
    auto place = wanted.begin();
    while (w) {
      while (place != wanted.end() && *place != w) ++place;
      MODEL_CHECK(place != wanted.end() && "in their order");
      auto* const next = static_cast<one_waiter*>(w->take_next());
      taken_out(*w);
      w = next;
    }
  }

  void taken_out(one_waiter& w) {
    w.wait = w.wait + 1;
    ++w.taken_out;
  }

  void check_ends(waiters all) {
    for (const one_waiter* w : all) {
      MODEL_CHECK(w->fired + w->taken_out + w->late == w->waits && "one end for each wait");
    }
  }

  void check_order(waiters came) {
    int last = -1;
    for (const one_waiter* w : came) {
      if (!w->fired) continue;
      MODEL_CHECK(w->place > last);
      last = w->place;
    }
  }

  static bool is_among(const one_waiter* w, waiters some) {
    for (const one_waiter* each : some) {
      if (each == w) return true;
    }
    return false;
  }

  bool is_known(const one_waiter* w) const { return is_among(w, {&a_, &b_, &c_, &d_}); }

  basic_waiter_list<model_mutex, Atomics> list_;
  model_mutex mutex_;
  model_plain<int> outcome_{0};
  mutable one_waiter a_, b_, c_, d_;
};

// One completes; one waits and gives up; one adds two, in order, gives up the first and has the second picked out.
template <class Atomics>
class completed_world final : public waiters_world<Atomics> {
  using base = waiters_world<Atomics>;
  using base::a_, base::b_, base::c_, base::outcome_;

 public:
  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) return base::complete();
    if (i == 1) {
      if (waits(a_)) base::give_up(a_);
      return;
    }
    const bool waits_for_first = waits(b_);
    waits(c_);
    if (waits_for_first) base::give_up(b_);
    base::pick_out({&c_});
  }

  void at_end() override {
    base::check_ends({&a_, &b_, &c_});
    base::check_order({&b_, &c_});
  }

 private:
  bool waits(auto& w) {
    if (base::wait(w)) return true;
    MODEL_CHECK(outcome_ == 1);
    return false;
  }
};

// Two close. Of three that wait, the one that came first goes.
template <class Atomics>
class closed_twice_world final : public waiters_world<Atomics> {
  using base = waiters_world<Atomics>;
  using base::a_, base::b_, base::c_;

 public:
  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i != 2) return base::fire_all();
    const bool waits = base::wait(a_);
    base::wait(b_);
    base::wait(c_);
    if (waits) base::give_up(a_);
  }

  void at_end() override {
    base::check_ends({&a_, &b_, &c_});
    base::check_order({&b_, &c_});
  }
};

// One takes out all three of another's, who gives up the last of them, and if so waits again; a fourth comes and goes.
template <class Atomics>
class picked_world final : public waiters_world<Atomics> {
  using base = waiters_world<Atomics>;
  using base::a_, base::b_, base::c_, base::d_;

 public:
  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) return base::pick_out({&a_, &b_, &c_});
    if (i == 1) {
      base::wait(d_);
      base::give_up(d_);
      return;
    }
    base::wait(a_);
    base::wait(b_);
    base::wait(c_);
    if (base::give_up(c_)) base::wait(c_);
  }

  void at_end() override {
    base::fire_all();
    base::check_ends({&a_, &b_, &c_, &d_});
    base::check_order({&a_, &b_, &c_});
  }
};

using sound = model_atomics;

TEST(waiter_list_model, each_waiter_is_fired_or_taken_out_or_late) {
  expect_holds<completed_world<sound>>("waiter_list, a closer, 3 waiters of whom 2 give up", {.preemptions = 3});
  expect_holds<completed_world<sound>>("waiter_list, a closer, 3 waiters of whom 2 give up", {.preemptions = 4});
}

TEST(waiter_list_model, of_two_closers_one_fires) {
  expect_holds<closed_twice_world<sound>>("waiter_list, two closers, 3 waiters", {.preemptions = 3});
  expect_holds<closed_twice_world<sound>>("waiter_list, two closers, 3 waiters", {.preemptions = 4});
}

TEST(waiter_list_model, several_are_taken_out_at_once_and_may_come_again) {
  expect_holds<picked_world<sound>>("waiter_list, take_if of 3, one comes again", {.preemptions = 3});
  expect_holds<picked_world<sound>>("waiter_list, take_if of 3, one comes again", {.preemptions = 4});
}

TEST(waiter_list_model, mutants_are_caught) {
  expect_caught<completed_world<broken<"waiter_list: links behind one that may be gone">>>(
      "links behind one that may be gone");
  expect_caught<completed_world<broken<"waiter_list: closes without looking again">>>("closes without looking again");
  expect_caught<completed_world<broken<"waiter_list: takes itself out without looking">>>(
      "takes itself out without looking");
  expect_caught<completed_world<broken<"waiter_list: close() leaves the ring whole">>>("close() leaves the ring whole");
  expect_caught<closed_twice_world<broken<"waiter_list: the last becomes the first">>>("the last becomes the first");
  expect_caught<closed_twice_world<broken<"waiter_list: a second closer takes what the first has">>>(
      "a second closer takes what the first has");
  expect_caught<picked_world<broken<"waiter_list: remove() owns what take_if() took">>>(
      "remove() owns what take_if() took");
}

TEST(waiter_list_model, orders_are_needed) { expect_orders_needed<completed_world<sound>>({"N1", "N2"}); }

}  // namespace
}  // namespace hocket::model
