// The followers: before a suspect runs, somebody stands in the reactor or is on the way there, whoever hogs. So with
// one thread more than there are hogs, every event is served.
//
// The loop is that of sched/followers.cpp, worker::wait_in_reactor and scheduler::ensure_standing, step for step.
#include <hocket/rt/sched/follower_roster.hpp>
#include <hocket/rt/sched/reactor_stay.hpp>

#include "model_reactor.hpp"
#include "model_test.hpp"

namespace hocket::model {
namespace {

// As model_reactor, but each event is one: no two become one.
class event_source {
 public:
  void poll() {
    hooks::point("poll", this);
    hooks::drain_stores();
    while (pending_ == 0) hooks::block(this, false);
    --pending_;
  }

  void raise() {
    hooks::point("event", this);
    hooks::drain_stores();
    ++pending_;
    hooks::wake(this, 1);
  }

 private:
  unsigned pending_ = 0;
};

enum class custom { correct, looks_before_it_leaves, never_calls, rests_without_a_last_look };

// Two hogs for good and an event. A worker stands in the reactor, a follower rests; each event of the first kind is a
// hog to whoever takes it.
template <class Atomics, custom Custom = custom::correct>
struct follower_world : world {
  static constexpr unsigned threads_that_stand = 2, events = 2;

  rt::basic_follower_roster<Atomics, model_futex> roster;
  rt::basic_reactor_stay<Atomics> stays[threads_that_stand];
  event_source reactor;
  model_atomic<int> served{0};

  unsigned threads() const override { return threads_that_stand + 1; }
  bool is_daemon(unsigned i) const override { return i < threads_that_stand; }

  void thread(unsigned i) override {
    if (i == threads_that_stand) {
      for (unsigned n = 0; n < events; ++n) reactor.raise();
    } else {
      if (i == 1) roster.rest([this] { return Custom != custom::rests_without_a_last_look && !does_anyone_stand(); });
      stand_and_hog(i);
    }
  }

  void stand_and_hog(unsigned i) {
    (void)stays[i].enter(rt::never);
    roster.arrive();
    reactor.poll();
    if constexpr (Custom == custom::looks_before_it_leaves) ensure_standing();
    stays[i].leave();
    if constexpr (Custom == custom::correct || Custom == custom::rests_without_a_last_look) ensure_standing();
    served.fetch_add(1);
    // It hogs from here on, and never comes back.
  }

  void ensure_standing() {
    if (!does_anyone_stand()) (void)roster.call();
  }

  bool does_anyone_stand() const {
    for (const auto& s : stays) {
      if (s.is_in()) return true;
    }
    return false;
  }

  void at_end() override { MODEL_CHECK(served.load() == static_cast<int>(events) && "every event finds a thread"); }
};

using sound = model_atomics;

TEST(follower_model, every_event_is_served_though_each_is_a_hog) {
  expect_holds<follower_world<sound>>("a stander, a follower, two events", {.preemptions = 3});
}

TEST(follower_model, mutants_are_caught) {
  expect_caught<follower_world<sound, custom::looks_before_it_leaves>>("looks before it leaves its own stay");
  expect_caught<follower_world<sound, custom::never_calls>>("never calls");
  expect_caught<follower_world<sound, custom::rests_without_a_last_look>>("rests without a last look");
  expect_caught<follower_world<broken<"followers: call forgets the futex">>>("call forgets the futex");
}

}  // namespace
}  // namespace hocket::model
