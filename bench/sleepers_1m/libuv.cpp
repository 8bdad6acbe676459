// sleepers_1m: a libuv timer each, with a callback; no coroutine, no task. libuv counts in milliseconds.
#include <uv.h>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = sleepers_1m::parse(argc, argv);
  const auto delay = static_cast<std::uint64_t>(sleepers_1m::seconds(o) * 1000);
  uv_loop_t loop;
  uv_loop_init(&loop);
  const sleepers_1m::watch watch;
  std::vector<uv_timer_t> all(static_cast<std::size_t>(o.size));
  for (uv_timer_t& each : all) {
    uv_update_time(&loop);
    uv_timer_init(&loop, &each);
    uv_timer_start(
        &each, [](uv_timer_t* timer) { uv_close(reinterpret_cast<uv_handle_t*>(timer), nullptr); }, delay, 0);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  watch.report(o);
  uv_loop_close(&loop);
}
