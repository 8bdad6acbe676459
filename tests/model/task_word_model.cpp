// The task's state word: wakers and cancellers meet a task that waits, and its frame belongs to one thread at a time.
//
// The task awaits two things, one after the other, and ends. The steps are those of coro/task_base.cpp; whoever is to
// post the task runs it on the spot. The frame is plain data: touching it out of turn is a data race.
#include <hocket/rt/coro/task_word.hpp>

#include <string>
#include <utility>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

enum class habit {
  correct,
  cancels_without_claiming,
  settles_once,
  owes_nothing_when_late,
  asks_once,
  looks_without_claiming,
  looks_and_forgets_the_waker,
  looks_and_forgets_the_cancel,
};

// Whether the task gives way before each of its waits (its budget is spent): it is queued, and registered nowhere.
enum class way { straight, gives_way, gives_way_and_forgets };

// What ends the second wait: its event, or nothing but a cancel.
enum class second { event_comes, event_never_comes };

// Who comes besides the task and its waker: cancellers, or one canceller and somebody who looks where the task stands.
enum class others { cancellers, a_canceller_and_a_looker };

// Whether it ends at a cancel, or swallows it and goes on to its next wait, to which a request that persists comes
// anew.
enum class mind { ends_when_cancelled, swallows };

template <class Atomics, habit Habit = habit::correct, second Second = second::event_comes, way Way = way::straight,
          others Others = others::cancellers, mind Mind = mind::ends_when_cancelled>
class task_world : public world {
 public:
  unsigned threads() const override {
    return Second == second::event_comes || Others == others::a_canceller_and_a_looker ? 4 : 3;
  }
  void thread(unsigned i) override {
    switch (i) {
      case 0:
        return run();
      case 1:
        signal(events_[0]);
        if (Second == second::event_comes) signal(events_[1]);
        return;
      case 2:
        return cancel();
      default:
        return Others == others::cancellers ? cancel() : look();
    }
  }

  void at_end() override {
    MODEL_CHECK(ends_ == 1 && "the task ends once");
    if (Mind == mind::ends_when_cancelled) {
      MODEL_CHECK(was_cancelled_ == (accepted_ > 0) && "it ends as cancelled if a cancel was accepted, and only then");
    }
    MODEL_CHECK(static_cast<int>(word_.cancelling()) == accepted_);
  }

 private:
  using word = rt::basic_task_word<Atomics>;

  struct event {
    model_mutex mutex;
    bool set = false;      // guarded by mutex
    bool awaited = false;  // guarded by mutex
  };

  // ---- The task, by whoever runs it.

  void run() {
    bool cancel_due = word_.take_owed_cancel();
    if (std::exchange(started_, true)) ++at_;
    for (;;) {
      frame_ = frame_ + 1;
      cancel_due |= was_cut_;
      if ((cancel_due && Mind == mind::ends_when_cancelled) || at_ == 2) return finish(cancel_due);
      cancel_due = false;
      was_cut_ = false;
      if (Way != way::straight) {
        yield();  // others run; it stays owned, by the queue
        const bool owed = word_.take_owed_cancel();
        if (owed && Way == way::gives_way) {
          if (Mind == mind::ends_when_cancelled) return finish(true);
          ++at_;
          continue;
        }
      }
      if (!commit(events_[at_])) {
        ++at_;
        continue;
      }
      if (settle()) run();
      return;
    }
  }

  void finish(bool cancelled) {
    was_cancelled_ = word_.finish() || cancelled;
    ++ends_;
  }

  bool commit(event& e) {
    e.mutex.lock();
    const bool waits = !e.set;
    e.awaited = waits;
    e.mutex.unlock();
    return waits;
  }

  // ---- By whoever owns the frame.

  // True: the task is queued, and the caller is to run it.
  bool settle() {
    for (bool refused = false, asked = false;;) {
      switch (word_.settle(refused, asked)) {
        case rt::settlement::deliver:
          asked = true;
          frame_ = frame_ + 1;
          refused = !cut(events_[at_]);
          if (refused && Habit != habit::owes_nothing_when_late) word_.owe_cancel();
          if constexpr (Habit == habit::settles_once) return false;
          break;
        case rt::settlement::requeue:
          return true;
        case rt::settlement::rest:
          return false;
      }
    }
  }

  // The wait's cancel(): true when it took the wait out of the event.
  bool cut(event& e) {
    e.mutex.lock();
    const bool mine = std::exchange(e.awaited, false);
    e.mutex.unlock();
    if (!mine) return false;
    was_cut_ = true;
    wake();
    return true;
  }

  // ---- Others.

  void wake() {
    if (word_.wake()) run();
  }

  void signal(event& e) {
    e.mutex.lock();
    e.set = true;
    const bool awaited = std::exchange(e.awaited, false);
    e.mutex.unlock();
    if (!awaited) return;
    wake();
  }

  void cancel() {
    using kind = typename word::kind;
    switch (word_.cancel(Mind == mind::swallows && Habit != habit::asks_once ? kind::persistent : kind::once)) {
      case rt::cancel_claim::refused:
        return;
      case rt::cancel_claim::noted:
        ++accepted_;
        if constexpr (Habit == habit::cancels_without_claiming) frame_ = frame_ + 1;
        return;
      case rt::cancel_claim::claimed:
        ++accepted_;
        if (settle()) run();
        return;
    }
  }

  // As task_base::begin_look() and end_look(). What it reads is the frame.
  void look() {
    if constexpr (Habit == habit::looks_without_claiming) {
      seen_ = frame_;
      return;
    }
    if (!word_.claim()) return;
    seen_ = frame_;
    if constexpr (Habit == habit::looks_and_forgets_the_cancel) {
      if (word_.settle(true) == rt::settlement::requeue) run();
      return;
    }
    const bool is_mine = settle();
    if (is_mine && Habit != habit::looks_and_forgets_the_waker) run();
  }

  word word_;
  event events_[2];
  model_plain<int> frame_{0};
  bool started_ = false;  // part of the frame
  int at_ = 0;            // part of the frame
  bool was_cut_ = false;  // part of the frame
  bool was_cancelled_ = false;
  int ends_ = 0;
  int accepted_ = 0;
  int seen_ = 0;
};

// A serial home: a task of it and one on either side of it wait for the same, and the task's cancel ends that for all
// three, while another thread may do so, too. Queued at home: what is woken, in the order of its wakes.
enum class canceller { in_turn, when_it_comes_back, forgets_that_it_queued, queues_for_anyone };

template <class Atomics, canceller Canceller = canceller::in_turn>
class serial_world : public world {
 public:
  unsigned threads() const override { return 2; }
  void thread(unsigned i) override {
    if (i == 1) {
      fire(false);
    } else {
      step();
      cancel();
      run_queue();
    }
  }

  void at_end() override {
    run_queue();  // home goes on
    MODEL_CHECK(ends_ == 1 && "the task ends once");
    MODEL_CHECK(was_cancelled_ == accepted_);
    MODEL_CHECK((!was_cut_ || order_ == "ATB") && "who was cancelled runs in its place");
    MODEL_CHECK(order_.size() == 3 && "each runs once more");
  }

 private:
  // ---- At home.

  void step() {
    MODEL_CHECK(word_.current() == rt::basic_task_word<Atomics>::phase::owned);
    frame_ = frame_ + 1;
    if (!std::exchange(started_, true)) {
      if (wait() && settle(false)) queue('T');
      return;
    }
    was_cancelled_ = word_.take_owed_cancel() || was_cut_;
    was_cancelled_ = word_.finish() || was_cancelled_;
    ++ends_;
  }
  bool wait() {
    mutex_.lock();
    const bool waits = !set_;
    awaited_ = waits;
    mutex_.unlock();
    if (!waits) queue('A'), queue('T'), queue('B');
    return waits;
  }

  void cancel() {
    const auto claim = word_.cancel();
    accepted_ = claim != rt::cancel_claim::refused;
    if (claim == rt::cancel_claim::claimed && settle(true)) queue('T');
  }

  // True: the task is the caller's to queue.
  bool settle(bool cancels) {
    for (bool refused = false;;) {
      switch (word_.settle(refused)) {
        case rt::settlement::deliver:
          frame_ = frame_ + 1;
          was_queued_ = false;
          refused = !fire(cancels);
          if (refused) word_.owe_cancel();
          was_cut_ = !refused;
          if (was_queued_ && Canceller != canceller::forgets_that_it_queued) return false;
          break;
        case rt::settlement::requeue:
          return true;
        case rt::settlement::rest:
          return false;
      }
    }
  }

  void run_queue() {
    for (;;) {
      mutex_.lock();
      const char next = queue_.empty() ? 0 : queue_.front();
      if (next) queue_.erase(0, 1);
      mutex_.unlock();
      if (!next) return;
      order_ += next;
      if (next == 'T') step();
    }
  }

  // ---- Whoever ends what they wait for.

  bool fire(bool by_canceller) {
    mutex_.lock();
    set_ = true;
    const bool mine = std::exchange(awaited_, false);
    mutex_.unlock();
    if (!mine) return false;
    queue('A');
    wake(by_canceller);
    queue('B');
    return true;
  }

  void wake(bool by_canceller) {
    if (word_.wake()) return queue('T');
    const bool at_once =
        Canceller == canceller::queues_for_anyone || (by_canceller && Canceller != canceller::when_it_comes_back);
    if (!at_once) return;
    if (by_canceller) {
      MODEL_CHECK(word_.settle() == rt::settlement::requeue);
      was_queued_ = true;
    }
    queue('T');
  }

  void queue(char who) {
    mutex_.lock();
    queue_ += who;
    mutex_.unlock();
  }

  rt::basic_task_word<Atomics> word_;
  model_mutex mutex_;
  bool set_ = false;      // guarded by mutex_
  bool awaited_ = false;  // guarded by mutex_
  std::string queue_;     // guarded by mutex_
  model_plain<int> frame_{0};
  // At home only.
  bool started_ = false, was_cut_ = false, was_queued_ = false, accepted_ = false, was_cancelled_ = false;
  int ends_ = 0;
  std::string order_;
};

using sound = model_atomics;

TEST(task_word_model, every_suspension_ends_once_and_an_accepted_cancel_is_delivered) {
  expect_holds<task_world<sound>>("task_word, 2 waits, a waker, 2 cancellers", {.preemptions = 3});
  expect_holds<task_world<sound>>("task_word, 2 waits, a waker, 2 cancellers", {.preemptions = 4});
}

TEST(task_word_model, a_wait_that_nothing_else_ends_is_ended_by_a_cancel) {
  using lonely = task_world<sound, habit::correct, second::event_never_comes>;
  expect_holds<lonely>("task_word, 2 waits, a waker of one, a canceller", {.preemptions = 3});
  expect_holds<lonely>("task_word, 2 waits, a waker of one, a canceller", {.preemptions = 4});
}

TEST(task_word_model, a_cancel_is_delivered_to_a_task_that_gives_way_before_it_waits) {
  using giving = task_world<sound, habit::correct, second::event_comes, way::gives_way>;
  expect_holds<giving>("task_word, 2 waits and gives way before each, a waker, 2 cancellers", {.preemptions = 3});
  using lonely = task_world<sound, habit::correct, second::event_never_comes, way::gives_way>;
  expect_holds<lonely>("task_word, the same, a waker of one wait, a canceller", {.preemptions = 4});
}

template <class Atomics, habit Habit = habit::correct, second Second = second::event_comes>
using looked_at = task_world<Atomics, Habit, Second, way::straight, others::a_canceller_and_a_looker>;

TEST(task_word_model, who_looks_at_a_frame_finds_it_at_rest_and_loses_neither_wake_nor_cancel) {
  expect_holds<looked_at<sound>>("task_word, 2 waits, a waker, a canceller, a looker", {.preemptions = 3});
  expect_holds<looked_at<sound>>("task_word, 2 waits, a waker, a canceller, a looker", {.preemptions = 4});
  using lonely = looked_at<sound, habit::correct, second::event_never_comes>;
  expect_holds<lonely>("task_word, 2 waits, a waker of one, a canceller, a looker", {.preemptions = 4});
}

TEST(task_word_model, a_request_that_persists_ends_every_wait) {
  using stubborn =
      task_world<sound, habit::correct, second::event_never_comes, way::straight, others::cancellers, mind::swallows>;
  expect_holds<stubborn>("task_word, 2 waits that swallow, a waker of one, a canceller", {.preemptions = 3});
  expect_holds<stubborn>("task_word, 2 waits that swallow, a waker of one, a canceller", {.preemptions = 4});
  using giving =
      task_world<sound, habit::correct, second::event_never_comes, way::gives_way, others::cancellers, mind::swallows>;
  expect_holds<giving>("task_word, the same, and gives way before each", {.preemptions = 3});
}

TEST(task_word_model, in_a_serial_home_who_is_cancelled_runs_in_its_place_among_those_woken_with_it) {
  expect_holds<serial_world<sound>>("task_word, serial: a canceller, a waker", {.preemptions = 4});
}

TEST(task_word_model, mutants_are_caught) {
  expect_caught<task_world<sound, habit::asks_once, second::event_never_comes, way::straight, others::cancellers,
                           mind::swallows>>("a request that persists is made once");
  expect_caught<task_world<sound, habit::correct, second::event_comes, way::gives_way_and_forgets>>(
      "gives way and forgets the cancel");
  expect_caught<
      task_world<broken<"task_word: suspends with a request unanswered">, habit::correct, second::event_never_comes>>(
      "suspends with a request unanswered");
  expect_caught<task_world<broken<"task_word: the owner overlooks the waker">>>("the owner overlooks the waker");
  expect_caught<task_world<sound, habit::cancels_without_claiming>>("cancels without claiming");
  expect_caught<task_world<sound, habit::settles_once>>("settles once");
  expect_caught<task_world<sound, habit::owes_nothing_when_late>>("owes nothing when late");
  expect_caught<looked_at<sound, habit::looks_without_claiming>>("looks without claiming");
  expect_caught<looked_at<sound, habit::looks_and_forgets_the_waker>>("looks and forgets the waker");
  expect_caught<looked_at<sound, habit::looks_and_forgets_the_cancel, second::event_never_comes>>(
      "looks and forgets the cancel");
  expect_caught<serial_world<sound, canceller::when_it_comes_back>>("serial: queues it when it comes back");
  expect_caught<serial_world<sound, canceller::forgets_that_it_queued>>("serial: forgets that it queued it");
  expect_caught<serial_world<sound, canceller::queues_for_anyone>>("serial: a waker queues for any owner");
}

TEST(task_word_model, orders_are_needed) { expect_orders_needed<task_world<sound>>({"T1"}); }

}  // namespace
}  // namespace hocket::model
