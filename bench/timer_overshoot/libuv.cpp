// timer_overshoot: a libuv timer, which counts in whole milliseconds from the loop's own time and so may end early:
// only how much too late it comes is counted.
#include <uv.h>

#include "config.hpp"

namespace {

struct state {
  timer_overshoot::overshoots overshoots;
  bench::steady::time_point start;
  long size;
};

void sleep_again(uv_timer_t* timer) {
  auto& s = *static_cast<state*>(timer->data);
  uv_update_time(timer->loop);
  s.start = bench::steady::now();
  uv_timer_start(
      timer,
      [](uv_timer_t* done) {
        auto& self = *static_cast<state*>(done->data);
        const auto early = self.start + timer_overshoot::delay - bench::steady::now();
        self.overshoots.note(self.start + std::max(early, bench::steady::duration::zero()) * -1);
        if (self.overshoots.count() < self.size) sleep_again(done);
      },
      1, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = timer_overshoot::parse(argc, argv);
  uv_loop_t loop;
  uv_timer_t timer;
  uv_loop_init(&loop);
  uv_timer_init(&loop, &timer);
  state s{{}, {}, o.size};
  timer.data = &s;
  sleep_again(&timer);
  uv_run(&loop, UV_RUN_DEFAULT);
  s.overshoots.report();
}
