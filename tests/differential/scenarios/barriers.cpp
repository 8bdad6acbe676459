#include "scenario.hpp"

using namespace differential;
using asyncio::Barrier;

namespace {
Coro<> arrive(Barrier barrier, std::string name, double delay = 0) {
  co_await asyncio::sleep(delay);
  say(name, "arrives");
  say(name, co_await how(barrier.wait()));
}

std::vector<Task<>> arrivals(Barrier barrier, std::initializer_list<const char*> names) {
  std::vector<Task<>> tasks;
  for (const char* name : names) tasks.push_back(asyncio::create_task(arrive(barrier, name)));
  return tasks;
}
}  // namespace

SCENARIO(the_last_to_arrive_releases_all) {
  Barrier barrier(3);
  std::vector<Task<>> tasks;
  for (const char* name : {"a", "b", "c"}) {
    tasks.push_back(asyncio::create_task(arrive(barrier, name, static_cast<double>(tasks.size()) + 1)));
  }
  co_await asyncio::sleep(2.5);
  say(barrier.n_waiting(), barrier.parties(), barrier.broken());
  co_await asyncio::gather(tasks);
  say(barrier.n_waiting(), barrier.broken());
}

SCENARIO(a_barrier_of_one) {
  Barrier barrier(1);
  for (int i = 0; i < 3; ++i) say(co_await barrier.wait());
  say(barrier.n_waiting());
}

SCENARIO(a_barrier_for_nobody) {
  say(how_of([] { Barrier barrier(0); }));
  say(how_of([] { Barrier barrier(-1); }));
  co_return;
}

SCENARIO(a_barrier_again_and_again) {
  auto walker = [](Barrier barrier, std::string name, double pace) -> Coro<> {
    for (int lap = 0; lap < 3; ++lap) {
      co_await asyncio::sleep(pace);
      co_await barrier.wait();
      say(name, "lap", lap);
    }
  };
  Barrier barrier(2);
  co_await asyncio::gather(walker(barrier, "a", 1), walker(barrier, "b", 1.5));
}

SCENARIO(one_barrier_as_a_block) {
  auto enter = [](Barrier barrier, std::string name) -> Coro<> {
    const auto place = co_await barrier.wait();
    say(name, place);
  };
  Barrier barrier(2);
  co_await asyncio::gather(enter(barrier, "a"), enter(barrier, "b"));
}

SCENARIO(more_come_than_a_barrier_holds) {
  Barrier barrier(2);
  co_await asyncio::gather(arrivals(barrier, {"a", "b", "c", "d"}));
  say(barrier.n_waiting());
}

SCENARIO(one_is_left_over) {
  Barrier barrier(2);
  auto tasks = arrivals(barrier, {"a", "b", "c"});
  co_await asyncio::sleep(1);
  say(std::vector<bool>{tasks[0].done(), tasks[1].done(), tasks[2].done()}, barrier.n_waiting());
  tasks[2].cancel();
  co_await asyncio::wait(tasks);
}

SCENARIO(one_that_waits_is_cancelled) {
  Barrier barrier(3);
  auto tasks = arrivals(barrier, {"a", "b"});
  co_await asyncio::sleep(1);
  tasks[0].cancel();
  co_await asyncio::sleep(1);
  say(barrier.n_waiting(), barrier.broken());
  for (auto& task : arrivals(barrier, {"c", "d"})) tasks.push_back(task);
  co_await asyncio::gather(tasks);
}

SCENARIO(one_gives_up_in_time) {
  Barrier barrier(2);
  say(co_await how(asyncio::wait_for(barrier.wait(), 1)));
  say(barrier.n_waiting(), barrier.broken());
  co_await asyncio::gather(arrive(barrier, "a"), arrive(barrier, "b"));
}

SCENARIO(an_aborted_barrier_is_broken) {
  Barrier barrier(3);
  auto tasks = arrivals(barrier, {"a", "b"});
  co_await asyncio::sleep(1);
  co_await barrier.abort();
  say(barrier.broken(), barrier.n_waiting());
  co_await asyncio::gather(tasks);
  say(co_await how(barrier.wait()));
  say(barrier.broken());
}

SCENARIO(a_broken_barrier_is_reset) {
  Barrier barrier(2);
  co_await barrier.abort();
  say(co_await how(barrier.wait()));
  co_await barrier.reset();
  say(barrier.broken());
  co_await asyncio::gather(arrive(barrier, "a"), arrive(barrier, "b"));
}

SCENARIO(a_barrier_is_reset_under_those_who_wait) {
  Barrier barrier(3);
  auto tasks = arrivals(barrier, {"a", "b"});
  co_await asyncio::sleep(1);
  co_await barrier.reset();
  say(barrier.broken(), barrier.n_waiting());
  co_await asyncio::gather(tasks);
  co_await asyncio::gather(arrive(barrier, "c"), arrive(barrier, "d"), arrive(barrier, "e"));
}

SCENARIO(a_reset_of_nobody) {
  Barrier barrier(2);
  co_await barrier.reset();
  say(barrier.broken(), barrier.n_waiting());
  co_await asyncio::gather(arrive(barrier, "a"), arrive(barrier, "b"));
}

SCENARIO(one_who_came_aborts) {
  auto aborter = [](Barrier barrier) -> Coro<> {
    co_await asyncio::sleep(1);
    say("aborts");
    co_await barrier.abort();
  };
  Barrier barrier(3);
  co_await asyncio::gather(arrive(barrier, "a"), arrive(barrier, "b"), aborter(barrier), arrive(barrier, "late", 2));
}

SCENARIO(those_who_pass_are_cancelled) {
  Barrier barrier(2);
  auto a = asyncio::create_task(arrive(barrier, "a"));
  co_await asyncio::sleep(1);
  say(co_await barrier.wait());
  a.cancel();
  say(co_await how(a));
  say(barrier.n_waiting(), barrier.broken());
  co_await asyncio::gather(arrive(barrier, "c"), arrive(barrier, "d"));
}
